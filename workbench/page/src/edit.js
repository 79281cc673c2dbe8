// Changing the cases as a person would: by small changes of the text, which keep comments and everything else as it was. Each function
// gives the new text, or `null` where the text is written in a way that it leaves to people.

import { at, pair, read, scalar } from "./yaml.js";

/** @typedef {[key: string, value: string][]} Fields what is written, each value as YAML on one line */

/** The case's node, its steps and where each of them stands: whole lines, the comments above it with it. */
function stepsOf(text, index) {
  const steps = at(read(text), "cases", index, "steps");
  if (steps?.kind !== "list") return null;
  if (steps.flow) return { steps, ranges: null };
  const ranges = [];
  let from = lineStart(text, steps.items[0]?.from ?? steps.from);
  // Comments above the first step are its own.
  const key = pair(at(read(text), "cases", index), "steps");
  const afterKey = text.indexOf("\n", key.keyTo) + 1;
  if (afterKey > 0 && afterKey <= from) from = afterKey;
  for (const item of steps.items) {
    const to = lineEnd(text, contentEnd(text, item));
    ranges.push({ from, to, dash: lineStart(text, item.from) });
    from = to;
  }
  return { steps, ranges };
}

/** Where what is written of an item ends, without the blank lines and comments behind it. */
export function contentEnd(text, item) {
  const value = item.value;
  let end = item.from + 1;
  const deeper = (value) => {
    if (!value) return;
    if (value.kind === "map" && !value.flow) {
      for (const pair of value.pairs) {
        end = Math.max(end, pair.keyTo);
        deeper(pair.value);
      }
    } else if (value.kind === "list" && !value.flow) {
      for (const item of value.items) {
        end = Math.max(end, item.from);
        deeper(item.value);
      }
    } else {
      end = Math.max(end, value.from + text.slice(value.from, value.to).trimEnd().length);
    }
  };
  deeper(value);
  return end;
}

export const lineStart = (text, at) => text.lastIndexOf("\n", at - 1) + 1;
export const lineEnd = (text, at) => {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
};

export const spliced = (text, from, to, insert) => text.slice(0, from) + insert + text.slice(to);
const inBlock = (fields, indent) => fields.map(([key, value], index) => `${" ".repeat(indent)}${index === 0 ? "- " : "  "}${key}: ${value}\n`).join("");
const inBraces = (fields) => `{${fields.map(([key, value]) => `${key}: ${value}`).join(", ")}}`;
const withEnd = (text) => (text === "" || text.endsWith("\n") ? text : `${text}\n`);

/** Whether a step sends something, and so has to say what it expects. */
const sends = (fields) => fields.some(([key]) => key === "request" || key === "signIn");
const whole = (fields) => (sends(fields) ? [...fields, ["expect", "{}"]] : fields);

/** Adds a step at the end of a case, which expects nothing yet. @param {Fields} given @returns {string | null} */
export function addStep(text, index, given) {
  const fields = whole(given);
  text = withEnd(text);
  const found = stepsOf(text, index);
  if (!found) return null;
  const { steps, ranges } = found;
  if (!ranges) {
    const close = text.lastIndexOf("]", steps.to);
    if (close < steps.from) return null;
    return spliced(text, close, close, `${steps.items.length > 0 ? ", " : ""}${inBraces(fields)}`);
  }
  const last = ranges.at(-1);
  if (!last) return null;
  const indent = /^\s*/.exec(text.slice(ranges[0].dash))[0].length;
  return spliced(text, last.to, last.to, inBlock(fields, indent));
}

/** Takes a step out; `step` counts from 0. */
export function removeStep(text, index, step) {
  text = withEnd(text);
  const range = stepsOf(text, index)?.ranges?.[step];
  return range ? spliced(text, range.from, range.to, "") : null;
}

/** Moves a step before the one above it. The times stay where they are, so that steps remain in the order of time. */
export function moveUp(text, index, step) {
  text = withEnd(text);
  const found = stepsOf(text, index);
  const [above, own] = [found?.ranges?.[step - 1], found?.ranges?.[step]];
  if (!above || !own) return null;
  const [upper, lower] = [taken(text, above, found.steps.items[step - 1]), taken(text, own, found.steps.items[step])];
  const whole = [upper, lower].some((part) => part === null);
  const moved = whole ? text.slice(own.from, own.to) + text.slice(above.from, above.to) : given(lower, upper.time) + given(upper, lower.time);
  return spliced(text, above.from, own.to, moved);
}

/** A step without its time, the time, and where one would be put; `null` where it is nothing but a time. */
function taken(text, range, { value }) {
  if (value?.kind !== "map") return null;
  const own = text.slice(range.from, range.to);
  const first = value.pairs[0].from - range.from;
  const at = value.pairs.findIndex((pair) => pair.key === "at" || pair.key === "wait");
  const between = value.flow ? ", " : `\n${" ".repeat(value.pairs[0].from - lineStart(text, value.pairs[0].from))}`;
  if (at < 0) return { text: own, first, between, time: null };
  const [pair, next] = [value.pairs[at], value.pairs[at + 1]];
  const time = text.slice(pair.from, pair.value?.to ?? pair.to).trimEnd();
  if (next) return { text: spliced(own, pair.from - range.from, next.from - range.from, ""), first, between, time };
  const before = value.pairs[at - 1];
  if (!before) return null;
  const from = (before.value ? contentEnd(text, { from: before.from, value: before.value }) : before.to) - range.from;
  return { text: spliced(own, from, pair.from + time.length - range.from, ""), first, between, time };
}

const given = (step, time) => (time === null ? step.text : spliced(step.text, step.first, step.first, time + step.between));

/** Has a step expect something else. @param {string} expected as YAML on one line */
export function expectOf(text, index, step, expected) {
  text = withEnd(text);
  const value = at(read(text), "cases", index, "steps")?.items?.[step]?.value;
  if (value?.kind !== "map" || value.pairs.length === 0) return null;
  const old = pair(value, "expect");
  if (value.flow) {
    const [from, to] = old ? [old.from, old.value?.to ?? old.to] : [value.to - 1, value.to - 1];
    return spliced(text, from, to, `${old ? "" : ", "}expect: ${expected}`);
  }
  if (old) {
    const to = old.value ? contentEnd(text, { from: old.from, value: old.value }) : old.keyTo + 1;
    return spliced(text, old.from, to, `expect: ${expected}`);
  }
  const indent = value.pairs[0].from - lineStart(text, value.pairs[0].from);
  const end = lineEnd(text, contentEnd(text, { from: value.from, value }));
  return spliced(text, end, end, `${" ".repeat(indent)}expect: ${expected}\n`);
}

/** Adds a pass for all cases of the file. @param {Fields} fields */
export function addPass(text, name, fields) {
  text = withEnd(text);
  const document = read(text);
  if (document && document.kind !== "map") return null;
  const line = `${scalar(name)}: ${inBraces(fields)}`;
  const passes = pair(document, "passes");
  if (!passes) {
    // Before the first key, behind the comment that opens the file.
    const from = document ? lineStart(text, document.pairs[0]?.from ?? 0) : text.length;
    return spliced(text, from, from, `passes:\n  ${line}\n\n`);
  }
  const { value } = passes;
  if (value?.kind !== "map") return null;
  if (value.flow) return spliced(text, value.to - 1, value.to - 1, `${value.pairs.length > 0 ? ", " : ""}${line}`);
  const first = value.pairs[0];
  const indent = first.from - lineStart(text, first.from);
  const end = lineEnd(text, contentEnd(text, { from: value.from, value }));
  return spliced(text, end, end, `${" ".repeat(indent)}${line}\n`);
}

/** Adds a case with one step, which expects nothing yet. @param {Fields} given */
export function addCase(text, name, given) {
  const fields = whole(given);
  text = withEnd(text);
  const document = read(text);
  const cases = pair(document, "cases");
  const written = (indent) => {
    const space = " ".repeat(indent);
    return `\n${space}- name: ${scalar(name)}\n${space}  shows: [4.3]\n${space}  steps:\n${inBlock(fields, indent + 2)}`;
  };
  if (!cases) return document && document.kind !== "map" ? null : `${text}cases:${written(0)}`;
  if (cases.value?.kind !== "list" || cases.value.flow) return null;
  const last = cases.value.items.at(-1);
  const indent = /^\s*/.exec(text.slice(lineStart(text, cases.value.items[0].from)))[0].length;
  const end = lineEnd(text, contentEnd(text, last));
  return spliced(text, end, end, written(indent));
}

/** Where the step is written: its line, from 1. */
export function lineOf(text, index, step) {
  const item = at(read(text), "cases", index, "steps")?.items?.[step];
  return item ? text.slice(0, item.from).split("\n").length : 1;
}

/** The names of the cases. */
export function casesOf(text) {
  return (at(read(text), "cases")?.items ?? []).map((item, index) => at(item.value, "name")?.text ?? `Case ${index + 1}`);
}
