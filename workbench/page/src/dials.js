// The settings that are turned most, as fields: each shows what the policy says or what holds without it, and writes into its text.

import { contentEnd, lineEnd, lineStart, spliced } from "./edit.js";
import { el, field, fresh, select } from "./dom.js";
import { explained, schemasAt, valuesOf } from "./schema.js";
import { at, pair, read } from "./yaml.js";

const DIALS = [
  ["Minutes to register", ["registration", "windowInMinutes"]],
  ["After registering", ["registration", "then"], { signIn: "sign in anew", continue: "go on into the site" }],
  ["Every pass works once", ["temporaryAccessPass", "isUsableOnce"], { false: "no", true: "yes" }],
  ["Longest pass, minutes", ["temporaryAccessPass", "maximumLifetimeInMinutes"]],
  ["Passes", ["temporaryAccessPass", "state"], { enabled: "enabled", disabled: "disabled" }],
];

/** The policy's map, or that of the first of several. */
function mapOf(text) {
  const document = read(text);
  return at(document, "tenants", 0) ?? document;
}

/** Writes a field of a policy; `null` where the section is written in a way that is left to people. */
export function written(text, [section, name], value) {
  const map = at(mapOf(text), section);
  if (map?.kind !== "map" || map.pairs.length === 0) return null;
  const old = pair(map, name);
  if (old?.value) return spliced(text, old.value.from, old.value.from + text.slice(old.value.from, old.value.to).trimEnd().length, value);
  if (old) return null;
  if (map.flow) return spliced(text, map.to - 1, map.to - 1, `, ${name}: ${value}`);
  const first = map.pairs[0];
  const indent = " ".repeat(first.from - lineStart(text, first.from));
  const end = lineEnd(text, contentEnd(text, { from: map.from, value: map }));
  const begun = text.slice(0, end);
  return `${begun}${begun.endsWith("\n") ? "" : "\n"}${indent}${name}: ${value}\n${text.slice(end)}`;
}

/**
 * @param {object} schema
 * @param {{text: () => string, changed: (text: string) => void}} wishes
 */
export function dials(schema, { text, changed }) {
  const named = fresh("dials");
  const shown = DIALS.map(([name, path, words]) => {
    const shape = schemasAt(schema, path)[0] ?? {};
    const usual = String(shape.default ?? "");
    const control = words
      ? select(valuesOf(schema, path).map((value) => [value, words[value] ?? value]))
      : el("input", { type: "number", min: shape.minimum, max: shape.maximum });
    control.addEventListener("change", () => {
      // A number out of bounds is written too: the error under its line says what is allowed.
      const next = control.value.trim() && written(text(), path, control.value.trim());
      if (next) changed(next);
      else show();
    });
    const show = () => (control.value = at(mapOf(text()), ...path)?.text ?? usual);
    return { element: field(name, control, words ? undefined : explained(schema, path)?.lines.join(" ")), show };
  });
  const element = el("div", { class: "dials", role: "group", "aria-labelledby": named }, el("h3", { id: named }, "Turn these, or write below"), ...shown.map(({ element }) => element));
  return { element, show: () => shown.forEach(({ show }) => show()) };
}
