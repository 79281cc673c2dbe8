// The region `Policy`: the editor, and every error of what is in it, each with its mend.

import { dials } from "./dials.js";
import { button, el, fill } from "./dom.js";
import { editor } from "./editor.js";
import { completions, explanations } from "./schema.js";

/**
 * @param {object} wishes
 * @param {object} wishes.schema the JSON Schema of policies
 * @param {(text: string) => void} wishes.changed
 */
export function policyRegion({ schema, changed }) {
  const place = el("div", { class: "editor policy-editor" });
  const status = el("p", { class: "status", role: "status" });
  const list = el("div", {});
  const region = el("section", { "aria-labelledby": "policy-title", class: "region policy" },
    el("h2", { id: "policy-title" }, "Policy"),
    el("p", { class: "hint", id: "editor-hint" }, "Control and Space offer what may stand here. Tab leaves the editor."),
    place, status, list);
  const policy = editor(place, { label: "Policy in YAML", changed, completes: completions(schema), explains: explanations(schema) });
  const turned = dials(schema, {
    text: policy.text,
    changed: (text) => {
      policy.set(text);
      changed(text);
    },
  });
  region.querySelector("h2").after(turned.element);
  return {
    region,
    editor: policy,
    /** Shows the errors of the text; if it has none, what it does to the stories, and a way to them. */
    show({ errors }, summary, look) {
      policy.wrong(errors);
      turned.show();
      const fine = ["No errors. ", summary && button(summary, look, { class: "link", "data-key": "summary" })];
      fill(status, ...(errors.length === 0 ? fine : [errors.length === 1 ? "1 error. A gate would not load this policy." : `${errors.length} errors. A gate would not load this policy.`]));
      status.classList.toggle("bad", errors.length > 0);
      fill(list, errors.length > 0 && flaws(errors, policy, "Errors of the policy"));
    },
  };
}

/** Errors as a list; each leads to its place. */
export function flaws(errors, editor, label) {
  return el("ol", { class: "flaws", "aria-label": label }, ...errors.map((error, index) =>
    el("li", {},
      button(`Line ${error.line}`, () => editor.goTo(error.line, error.column), { class: "link", "data-key": `${label}-${index}` }),
      el("code", {}, error.field),
      el("dl", {}, ...[["found", error.found.replace(/^found /, "")], ["allowed", error.allowed], ["mend", error.mend]].filter(([, text]) => text).map(([name, text]) => el("div", {}, el("dt", {}, name), el("dd", {}, text)))))));
}
