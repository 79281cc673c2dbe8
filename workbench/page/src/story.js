// The region `Story`: one case of the cases file, drawn and told step by step. The text of the cases is the truth: whatever a button
// changes, it changes there.

import { button, el, field, fill, select } from "./dom.js";
import { addCase, casesOf, expectOf, lineOf, moveUp, removeStep } from "./edit.js";
import { editor } from "./editor.js";
import { stepForm } from "./forms.js";
import { flaws } from "./policy.js";
import { clock, inWords, span } from "./time.js";
import { Timeline, called, kindOf } from "./timeline.js";
import { at as nodeAt, read, scalar } from "./yaml.js";

const CHANGED_BY_HAND = "This story is written in a way that the buttons leave alone. Change it in its text below.";

/**
 * @param {object} wishes
 * @param {() => {policy: string, cases: string, index: number, name: string}} wishes.state
 * @param {(cases: string) => void} wishes.changed the text of the cases has changed
 * @param {(index: number) => void} wishes.chosen another case is wanted
 * @param {(at: number) => object} wishes.probes who could do what at a time
 */
export function storyRegion({ state, changed, chosen, probes }) {
  let story = null;
  let at = 0;
  let step = 0;

  const list = select([], { onchange: () => chosen(Number(list.value)) });
  const listField = field("Story", list);
  const newCase = button("New story", () => {
    const { cases } = state();
    const pass = story?.passes[0]?.name ?? nodeAt(read(cases), "passes")?.pairs?.[0]?.key;
    const text = pass && addCase(cases, `Story ${casesOf(cases).length + 1}`, [["signIn", scalar(pass)]]);
    if (!text) return tell("A new story needs a pass. Mint one first, under “Add a step”.");
    changed(text);
    chosen(casesOf(text).length - 1);
    settle(0);
  });
  const verdict = el("p", { class: "status", role: "status" });
  const message = el("p", { class: "status message", role: "status" });
  const troubles = el("div", {});
  const failed = el("div", {});
  const timeline = new Timeline((time) => goTo(time));
  const toScale = el("input", { type: "checkbox", onchange: () => redraw() });

  const slider = el("input", { type: "range", "aria-label": "Time", min: 0, max: 1, step: 1 });
  const time = el("output", { class: "time" });
  slider.addEventListener("input", () => goTo(story.start + Number(slider.value)));
  slider.addEventListener("keydown", (event) => {
    const jump = { ArrowRight: 60, ArrowUp: 60, ArrowLeft: -60, ArrowDown: -60 }[event.key];
    if (event.key === "PageUp" || event.key === "PageDown") toStep(step + (event.key === "PageUp" ? 1 : -1));
    else if (jump) goTo(at + (event.shiftKey ? Math.sign(jump) : jump));
    else return;
    event.preventDefault();
  });
  const back = button("◀ Step back", () => toStep(step - 1), { "data-key": "back" });
  const forth = button("Step forward ▶", () => toStep(step + 1), { "data-key": "forth" });
  const now = el("div", { class: "now" });
  const could = el("div", { class: "could" });

  const body = el("tbody", { role: "rowgroup" });
  const table = el("table", { class: "steps", role: "table" }, el("caption", {}, "Steps"),
    el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, ...["Step", "When", "Who", "What", "Decision"].map((name) => el("th", { scope: "col", role: "columnheader" }, name)))), body);
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row) toStep(Number(row.dataset.step));
  });
  body.addEventListener("keydown", (event) => {
    const jump = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const to = event.key === "Home" ? 0 : event.key === "End" ? story.steps.length - 1 : jump ? step + jump : null;
    if (to === null) return;
    event.preventDefault();
    toStep(to);
    body.querySelector(".chosen button")?.focus();
  });

  const edited = (text, more) => {
    if (text === null) return tell(CHANGED_BY_HAND);
    tell(more ?? "");
    changed(text);
  };
  const index = () => state().index;
  const actions = el("div", { class: "actions", role: "group", "aria-label": "The chosen step" },
    button("Move up", () => edited(moveUp(state().cases, index(), step), (step = Math.max(step - 1, 0), "Moved up.")), { "data-key": "up" }),
    button("Move down", () => edited(moveUp(state().cases, index(), step + 1), (step += 1, "Moved down.")), { "data-key": "down" }),
    button("Remove", () => edited(removeStep(state().cases, index(), step), "Removed."), { "data-key": "remove" }),
    button("Expect what happens", () => edited(expectOf(state().cases, index(), step, expectation(story.steps[step])), "Written into the story."), { "data-key": "expect" }),
    button("Show its text", () => {
      textual.open = true;
      cases.goTo(lineOf(state().cases, index(), step));
    }));

  /** A new step expects what happens now: what is another day is seen then, and `tapgate policy test` has something to hold it to. */
  const settle = (added) => {
    const told = story?.steps[added];
    const text = told?.status ? expectOf(state().cases, index(), added, expectation(told)) : null;
    if (text !== null) changed(text);
  };

  const form = stepForm({
    around: () => ({ story, ...state() }),
    made: (text, kind) => {
      const before = story?.steps.length;
      edited(text, kind === "mint" ? "Minted. Sign in with it next." : "Added.");
      form.draw();
      if (!story || story.steps.length <= before) return;
      settle(story.steps.length - 1);
      toStep(story.steps.length - 1);
    },
  });

  const place = el("div", { class: "editor cases-editor" });
  const textual = el("details", { class: "text" }, el("summary", {}, "The stories as text"), place);
  const told = el("div", { class: "told" },
    timeline.place, timeline.legend,
    el("div", { class: "controls", role: "group", "aria-label": "Time" }, back, slider, forth, time, el("label", { class: "check" }, toScale, "Draw to scale")),
    el("div", { class: "moment" }, now, could),
    table, actions, message,
    el("details", { class: "lasting-table" }, el("summary", {}, "What lasts how long, as a table"), timeline.table));
  const adding = el("details", { class: "adding", open: true }, el("summary", {}, "Add a step"), form.element);
  const region = el("section", { "aria-labelledby": "story-title", class: "region story" },
    el("h2", { id: "story-title" }, "Story"),
    el("div", { class: "choose" }, listField, newCase), verdict, failed, troubles,
    told, adding,
    textual);
  // What was not to be seen could not be measured.
  textual.addEventListener("toggle", () => cases.view.requestMeasure());
  const cases = editor(place, { label: "Stories in YAML", changed: (text) => changed(text) });

  /** Says something about what a button has done. */
  function tell(text) {
    fill(message, text);
  }

  /** Goes to a time: the step that was the last by then is the chosen one. */
  function goTo(wanted) {
    if (!story) return;
    at = Math.min(Math.max(wanted, story.start), timeline.scale.last);
    step = story.steps.findLastIndex((one) => one.at <= at);
    shown(at !== story.steps[step]?.at);
  }

  /** Goes to a step. */
  function toStep(wanted) {
    if (!story || story.steps.length === 0) return;
    step = Math.min(Math.max(wanted, 0), story.steps.length - 1);
    at = story.steps[step].at;
    shown(false);
  }

  let asked = 0;
  /** Shows the moment. Between steps the cursor stands at the time, else at the step. */
  function shown(between) {
    slider.value = at - story.start;
    const text = `${clock(at, story.start)}, ${inWords(at - story.start)}`;
    slider.setAttribute("aria-valuetext", text);
    fill(time, text);
    timeline.cursor(at, between ? undefined : step);
    const former = body.querySelector("tr.chosen");
    const row = body.children[step];
    if (former !== row) {
      mark(former, false);
      mark(row, true);
    }
    // Not `disabled`: whoever presses one by keyboard must stay where they are.
    back.setAttribute("aria-disabled", step <= 0);
    forth.setAttribute("aria-disabled", step >= story.steps.length - 1);
    fill(now, ...moment(story, step, at, between));
    // While time is dragged, only the moment where it rests is asked about.
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => fill(could, ...whoCould(probes(at), at, story)));
  }

  function mark(row, is) {
    if (!row) return;
    row.classList.toggle("chosen", is);
    const button = row.querySelector("button");
    button.tabIndex = is ? 0 : -1;
    if (is) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  }

  function redraw() {
    if (!story) return;
    timeline.draw(story, toScale.checked);
    slider.max = timeline.scale.last - story.start;
    toStep(step);
  }

  return {
    region,
    editor: cases,
    moment: () => at,
    summary: (tested, next) => (strandedIn(next).length > 0 ? "In the story below somebody is stranded." : inShort(tested)),
    /** Goes to the story. */
    look: () => {
      region.scrollIntoView();
      list.focus({ preventScroll: true });
    },
    /** What is shown is of a policy that was open before: it waits until this one has no errors. */
    stale(is) {
      region.classList.toggle("stale", is);
      for (const part of [told, adding]) part.inert = is;
      if (!is) return;
      fill(verdict, "The story waits until the policy has no errors.");
      fill(failed);
    },
    /** Shows a story, and how the cases of the file go. */
    show(next, tested) {
      const { cases: text, index } = state();
      const names = casesOf(text);
      if (list.dataset.names !== JSON.stringify(names)) {
        list.dataset.names = JSON.stringify(names);
        fill(list, ...names.map((name, index) => el("option", { value: index }, `${index + 1}. ${name}`)));
      }
      list.value = index;
      const other = next?.name !== story?.name;
      story = next && !next.trouble && next.errors.length === 0 && next.steps.length > 0 ? next : null;
      region.classList.toggle("untold", !story);
      summed(verdict, tested, next, story);
      fill(failed, ...failing(tested, names, chosen));
      cases.wrong(tested?.errors ?? next?.errors ?? []);
      const errors = next?.errors ?? [];
      fill(troubles, errors.length > 0 && flaws(errors, cases, "Errors of the stories"), next?.trouble && el("p", { class: "bad" }, next.trouble));
      if (errors.length > 0) textual.open = true;
      if (!story) return;
      if (other) step = 0;
      fill(body, ...story.steps.map((one, index) => row(story, one, index)));
      redraw();
      form.draw();
    },
  };
}

/** How the cases of the file go. */
function inShort(tested) {
  if (!tested || tested.errors.length > 0) return "The stories cannot be told as they are written.";
  const { failures, played } = tested;
  if (failures.length === 0) return `All ${played} stories go as they are written.`;
  return `${failures.length} of ${played} stories ${failures.length === 1 ? "goes" : "go"} otherwise than written.`;
}

/** How the cases go, and who is stranded in this one. */
function summed(place, tested, told, story) {
  const failures = tested?.failures ?? [];
  const stranded = story ? strandedIn(story) : [];
  const differing = story?.steps.filter((step) => step.differences?.length).length ?? 0;
  fill(place, stranded.length > 0 && el("strong", { class: "stranded" }, `Stranded: ${stranded.join("; ")}. `),
    differing > 0 && `In this story ${differing} step${differing === 1 ? "" : "s"} went otherwise than written. `, inShort(tested));
  place.classList.toggle("bad", failures.length > 0 || Boolean(told?.trouble) || Boolean(tested?.errors.length));
}

/** How many of the stories that go otherwise are named. */
const NAMED = 12;

/** The stories that go otherwise than written, each to be opened. */
function failing(tested, names, chosen) {
  const failures = tested?.failures ?? [];
  if (failures.length === 0) return [];
  const more = failures.length - NAMED;
  return [el("details", { class: "failing" }, el("summary", {}, "Which ones"),
    el("ul", {}, ...failures.slice(0, NAMED).map(({ case: name }) => el("li", {}, button(name, () => chosen(names.indexOf(name)), { class: "link", "data-key": `failing-${name}` })))), more > 0 && el("p", {}, `And ${more} more.`))];
}

/** Whose window passed before they had registered. */
function strandedIn({ steps = [], start }) {
  const registered = new Set();
  const who = new Map();
  const stranded = new Map();
  for (const step of steps) {
    if (step.kind === "sign_in") who.set(step.browser, step.title.replace(/^.*sign-in with /, ""));
    if (kindOf(step) === "done") registered.add(step.browser);
    else if (/registration_deadline_passed/.test(step.reason ?? "") && !registered.has(step.browser) && !stranded.has(step.browser)) {
      stranded.set(step.browser, `${who.get(step.browser) ?? called(step.browser)} came at ${clock(step.at, start)}, after the deadline, without having registered`);
    }
  }
  return [...stranded.values()];
}

function row(story, step, index) {
  const differs = step.differences?.length > 0;
  return el("tr", { role: "row", "data-step": index, class: differs ? "differs" : null },
    el("td", { role: "cell" }, el("button", { type: "button", tabindex: -1, class: "link", "data-key": `step-${index}`, "aria-label": `Step ${step.number}: ${step.title}` }, step.number)),
    el("td", { role: "cell", class: "when" }, span(step.at - story.start)),
    el("td", { role: "cell", class: "who" }, step.browser ?? ""),
    el("td", { role: "cell", class: "what" }, step.title),
    el("td", { role: "cell", class: `decision ${kindOf(step)}` }, step.status && el("span", { class: "status-code" }, `${step.status} `), el("span", { class: "decided" }, step.decision), step.statements?.length > 0 && el("span", { class: "statement" }, ` ${step.statements.join(", ")}`), differs && el("strong", {}, " – not as written")));
}

/** What happened last. */
function moment(story, index, at, between) {
  const step = story.steps[index];
  if (!step) return [el("h3", {}, `At ${clock(at, story.start)}`), el("p", {}, "Nothing has happened yet.")];
  const differences = step.differences ?? [];
  return [
    el("h3", {}, between ? `At ${clock(at, story.start)}, after step ${step.number}` : `Step ${step.number}: ${step.title}`),
    el("p", { class: `decision ${kindOf(step)}` }, step.decision),
    el("p", {}, step.says),
    step.status && el("p", { class: "hint answer" }, `Answer: ${step.status}. The application ${step.forwarded ? "gets" : "does not get"} the request.`),
    step.statements?.length > 0 && el("p", { class: "hint" }, `Contract: ${step.statements.join(", ")}`),
    step.audit?.length > 0 && el("p", { class: "hint audit" }, `Audit: ${step.audit.join("; ")}`),
    differences.length > 0 && el("div", { class: "differences" }, el("h4", {}, "Not as the story says"), el("ul", {}, ...differences.map(({ what, expected, found }) => el("li", {}, `${what}: expected ${expected}, found ${found}`)))),
  ].filter(Boolean);
}

/** Who could do what. */
function whoCould({ people = [], browsers = [] }, at, story) {
  return [
    el("h3", {}, `Who could do what at ${clock(at, story.start)}`),
    people.length > 0 && el("ul", { class: "people" }, ...people.map(({ who, signIn, says }) => el("li", {}, el("strong", {}, `Pass ${who}`), ` in a new browser: ${signIn}.`, says && el("span", { class: "says" }, ` ${says}`)))),
    browsers.length > 0 && el("ul", { class: "people" }, ...browsers.map(({ browser, reach }) => el("li", {}, el("strong", {}, called(browser)), el("ul", {}, ...reach.map(({ path, decision, says }) => el("li", {}, el("code", {}, path), `: ${decision}.`, says && el("span", { class: "says" }, ` ${says}`))))))),
  ].filter(Boolean);
}

/** What a step expects if what happens now is right. */
function expectation({ status, reason, forwarded, audit }) {
  const parts = [status && `status: ${status}`, reason && `reason: ${reason}`, forwarded !== undefined && `forwarded: ${forwarded}`, audit && `audit: [${audit.map((event) => scalar(event)).join(", ")}]`];
  return `{${parts.filter(Boolean).join(", ")}}`;
}
