// YAML as a tree of maps, lists and scalars with the places where they stand, from CodeMirror's parser. It finds places in a text, for
// completion and for changing it; what a document means is for the rules to say.

import { parser } from "@lezer/yaml";

/**
 * @typedef {object} Value
 * @property {"map" | "list" | "scalar"} kind
 * @property {number} from
 * @property {number} to
 * @property {boolean} [flow] whether a map or list is written in brackets
 * @property {Pair[]} [pairs] of a map
 * @property {Item[]} [items] of a list
 * @property {string} [text] of a scalar, as written but without quotes
 */
/** @typedef {{key: string, from: number, to: number, keyTo: number, value: Value | null}} Pair */
/** @typedef {{from: number, to: number, value: Value | null}} Item */

/** The value of a document's text. @returns {Value | null} */
export function read(text) {
  const document = parser.parse(text).topNode.getChild("Document");
  return document ? within(document, text) : null;
}

const MAPS = new Set(["BlockMapping", "FlowMapping"]);
const LISTS = new Set(["BlockSequence", "FlowSequence"]);
const SCALARS = new Set(["Literal", "QuotedLiteral", "BlockLiteral"]);

/** The first value below a node. */
function within(node, text) {
  for (let child = node.firstChild; child; child = child.nextSibling) {
    const value = valueOf(child, text);
    if (value) return value;
  }
  return null;
}

function valueOf(node, text) {
  const place = { from: node.from, to: node.to };
  if (MAPS.has(node.name)) {
    return { kind: "map", ...place, flow: node.name === "FlowMapping", pairs: children(node, "Pair").map((pair) => pairOf(pair, text)) };
  }
  if (LISTS.has(node.name)) {
    const flow = node.name === "FlowSequence";
    const items = children(node, "Item").map((item) => ({ from: item.from, to: item.to, value: within(item, text) }));
    return { kind: "list", ...place, flow, items };
  }
  if (SCALARS.has(node.name)) return { kind: "scalar", ...place, text: plain(text.slice(node.from, node.to)) };
  return node.name === "Tagged" || node.name === "Anchored" ? within(node, text) : null;
}

function children(node, name) {
  const found = [];
  for (let child = node.firstChild; child; child = child.nextSibling) if (child.name === name) found.push(child);
  return found;
}

function pairOf(node, text) {
  const key = node.getChild("Key");
  let value = null;
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name !== "Key") value ??= valueOf(child, text);
  }
  const named = key ? within(key, text) : null;
  return { key: named?.text ?? "", from: node.from, to: node.to, keyTo: key?.to ?? node.from, value };
}

/** A scalar without its quotes. */
function plain(text) {
  if (text.startsWith('"')) {
    try {
      return JSON.parse(text);
    } catch {
      return text.slice(1, -1);
    }
  }
  return text.startsWith("'") ? text.slice(1, -1).replaceAll("''", "'") : text;
}

/** What a path of keys and positions leads to. @returns {Value | null | undefined} */
export function at(value, ...path) {
  for (const part of path) {
    value = typeof part === "number" ? value?.items?.[part]?.value : value?.pairs?.find((pair) => pair.key === part)?.value;
  }
  return value;
}

/** The pair of a map by its key. @returns {Pair | undefined} */
export const pair = (value, key) => value?.pairs?.find((pair) => pair.key === key);

/** A scalar as a text that YAML reads as this very text, on one line. */
export function scalar(text) {
  return /^[A-Za-z/][A-Za-z0-9@/_.+-]*$/.test(text) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text) ? text : JSON.stringify(text);
}
