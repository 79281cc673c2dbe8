// Making elements. Text gets into the page here and nowhere else, always as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Members of `attributes` that are functions listen (`onclick`), `false` and `null` leave the attribute out.
 * @param {string} name
 * @param {Record<string, unknown>} [attributes]
 * @param {...(Node | string | number | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** The same of SVG. @returns {SVGElement} */
export function svg(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** Puts children in place of all that is there; whatever had the focus and has a `data-key` has it again. */
export function fill(element, ...children) {
  const focused = document.activeElement;
  const key = element.contains(focused) ? focused.closest("[data-key]")?.dataset.key : undefined;
  element.replaceChildren();
  append(element, children);
  if (key !== undefined) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

/** A button. */
export function button(text, onclick, attributes) {
  return el("button", { type: "button", onclick, ...attributes }, text);
}

let names = 0;
/** An id that nothing else in the page has. */
export const fresh = (word) => `${word}-${++names}`;

/** A label and its field, with an explanation if there is one. */
export function field(text, control, hint) {
  const id = fresh("field");
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return el("div", { class: "field" }, el("label", { for: id }, text), control, hint && el("p", { class: "hint", id: `${id}-hint` }, hint));
}

/** A list to choose from: `[value, text]` each. */
export function select(options, attributes) {
  return el("select", attributes, ...options.map(([value, text, more]) => el("option", { value, ...more }, text)));
}
