// The region `Pass`: what is in one, every check in order, and where it stops. A key that is typed here is in no variable but its own
// field, goes to the rules in this page, and into no link and no file.

import { button, el, field, fill, select } from "./dom.js";

const SIGNS = { ok: "✓ passed", failed: "✗ failed", not_reached: "– not reached" };

/**
 * @param {object} wishes
 * @param {(token: string, key: string | undefined, now: number) => object} wishes.inspects
 * @param {() => number} wishes.moment the moment of the story, in seconds
 */
export function passRegion({ inspects, moment }) {
  const token = el("textarea", { rows: 4, spellcheck: "false", autocomplete: "off", class: "mono" });
  const key = el("input", { type: "password", autocomplete: "off", spellcheck: "false", class: "mono" });
  const shown = el("input", { type: "checkbox", onchange: () => (key.type = shown.checked ? "text" : "password") });
  const when = select([["now", "this moment"], ["story", "the moment of the story"]]);
  const ofStory = el("p", { class: "of-story" });
  const result = el("div", { class: "result", role: "status" });
  const look = () => {
    const text = token.value.trim();
    if (!text) return fill(result);
    const now = when.value === "story" ? moment() : Math.floor(Date.now() / 1000);
    show(result, inspects(text, key.value.trim() || undefined, now));
  };
  for (const control of [token, key]) control.addEventListener("input", look);
  when.addEventListener("change", look);
  const form = el("form", { onsubmit: (event) => event.preventDefault() },
    field("A signed pass, or the link with one", token), ofStory,
    field("Pass key (not needed to look)", key, "As `tapgate keygen` writes it. It stays in this field: it is not stored, and in no link."),
    el("label", { class: "check" }, shown, "Show the key"), field("Judged at", when));
  const region = el("section", { "aria-labelledby": "pass-title", class: "region pass" }, el("h2", { id: "pass-title" }, "Pass"), el("p", { class: "hint" }, "Paste a pass to see what is in it and whether this policy would take it."), form, result);
  return {
    region,
    look,
    /** Offers the passes of the story. */
    offer(passes) {
      fill(ofStory, passes.length > 0 && "Or one of the story: ", ...passes.filter((pass) => pass.token).map((pass) => button(pass.name, () => {
        token.value = pass.token;
        when.value = "story";
        look();
      }, { class: "small" })));
    },
  };
}

/** What the rules say of a pass. */
function show(place, { checks, stops_at: stopsAt, reason, header, claims, verified }) {
  const verdict = stopsAt ? `Stops at: ${stopsAt}. ${reason ? `Refused as ${reason}.` : ""}` : verified ? "Every check passes." : "Every check passes that needs no key. The signature was not verified.";
  const items = checks.map(({ name, ok, failed, not_reached: _, state, says }) => {
    const outcome = state ?? (failed ? "failed" : ok ? "ok" : "not_reached");
    return el("li", { class: `check-${outcome}` }, el("span", { class: "outcome" }, SIGNS[outcome] ?? outcome), " ", el("strong", {}, name), says && el("span", { class: "says" }, ` ${says}`));
  });
  fill(place, el("p", { class: stopsAt ? "verdict bad" : "verdict" }, verdict), el("ol", { class: "checks", "aria-label": "Checks in order" }, ...items),
    ...[["Header", header], ["Claims", claims]].filter(([, value]) => value).map(([name, value]) => el("details", { open: true }, el("summary", {}, name), el("pre", { tabindex: "0", role: "group", "aria-label": name }, JSON.stringify(value, null, 2)))));
}
