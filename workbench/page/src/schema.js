// Completion and hover for a policy, from its JSON Schema: where one is in the document is read from the text, what may stand there
// from the schema.

import { pair, read } from "./yaml.js";

/** The most shapes that one place may have; the schema has a handful. */
const MOST_SHAPES = 64;

/** @typedef {{path: (string | number)[], key?: string, from: number, to: number}} Place */

/** Follows references and alternatives: every shape that a value may have. */
function shapes(schema, root, seen = 0) {
  if (!schema || seen > MOST_SHAPES) return [];
  if (schema.$ref) return shapes(schema.$ref.slice(2).split("/").reduce((node, part) => node?.[part], root), root, seen + 1);
  // One policy or several: `then` and `else` are alternatives like the others.
  const others = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), schema.then, schema.else].filter(Boolean);
  const own = others.length > 0 && !schema.properties && !schema.type ? [] : [schema];
  return [...own, ...others.flatMap((other) => shapes(other, root, seen + 1))];
}

/** The shapes of the place that a path leads to. */
export function schemasAt(root, path) {
  let found = shapes(root, root);
  for (const part of path) {
    found = found.flatMap((shape) => {
      const below = typeof part === "number" ? shape.items : (shape.properties?.[part] ?? additional(shape));
      return shapes(below, root);
    });
  }
  return found;
}

const additional = (shape) => (typeof shape.additionalProperties === "object" ? shape.additionalProperties : undefined);

/** The description of the field that a path leads to, where it is written with the field itself. */
function described(root, path) {
  const last = path.at(-1);
  if (typeof last !== "string") return undefined;
  const own = schemasAt(root, path.slice(0, -1)).find((shape) => shape.properties?.[last])?.properties[last];
  if (!own) return undefined;
  const shape = shapes(own, root).find((shape) => shape.type || shape.enum || shape.const !== undefined) ?? own;
  return { ...shape, ...own };
}

/** What a field is, what it may be and what it is without being written, in words. */
export function explained(root, path) {
  const field = described(root, path);
  if (!field) return undefined;
  const lines = [];
  const values = valuesOf(root, path);
  if (values.length > 0) lines.push(`One of ${values.join(", ")}.`);
  if (field.minimum !== undefined && field.maximum !== undefined) lines.push(`From ${field.minimum} to ${field.maximum}.`);
  if (field.minLength !== undefined && field.maxLength !== undefined) lines.push(`From ${field.minLength} to ${field.maxLength} characters.`);
  if (field.default !== undefined) lines.push(`Without it: ${shown(field.default)}.`);
  else if (field.examples?.length > 0) lines.push(`As: ${shown(field.examples[0])}`);
  return { name: path.at(-1), text: field.description ?? "", lines };
}

const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** The values that a place may have, where the schema lists them. */
export function valuesOf(root, path) {
  const listed = schemasAt(root, path).flatMap((shape) => {
    if (shape.enum) return shape.enum;
    if (shape.const !== undefined) return [shape.const];
    return shape.type === "boolean" ? [true, false] : [];
  });
  return [...new Set(listed.map(shown))];
}

/** The fields that may be written in the map at a path. */
export function fieldsOf(root, path) {
  const fields = new Map();
  for (const shape of schemasAt(root, path)) {
    for (const name of Object.keys(shape.properties ?? {})) {
      const field = described(root, [...path, name]);
      const below = schemasAt(root, [...path, name]);
      fields.set(name, {
        name,
        text: field?.description ?? "",
        required: shape.required?.includes(name) ?? false,
        kind: below.some((shape) => shape.properties || shape.additionalProperties) ? "map" : below.some((shape) => shape.items) ? "list" : "value",
      });
    }
  }
  return [...fields.values()];
}

/** Where a position is in a document: the path of the map, list or value there, and which key if it is in one. @returns {Place} */
export function placeAt(text, position) {
  const path = [];
  let value = read(text);
  let place = { path: [], from: position, to: position };
  while (value) {
    if (value.kind === "map") {
      const found = value.pairs.find((pair) => pair.from <= position && position <= Math.max(pair.to, pair.value?.to ?? 0));
      if (!found) break;
      if (position <= found.keyTo) return { path: [...path], key: found.key, from: found.from, to: found.keyTo };
      path.push(found.key);
      place = { path: [...path], from: found.value?.from ?? position, to: found.value?.to ?? position };
      value = found.value;
    } else if (value.kind === "list") {
      const index = value.items.findIndex((item) => item.from <= position && position <= Math.max(item.to, item.value?.to ?? 0));
      if (index < 0) break;
      path.push(index);
      value = value.items[index].value;
      place = { path: [...path], from: value?.from ?? position, to: value?.to ?? position };
    } else {
      return place;
    }
  }
  return place;
}

/**
 * The map that a line's key belongs to, by indentation: a line that is not finished may not be in the tree yet, or in the wrong place.
 * @returns {(string | number)[]}
 */
export function pathByIndent(text, position) {
  const lines = text.slice(0, position).split("\n");
  const path = [];
  let { space, dashes } = lineShape(lines.pop() ?? "");
  // Whether the parent of an item of a list is looked for, whose dash is in this column; else that of a key in this column.
  let list = dashes > 0;
  let limit = space;
  let items = 0;
  const up = (line) => {
    list = line.dashes > 0;
    limit = line.space;
    items = 0;
  };
  for (const text of lines.reverse()) {
    if (limit === 0 && !list) break;
    const line = lineShape(text);
    if (line.empty) continue;
    if (list) {
      if (line.dashes > 0 && line.space === limit) items += 1;
      else if (line.key && line.space + line.dashes <= limit) {
        path.unshift(line.key, items);
        up(line);
      }
    } else if (line.dashes > 0 && line.space + line.dashes === limit) {
      // A key beside ours, which begins the item that both are in.
      up(line);
    } else if (line.key && line.space + line.dashes < limit) {
      path.unshift(line.key);
      up(line);
    }
  }
  return path;
}

/** How far a line is indented, how wide its dashes are, and the key that it begins with. */
function lineShape(text) {
  const [, space, dashes, , key] = /^(\s*)((?:- +|-$)*)(?:(["']?)([^"'\s:{}[\]#][^"':{}[\]#]*)\3\s*:(?=\s|$))?/.exec(text);
  return { space: space.length, dashes: dashes.length, key, empty: !text.trim() || text.trim().startsWith("#") };
}

/** The keys that a map already has. */
export function keysAt(text, path) {
  let value = read(text);
  for (const part of path) value = typeof part === "number" ? value?.items?.[part]?.value : pair(value, part)?.value;
  return new Set(value?.pairs?.map((pair) => pair.key) ?? []);
}

/** What CodeMirror offers where one types in a policy. @param {object} schema */
export function completions(schema) {
  return (context) => {
    const text = context.state.doc.toString();
    const line = context.state.doc.lineAt(context.pos);
    const before = text.slice(line.from, context.pos);
    const value = /(?:^\s*(?:- +)*|[{,]\s*)(["']?)([\w.$-]+)\1\s*:\s+([\w./-]*)$/.exec(before);
    const key = /^\s*(?:- +)*([\w$-]*)$/.exec(before);
    const inBraces = /[{,]\s*([\w$-]*)$/.exec(before);
    if (value) {
      const enclosing = /^\s*(?:- +)*["']?[\w.$-]+["']?\s*:\s+[\w./-]*$/.test(before) ? pathByIndent(text, context.pos) : inMap(text, context.pos);
      return offered(context, value[3], valuesOf(schema, [...enclosing, value[2]]).map((label) => ({ label, type: "enum" })));
    }
    if (!key && !inBraces) return null;
    const path = key ? pathByIndent(text, context.pos) : inMap(text, context.pos);
    const word = (key ?? inBraces)[1];
    if (word === "" && !context.explicit) return null;
    const taken = keysAt(text, path);
    const fields = fieldsOf(schema, path).filter(({ name }) => name === word || !taken.has(name));
    return offered(context, word, fields.map(({ name, text, required, kind }) => ({
      label: name,
      detail: required ? "required" : undefined,
      info: text || undefined,
      type: "property",
      apply: key && kind === "map" ? `${name}:\n${" ".repeat(indentOf(before) + 2)}` : `${name}: `,
    })));
  };
}

const indentOf = (before) => /^\s*(?:- +)*/.exec(before)[0].length;

const offered = (context, word, options) => (options.length > 0 ? { from: context.pos - word.length, options, validFor: /^[\w./-]*$/ } : null);

/** The path of the map in braces that a position is in. */
function inMap(text, position) {
  let path = [];
  let value = read(text);
  for (let deeper = true; deeper; ) {
    deeper = false;
    const inside = (part) => part.from <= position && position <= Math.max(part.to, part.value?.to ?? 0);
    const next = value?.kind === "map" ? value.pairs.find(inside) : undefined;
    const index = value?.kind === "list" ? value.items.findIndex(inside) : -1;
    const below = next?.value ?? value?.items?.[index]?.value;
    if (below && below.kind !== "scalar") {
      path = [...path, next ? next.key : index];
      value = below;
      deeper = true;
    }
  }
  return path;
}

/** What CodeMirror shows where a pointer rests on a field. @param {object} schema */
export function explanations(schema) {
  return (text, position) => {
    const place = placeAt(text, position);
    const path = place.key === undefined ? place.path : [...place.path, place.key];
    const help = explained(schema, path);
    return help && { ...help, from: place.from, to: place.to };
  };
}
