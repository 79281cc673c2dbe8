// The page: one policy, its stories, and what the rules say of them. What people write is the state; everything else is told anew
// from it.

import { button, el, field, fill, select } from "./dom.js";
import { casesOf } from "./edit.js";
import { open, save } from "./files.js";
import { passRegion } from "./pass.js";
import { policyRegion } from "./policy.js";
import * as rules from "./rules.js";
import { fileName, keysIn, packed, unpacked } from "./share.js";
import { storyRegion } from "./story.js";
import { inWords } from "./words.js";

/** How long somebody rests before what they have written is looked at, in milliseconds. */
const REST = 150;
const FIRST = "entra-default";

const state = { name: "", policy: "", cases: "", index: 0 };
/** What was opened or saved last. */
const kept = { policy: "", cases: "" };

async function start() {
  await rules.ready();
  const shipped = rules.shipped();
  const schema = rules.schema();

  const words = el("div", { class: "scrolls", tabindex: "0", role: "group", "aria-labelledby": "words-title" });
  const policy = policyRegion({ schema, changed: (text) => written({ policy: text }) });
  const story = storyRegion({
    state: () => state,
    changed: (cases) => {
      state.cases = cases;
      story.editor.set(cases);
      refresh();
    },
    chosen: (index) => {
      state.index = index;
      refresh();
    },
    probes: (at) => rules.probe(state.policy, state.cases, state.index, at),
  });
  const pass = passRegion({
    inspects: (token, key, now) => rules.inspect(state.policy, token.replace(/^.*#pass=/, ""), key, now),
    moment: story.moment,
  });

  const said = el("p", { class: "status", role: "status" });
  const tell = (text, bad = false) => {
    fill(said, text);
    said.classList.toggle("bad", bad);
  };
  const from = select([["", "Choose…"], ...shipped.map(({ name }) => [name, name])], {
    onchange: () => {
      const chosen = shipped.find(({ name }) => name === from.value);
      if (chosen) show({ ...chosen, index: 0 }, `${chosen.name} is open.`);
    },
  });
  const files = el("input", { type: "file", multiple: true, accept: ".yaml,.yml,.json", onchange: async () => {
    try {
      const opened = await open(files.files);
      show({ ...state, ...opened, index: 0 }, `${opened.names.join(" and ")} ${opened.names.length === 1 ? "is" : "are"} open.`);
    } catch (error) {
      tell(error.message, true);
    }
    files.value = "";
  } });
  const link = button("Copy link", async () => {
    const keys = keysIn(state.policy, state.cases);
    if (keys.length > 0) return tell(`No link is made: there is a key in what is open (${keys.join(", ")}). Name a variable with env instead.`, true);
    try {
      const fragment = await packed(state);
      history.replaceState(null, "", fragment);
      // Only over `https` and on this machine may a page write what is pasted elsewhere.
      const copied = await Promise.resolve(navigator.clipboard?.writeText(location.href).then(() => true)).catch(() => false);
      tell(`${copied ? "The link is copied, and in the address" : "The link is in the address"}. It holds the policy and the stories.`);
    } catch (error) {
      tell(error.message, true);
    }
  });

  fill(document.body,
    el("header", {},
      el("h1", {}, "Tapgate policy workbench"),
      el("p", {}, "See what a policy does before a gate does it. The rules run in this page, and nothing leaves it."),
      el("div", { class: "tools" }, field("Start from", from), field("Open files", files),
        button("Save policy", () => keep("policy", ".yaml")), button("Save stories", () => keep("cases", ".cases.yaml")), link, button("Print", () => print())),
      said),
    el("main", {},
      el("div", { class: "pair" }, policy.region, el("section", { "aria-labelledby": "words-title", class: "region words" }, el("h2", { id: "words-title" }, "In words"), words)),
      story.region, pass.region),
    el("footer", {}, el("p", {}, "Save both files into one folder; ", el("code", {}, "tapgate policy test NAME.yaml"), " plays the stories there.")));

  function keep(part, end) {
    kept[part] = state[part];
    save(state.name + end, state[part]);
  }
  window.addEventListener("beforeunload", (event) => {
    if (kept.policy !== state.policy || kept.cases !== state.cases) event.preventDefault();
  });
  for (const kind of ["error", "unhandledrejection"]) {
    window.addEventListener(kind, () => tell("Something went wrong in this page that should not. Save what you have written, and open the page anew.", true));
  }

  let resting;
  function written(change) {
    Object.assign(state, change);
    clearTimeout(resting);
    resting = setTimeout(refresh, REST);
  }

  /** Opens something else. */
  function show({ name, policy: text, cases, index }, message) {
    Object.assign(state, { name: fileName(name), policy: text, cases, index });
    Object.assign(kept, { policy: text, cases });
    policy.editor.set(text);
    story.editor.set(cases);
    if (location.hash) history.replaceState(null, "", location.pathname + location.search);
    tell(message);
    refresh();
  }

  /** Asks the rules again, and shows what they say. */
  function refresh() {
    clearTimeout(resting);
    const began = performance.now();
    state.index = Math.min(state.index, Math.max(casesOf(state.cases).length - 1, 0));
    const checked = rules.check(state.policy);
    inWords(words, checked);
    const good = checked.errors.length === 0;
    const told = good ? rules.story(state.policy, state.cases, state.index) : null;
    const tested = good ? rules.test(state.policy, state.cases) : null;
    const asked = performance.now();
    policy.show(checked, tested ? story.summary(tested, told) : "", story.look);
    if (good) {
      story.show(told, tested);
      pass.offer(told.passes ?? []);
    }
    story.stale(!good);
    pass.look();
    performance.measure("tapgate rules", { start: began, end: asked });
    performance.measure("tapgate redraw", { start: asked, end: performance.now() });
  }

  const first = shipped.find(({ name }) => name === FIRST) ?? shipped[0];
  const linked = async () => {
    try {
      const found = await unpacked(location.hash);
      if (found) {
        const fragment = location.hash;
        show(found, "The story of the link is open.");
        history.replaceState(null, "", fragment);
      }
      return found !== null;
    } catch (error) {
      // What somebody has written stays where it is.
      if (!state.policy) show({ ...first, index: 0 }, "");
      tell(error.message, true);
      return true;
    }
  };
  window.addEventListener("hashchange", linked);
  if (!(await linked())) show({ ...first, index: 0 }, "");
  document.documentElement.dataset.ready = "true";
}

start().catch((error) => {
  const text = el("p", { role: "alert" }, `The workbench could not start: ${error.message}. It needs a current browser with WebAssembly.`);
  document.body.append(text);
});
