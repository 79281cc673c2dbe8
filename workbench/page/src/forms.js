// The form that adds a step: what people do, and how the case format writes it (docs/cases.md).

import { addPass, addStep } from "./edit.js";
import { el, field, fill, select } from "./dom.js";
import { at, read, scalar } from "./yaml.js";

/** @typedef {{story: object | null, policy: string, cases: string, index: number}} Around */

const text = (value, attributes) => el("input", { type: "text", value, spellcheck: "false", autocomplete: "off", required: true, ...attributes });
const number = (value, attributes) => el("input", { type: "number", value, min: 0, max: 10000, required: true, ...attributes });
const check = (label) => {
  const box = el("input", { type: "checkbox" });
  return { box, row: el("label", { class: "check" }, box, label) };
};

/** The passes and the browsers that a story knows. */
const passesOf = ({ story, cases, index }) => {
  const document = read(cases);
  const written = [at(document, "passes"), at(document, "cases", index, "passes")].flatMap((map) => map?.pairs?.map((pair) => pair.key) ?? []);
  return [...new Set([...(story?.passes ?? []).map((pass) => pass.name), ...written])];
};
const lastBrowser = ({ story }) => story?.steps.findLast((step) => step.browser)?.browser ?? "browser";
const userOf = ({ cases, index }, name) => {
  const document = read(cases);
  return (at(document, "cases", index, "passes", name, "user") ?? at(document, "passes", name, "user"))?.text ?? name;
};
const passList = (around) => select(passesOf(around).map((name) => [name, name]), { required: true });

/** A path that a registering session may reach and that completes a registration, as the policy has it. */
function finishPath(policy) {
  const tenant = tenantOf(policy);
  const rules = at(tenant, "registration", "completedBy")?.items ?? [];
  const byResponse = rules.map((item) => at(item.value, "response", "path")?.text).find(Boolean);
  const allowed = (at(tenant, "registration", "allow")?.items ?? []).map((item) => item.value?.text ?? "");
  const open = allowed.find((path) => path.includes("webauthn")) ?? allowed.find((path) => path.endsWith("/*")) ?? allowed[0] ?? "/register";
  return byResponse ?? open.replace(/\*$/, "finish");
}
/** The policy of the first tenant, and how a change of a case calls its fields. */
const tenantOf = (policy) => at(read(policy), "tenants", 0) ?? read(policy);
const named = (policy, field) => (at(read(policy), "tenants") ? JSON.stringify(`tenants[0].${field}`) : /^[\w.]+$/.test(field) ? field : JSON.stringify(field));
const hasAdmin = (policy) => Boolean(at(tenantOf(policy), "admin"));
const basePath = (policy) => at(tenantOf(policy), "basePath")?.text ?? "/.tap";
const adminHost = (policy) => at(tenantOf(policy), "admin", "hosts", 0)?.text ?? "admin.example.com";

/** Excludes one person more than the policy does, and than the steps so far. */
function excluded({ policy, cases, index }, user) {
  const target = `{targetType: user, id: ${scalar(user)}}`;
  const already = at(tenantOf(policy), "temporaryAccessPass", "excludeTargets")?.items?.length;
  const steps = at(read(cases), "cases", index, "steps")?.items ?? [];
  const before = steps.flatMap((step) => at(step.value, "policy")?.pairs ?? []).filter((pair) => pair.key.includes("temporaryAccessPass.excludeTargets")).length;
  if (already === undefined && before === 0) return `{${named(policy, "temporaryAccessPass.excludeTargets")}: [${target}]}`;
  return `{${named(policy, `temporaryAccessPass.excludeTargets[${(already ?? 0) + before}]`)}: ${target}}`;
}

const request = (method, path) => ["request", scalar(`${method} ${path}`)];
const by = (browser) => (browser.trim() === "" || browser.trim() === "browser" ? [] : [["browser", scalar(browser.trim())]]);

/** Each kind of step: its fields, and what it does to the cases. */
const KINDS = {
  signIn: {
    name: "Sign in with a pass",
    form: (around) => KINDS.signIn.by(around, lastBrowser(around)),
    by(around, browser) {
      const [pass, who] = [passList(around), text(browser)];
      return { rows: [field("Pass", pass), field("Browser", who)], fields: () => [["signIn", scalar(pass.value)], ...by(who.value)] };
    },
  },
  another: {
    name: "Sign in from another browser",
    form(around) {
      const known = new Set(around.story?.steps.map((step) => step.browser));
      let name = "another";
      for (let count = 2; known.has(name); count += 1) name = `another-${count}`;
      return KINDS.signIn.by(around, name);
    },
  },
  visit: {
    name: "Visit a path",
    form(around) {
      const method = select(["GET", "POST", "PUT", "PATCH", "DELETE"].map((name) => [name, name]));
      const [path, who] = [text("/account"), text(lastBrowser(around))];
      const as = select([["page", "a browser going to a page"], ["script", "a script of the page"], ["program", "a program"]]);
      return {
        rows: [field("Method", method), field("Path", path), field("Sent by", as), field("Browser", who)],
        fields: () => [request(method.value, path.value), ["as", as.value], ...by(who.value)],
      };
    },
  },
  answer: {
    name: "The application's answer",
    form(around) {
      const method = select(["POST", "GET", "PUT", "PATCH", "DELETE"].map((name) => [name, name]));
      const [path, status, who] = [text(finishPath(around.policy)), number(201, { min: 100, max: 599 }), text(lastBrowser(around))];
      const receipt = check("with a receipt: “this person has registered”");
      return {
        rows: [field("Method", method), field("Path", path), field("It answers with status", status), receipt.row, field("Browser", who)],
        fields: () => [request(method.value, path.value), ["as", "script"], ...by(who.value), ["answer", `{status: ${Number(status.value)}${receipt.box.checked ? ", receipt: true" : ""}}`]],
      };
    },
  },
  register: {
    name: "Register a passkey",
    form(around) {
      const [path, who] = [text(finishPath(around.policy)), text(lastBrowser(around))];
      return {
        rows: [field("Path", path, "The application answers with a receipt."), field("Browser", who)],
        fields: () => [request("POST", path.value), ["as", "script"], ...by(who.value), ["answer", "{receipt: true}"]],
      };
    },
  },
  wait: {
    name: "Wait",
    waits: true,
    form: () => ({ rows: [], fields: () => [] }),
  },
  mint: {
    name: "Mint a pass",
    noTime: true,
    form(around) {
      const known = new Set(passesOf(around));
      let free = "new-pass";
      for (let count = 2; known.has(free); count += 1) free = `new-pass-${count}`;
      const [name, user, begins, lasts] = [text(free), text("alice@example.com"), number(0), number(60, { min: 1 })];
      const groups = text("", { required: false });
      const once = check("works once");
      return {
        rows: [field("Name in the story", name), field("Person", user), field("Starts, minutes after the start of the story", begins), field("Lasts, minutes", lasts), field("Groups, by commas", groups), once.row],
        makes: (cases) => {
          const list = groups.value.split(",").map((group) => group.trim()).filter(Boolean);
          return addPass(cases, name.value.trim(), [
            ["user", scalar(user.value.trim())],
            ...(list.length > 0 ? [["groups", `[${list.map(scalar).join(", ")}]`]] : []),
            ...(once.box.checked ? [["once", "true"]] : []),
            ...(Number(begins.value) > 0 ? [["start", `+${Number(begins.value)}m`]] : []),
            ["end", `+${Number(begins.value) + Number(lasts.value)}m`],
          ]);
        },
      };
    },
  },
  replace: {
    name: "Replace a pass by a newer one",
    form(around) {
      const [pass, who] = [passList(around), text("another")];
      return {
        rows: [field("Pass", pass, "A newer pass of the same person is minted, and replaces this one when it is presented."), field("Browser", who)],
        makes: (cases, index, wait) => {
          const seconds = (around.story ? around.story.end - around.story.start : 0) + wait * 60;
          const known = new Set(passesOf(around));
          let name = `${pass.value}-newer`;
          for (let count = 2; known.has(name); count += 1) name = `${pass.value}-newer-${count}`;
          const old = around.story?.passes.find((one) => one.name === pass.value);
          const document = read(cases);
          const written = at(document, "cases", index, "passes", pass.value) ?? at(document, "passes", pass.value);
          const groups = at(written, "groups");
          const lasts = old ? Math.max(old.ends - old.starts, 60) : 3600;
          const made = addPass(cases, name, [
            ["user", scalar(userOf(around, pass.value))],
            ...(groups ? [["groups", cases.slice(groups.from, groups.to).trim()]] : []),
            ...(old?.once ? [["once", "true"]] : []),
            ["issued", `+${Math.max(seconds, 1)}s`],
            ["end", `+${Math.max(seconds, 1) + lasts}s`],
          ]);
          // It may be presented in the second after its issue, and a one-time pass not before its start.
          const time = wait > 0 ? [["wait", `${wait}m`]] : seconds < 1 ? [["wait", "1s"]] : [];
          return made && addStep(made, index, [...time, ["signIn", scalar(name)], ...by(who.value)]);
        },
      };
    },
  },
  revoke: {
    name: "Revoke a pass",
    form(around, current) {
      const pass = passList(around);
      const way = select([...(hasAdmin(around.policy) ? [["api", "by the admin API"]] : []), ["policy", "by the policy: its person is excluded"]]);
      return {
        rows: [field("Pass", pass), field("How", way)],
        fields: () => {
          const user = userOf(around, pass.value);
          if (way.value === "policy") return [["policy", excluded(current(), user)]];
          const id = around.story?.passes.find((one) => one.name === pass.value)?.id ?? pass.value;
          return [
            request("DELETE", `${basePath(around.policy)}/graph/v1.0/users/${user}/authentication/temporaryAccessPassMethods/${id}`),
            ["host", scalar(adminHost(around.policy))],
            ["browser", "administrator"],
            ["headers", '{authorization: "Bearer <token admin@example.com: Privileged Authentication Administrator>"}'],
          ];
        },
      };
    },
  },
  tighten: {
    name: "Tighten the policy",
    form({ policy }) {
      const choices = [["temporaryAccessPass.state", "disabled"], ["registration.windowInMinutes", "1"], ["temporaryAccessPass.isUsableOnce", "true"], ["temporaryAccessPass.maximumLifetimeInMinutes", "60"], ["registration.then", "signIn"], ["registration.cookies", "withheld"], ["session.maximumInMinutes", "30"]];
      const value = text(choices[0][1]);
      const what = select(choices.map(([path]) => [path, path]), { onchange: () => (value.value = choices.find(([path]) => path === what.value)[1]) });
      return { rows: [field("Field", what), field("Becomes", value)], fields: () => [["policy", `{${named(policy, what.value)}: ${scalarOrNumber(value.value.trim())}}`]] };
    },
  },
};

const scalarOrNumber = (value) => (/^(true|false|0|[1-9]\d{0,9})$/.test(value) ? value : scalar(value));

/**
 * The form. `around` gives what a step can refer to; `made` takes the cases with the step in them, or `null` where they are written
 * in a way that a form does not change.
 * @param {{around: () => Around, made: (cases: string | null) => void}} wishes
 */
export function stepForm({ around, made }) {
  const kind = select(Object.entries(KINDS).map(([value, { name }]) => [value, name]));
  const wait = number(1, { max: 100000 });
  const waiting = field("Minutes after the step before", wait);
  const rows = el("div", { class: "rows" });
  let form;
  const draw = () => {
    const chosen = KINDS[kind.value];
    form = chosen.form(around(), around);
    waiting.hidden = chosen.noTime === true;
    if (chosen.waits && Number(wait.value) === 0) wait.value = 1;
    fill(rows, ...form.rows);
  };
  kind.addEventListener("change", draw);
  const element = el("form", { class: "add", "aria-label": "Add a step", onsubmit: (event) => {
    event.preventDefault();
    const { cases, index } = around();
    const minutes = Math.max(Math.floor(Number(wait.value)) || 0, 0);
    const time = minutes > 0 ? [["wait", `${minutes}m`]] : [];
    const fields = form.fields ? [...time, ...form.fields()] : [];
    if (form.fields && fields.length === 0) fields.push(["wait", "0s"]);
    made(form.makes ? form.makes(cases, index, minutes) : addStep(cases, index, fields), kind.value);
  } }, field("What happens", kind), waiting, rows, el("button", { type: "submit" }, "Add to the story"));
  draw();
  return { element, draw };
}
