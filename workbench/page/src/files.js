// Files in and out: read in this page, and saved by the browser's own download.

import { el } from "./dom.js";
import { MOST, fileName } from "./share.js";

/** Reads a policy, its cases, or both. @param {FileList} files */
export async function open(files) {
  const opened = { names: [] };
  for (const file of files) {
    if (file.size > MOST) throw new Error(`${file.name} is longer than 1 MiB and is not opened.`);
    const bytes = await file.arrayBuffer();
    let text;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      throw new Error(`${file.name} is no text in UTF-8 and is not opened.`);
    }
    const isCases = /\.cases\.(ya?ml|json)$/i.test(file.name) || (!/^(version|tenants)\s*:/m.test(text) && /^cases\s*:/m.test(text));
    opened[isCases ? "cases" : "policy"] = text;
    opened.name = fileName(file.name.replace(/(\.cases)?\.(ya?ml|json)$/i, ""));
    opened.names.push(file.name);
  }
  return opened;
}

/** Saves a text under a name. */
export function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  const anchor = el("a", { href: address, download: name });
  anchor.click();
  // The browser has begun to read it by the next turn; until then it must be there.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
