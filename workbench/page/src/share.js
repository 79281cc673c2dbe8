// A link that holds a story: policy and cases, compressed, in the fragment, which no browser sends anywhere. Never with a key. What a
// link says is somebody else's: it is bounded before it is unpacked, and read as text.

import { read } from "./yaml.js";

/** The longest fragment that is looked at, and the most that it may hold, in characters. */
const LONGEST = 512 * 1024;
export const MOST = 1024 * 1024;
const MARK = "#story=";

/** @typedef {{name: string, policy: string, cases: string, index: number}} Story */

/** Why a policy cannot go into a link: where it holds a key. @returns {string[]} */
export function keysIn(...texts) {
  return texts.flatMap((text) => {
    const lines = new Set();
    const line = (at) => text.slice(0, at).split("\n").length;
    const walk = (value) => {
      for (const pair of value?.pairs ?? []) {
        // `value`, and in a change of a case `keys.pass[0].value`. What is escaped in a name is not looked into but kept back.
        if (/(^|\.)value$/.test(pair.key) || text.slice(pair.from, pair.keyTo).includes("\\")) lines.add(line(pair.from));
        walk(pair.value);
      }
      for (const item of value?.items ?? []) walk(item.value);
    };
    walk(read(text));
    // Once more without the tree, which a text that is no YAML does not have.
    for (const found of text.matchAll(/\bvalue["']?\s*:/g)) lines.add(line(found.index));
    return [...lines].sort((one, other) => one - other).map((line) => `line ${line}`);
  });
}

/** The fragment of a story. @param {Story} story */
export async function packed({ name, policy, cases, index }) {
  const text = new TextEncoder().encode(JSON.stringify({ version: 1, name, policy, cases, index }));
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  const fragment = MARK + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  if (fragment.length > LONGEST) throw new Error("The story is too long for a link. Save it as files instead.");
  return fragment;
}

/** The story of a fragment; `null` where there is none. Throws, in words, where it is none that can be read. @returns {Promise<Story | null>} */
export async function unpacked(fragment) {
  if (!fragment.startsWith(MARK)) return null;
  const broken = new Error("The link does not hold a story that can be read. It may have been cut off.");
  if (fragment.length > LONGEST) throw broken;
  let story;
  try {
    const binary = atob(fragment.slice(MARK.length).replaceAll("-", "+").replaceAll("_", "/"));
    story = JSON.parse(await inflated(Uint8Array.from(binary, (letter) => letter.charCodeAt(0))));
  } catch {
    throw broken;
  }
  const { version, name, policy, cases, index } = story ?? {};
  const texts = [name, policy, cases].every((text) => typeof text === "string");
  if (version !== 1 || !texts || !Number.isInteger(index) || index < 0) throw broken;
  return { name: fileName(name), policy, cases, index };
}

/** Unpacks, and stops at the bound. */
async function inflated(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > MOST) {
      await reader.cancel();
      throw new Error("too long");
    }
    parts.push(value);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(await new Blob(parts).arrayBuffer());
}

/** A name that is fit for a file. */
export function fileName(name) {
  return name.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "policy";
}
