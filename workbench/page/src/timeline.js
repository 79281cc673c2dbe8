// The timeline of a story as one drawing: a lane for each pass and each browser, bars for what lasts, marks for what happens. What it
// shows is what the rules say of the story; here is only where it goes on paper.

import { el, fill, svg } from "./dom.js";
import { clock, inWords, span } from "./time.js";

const LANE = 64;
const TOP = 22;
const LEFT = 22;
const RIGHT = 26;
/** The least room between two events, for a number above and a statement below. */
const SLOT = 36;
/** The least width, so that there is something to point at. */
const LEAST = 560;

/** What kinds of events look like: the shape says it too, for whoever sees no colours and for print. */
export const KINDS = {
  good: { text: "let through", path: "M0-7A7 7 0 1 1 0 7A7 7 0 1 1 0-7Z" },
  nobody: { text: "let through as nobody", path: "M0-6A6 6 0 1 1 0 6A6 6 0 1 1 0-6Z" },
  led: { text: "led elsewhere", path: "M0-8L8 6L-8 6Z" },
  done: { text: "registered", path: "M-7-7H7V7H-7Z" },
  bad: { text: "refused", path: "M0-9L9 0L0 9L-9 0Z" },
  change: { text: "change or pause", path: "M-2-8H2V8H-2Z" },
};

/** Which of them a step is. */
export function kindOf(step) {
  if (!step.browser || ["policy", "restart", "wait"].includes(step.kind)) return "change";
  if (step.audit?.some((event) => event.startsWith("completion done"))) return "done";
  if (step.decision.startsWith("refused") || step.reason) return "bad";
  if (step.decision.endsWith("as nobody")) return "nobody";
  return step.decision.startsWith("redirected") ? "led" : "good";
}

/** What a browser is called; cases that need only one do not name it. */
export const called = (browser) => (browser === "browser" ? "The browser" : `Browser ${browser}`);

/** Times and where they are drawn. Each step has room of its own; a span begins at the step that began it. */
export class Scale {
  constructor(story, toScale, least) {
    const { steps, spans } = story;
    const first = Math.min(story.start, ...steps.map((step) => step.at));
    const last = Math.max(story.end, first + 60, ...steps.map((step) => step.at), ...spans.map((span) => span.to));
    const points = steps.map((step, index) => ({ at: step.at, step: index }));
    const times = new Set(steps.map((step) => step.at));
    for (const at of [first, last, ...spans.flatMap((span) => [span.from, span.to])]) {
      if (at >= first && at <= last && !times.has(at)) {
        times.add(at);
        points.push({ at });
      }
    }
    points.sort((one, other) => one.at - other.at || (one.step ?? -1) - (other.step ?? -1));
    const widths = points.slice(1).map((point, index) => {
      const gap = point.at - points[index].at;
      return toScale ? gap : SLOT + (gap > 0 ? 9 * Math.log2(1 + gap / 30) : 0);
    });
    const total = widths.reduce((sum, width) => sum + width, 0) || 1;
    const room = Math.max(LEAST, least) - LEFT - RIGHT;
    const stretch = toScale ? room / total : Math.max(1, room / total);
    let x = LEFT;
    this.points = points.map((point, index) => {
      if (index > 0) x += widths[index - 1] * stretch;
      return { ...point, x };
    });
    Object.assign(this, { first, last, toScale, width: x + RIGHT });
    this.ofStep = new Map(this.points.filter((point) => point.step !== undefined).map((point) => [point.step, point.x]));
    this.firstAt = new Map(this.points.toReversed().map((point) => [point.at, point.x]));
  }

  /** Where a time is; the end of what happens in that second. */
  x(at) {
    const { points } = this;
    if (at <= points[0].at) return points[0].x;
    const next = points.findIndex((point) => point.at > at);
    if (next < 0) return points.at(-1).x;
    const [before, after] = [points[next - 1], points[next]];
    return before.x + ((after.x - before.x) * (at - before.at)) / (after.at - before.at);
  }

  /** The time at a place. */
  at(x) {
    const { points } = this;
    const next = points.findIndex((point) => point.x > x);
    if (next <= 0) return next < 0 ? this.last : this.first;
    const [before, after] = [points[next - 1], points[next]];
    return Math.round(before.at + ((after.at - before.at) * (x - before.x)) / (after.x - before.x));
  }
}

/** The lanes of a story, in order. */
function lanesOf({ spans, steps }) {
  const lanes = new Map();
  const lane = (key, title) => {
    if (!lanes.has(key)) lanes.set(key, { title, spans: [], steps: [] });
    return lanes.get(key);
  };
  for (const span of spans) {
    if (span.kind === "pass") lane(`pass ${span.of}`, `Pass ${span.of}`).spans.push(span);
  }
  steps.forEach((step, index) => {
    if (step.browser && kindOf(step) !== "change") lane(`browser ${step.browser}`, called(step.browser)).steps.push(index);
  });
  for (const span of spans) {
    if (span.kind === "ledger") lane("ledger", "Ledger").spans.push(span);
    else if (span.kind !== "pass") lane(`browser ${span.of}`, called(span.of)).spans.push(span);
  }
  const changes = steps.map((_, index) => index).filter((index) => kindOf(steps[index]) === "change");
  if (changes.length > 0) lane("change", "Changes").steps.push(...changes);
  return [...lanes.values()];
}

const LASTS = { pass: "valid", window: "registering", session: "registered", deadline: "deadline", ledger: "ledger" };

/** The drawing and its cursor. */
export class Timeline {
  /** @param {(at: number) => void} moved called when somebody points at a time */
  constructor(moved) {
    this.place = el("div", { class: "timeline", tabindex: "0", role: "region", "aria-label": "Timeline, scrolls sideways" });
    this.legend = el("ul", { class: "legend", "aria-label": "What the marks mean" }, ...Object.entries(KINDS).map(([kind, { text, path }]) =>
      el("li", {}, svg("svg", { viewBox: "-10 -10 20 20", width: 16, height: 16, "aria-hidden": "true", class: `mark ${kind}` }, svg("path", { d: path })), text)));
    this.table = el("div", {});
    const follow = (event) => {
      const drawing = this.drawing?.getBoundingClientRect();
      if (drawing) moved(this.scale.at(((event.clientX - drawing.left) * this.scale.width) / drawing.width));
    };
    this.place.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !event.target.closest("svg")) return;
      event.target.closest("svg").setPointerCapture(event.pointerId);
      this.dragging = true;
      follow(event);
    });
    this.place.addEventListener("pointermove", (event) => this.dragging && follow(event));
    for (const end of ["pointerup", "pointercancel"]) this.place.addEventListener(end, () => (this.dragging = false));
  }

  /** Draws a story. */
  draw(story, toScale) {
    const scale = new Scale(story, toScale, this.place.clientWidth);
    const lanes = lanesOf(story);
    const height = TOP + lanes.length * LANE + 26;
    const drawn = lanes.map((lane, index) => this.lane(story, scale, lane, TOP + index * LANE));
    this.cursorLine = svg("g", { class: "cursor" }, svg("path", { d: `M0 8V${height - 4}` }), svg("path", { class: "grip", d: "M-6 2H6L0 12Z" }));
    const drawing = svg("svg", { role: "img", viewBox: `0 0 ${Math.ceil(scale.width)} ${height}`, width: Math.ceil(scale.width), height, "aria-labelledby": "timeline-title timeline-desc" },
      svg("title", { id: "timeline-title" }, `Timeline of ${story.name}`),
      svg("desc", { id: "timeline-desc" }, this.inWords(story)),
      this.ticks(story, scale, height), this.cursorLine, ...drawn);
    Object.assign(this, { scale, drawing, story });
    this.place.replaceChildren(drawing);
    this.tabulate(story);
  }

  /** Moves the cursor to a time, and shows which step is chosen. */
  cursor(at, step) {
    if (!this.scale) return;
    const x = this.scale.ofStep.get(step) ?? this.scale.x(at);
    this.cursorLine.setAttribute("transform", `translate(${x.toFixed(1)} 0)`);
    this.chosen?.classList.remove("chosen");
    this.chosen = this.drawing.querySelector(`[data-step="${step}"]`);
    this.chosen?.classList.add("chosen");
    const { clientWidth, scrollLeft } = this.place;
    if (!this.dragging && (x < scrollLeft + 20 || x > scrollLeft + clientWidth - 20)) this.place.scrollLeft = x - clientWidth / 2;
  }

  ticks(story, scale, height) {
    const ticks = [];
    let free = -Infinity;
    let lastAt;
    for (const { at, x } of scale.points) {
      if (at === lastAt) continue;
      lastAt = at;
      ticks.push(svg("path", { d: `M${x.toFixed(1)} ${TOP - 8}V${height - 22}` }));
      const text = at === story.start ? clock(at, at).slice(0, 5) : span(at - story.start);
      const room = text.length * 7 + 10;
      if (x - room / 2 < free) continue;
      free = x + room / 2;
      ticks.push(svg("text", { x: x.toFixed(1), y: height - 8, "text-anchor": x < room ? "start" : x > scale.width - room ? "end" : "middle" }, text));
    }
    return svg("g", { class: "ticks" }, ...ticks);
  }

  lane(story, scale, lane, y) {
    const bars = lane.spans.filter(({ to, from }) => to >= scale.first && from <= scale.last).map((one) => {
      const began = story.steps.findIndex((step) => step.at === one.from && step.browser === one.of);
      const from = scale.ofStep.get(began) ?? scale.firstAt.get(one.from) ?? scale.x(one.from);
      const ended = story.steps.findIndex((step) => step.at === one.to && step.browser === one.of);
      const to = Math.max(scale.ofStep.get(ended) ?? scale.firstAt.get(one.to) ?? scale.x(one.to), from + 2);
      const room = to - from;
      const label = one.label || LASTS[one.kind] || one.kind;
      if (one.kind === "deadline") {
        return svg("g", { class: "bar deadline" }, svg("title", {}, label), svg("path", { d: `M${to.toFixed(1)} ${y + 22}V${y + 52}` }));
      }
      return svg("g", { class: `bar ${one.kind}` },
        svg("title", {}, `${label}: ${span(one.from - story.start)} to ${span(one.to - story.start)}`),
        svg("rect", { x: from.toFixed(1), y: y + 28, width: room.toFixed(1), height: 18, rx: 3 }),
        room > LASTS[one.kind]?.length * 7 + 12 && one.kind === "pass" && svg("text", { x: (from + 6).toFixed(1), y: y + 41 }, LASTS[one.kind]));
    });
    const marks = lane.steps.map((index) => {
      const step = story.steps[index];
      const kind = kindOf(step);
      return svg("g", { class: `mark ${kind}${step.differences?.length ? " differs" : ""}`, "data-step": index, transform: `translate(${scale.ofStep.get(index).toFixed(1)} ${y + 37})` },
        svg("title", {}, `${step.number}. ${step.title}: ${step.decision}`),
        svg("path", { d: KINDS[kind].path }),
        svg("text", { y: -11, class: "number" }, step.number),
        step.statements?.length > 0 && svg("text", { y: 22, class: "statement" }, step.statements[0]));
    });
    return svg("g", { class: "lane" }, svg("text", { x: 6, y: y + 12, class: "title" }, lane.title), ...bars, ...marks);
  }

  inWords(story) {
    const lasting = story.spans.map((one) => `${one.label || `${LASTS[one.kind] ?? one.kind} ${one.of}`} from ${span(one.from - story.start)} to ${span(one.to - story.start)}.`);
    const few = story.steps.length <= 40 ? story.steps.map((step) => `Step ${step.number} at ${span(step.at - story.start)}: ${step.title}, ${step.decision}.`) : [`${story.steps.length} steps.`];
    return [...lasting, ...few, "The same is in the tables below."].join(" ");
  }

  /** What lasts, as a table. The steps have theirs. */
  tabulate(story) {
    const rows = story.spans.map((one) =>
      el("tr", {}, el("th", { scope: "row" }, one.kind === "pass" ? `Pass ${one.of}` : one.kind === "ledger" ? "Ledger" : called(one.of)), el("td", {}, one.label || LASTS[one.kind] || one.kind),
        el("td", {}, clock(one.from, story.start)), el("td", {}, clock(one.to, story.start)), el("td", {}, inWords(one.to - story.start))));
    fill(this.table, el("table", { class: "lasting" }, el("caption", {}, "What lasts how long"),
      el("thead", {}, el("tr", {}, ...["Of", "What", "From", "Until", "Which is"].map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...rows)));
  }
}
