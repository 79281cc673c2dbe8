// The region `In words`: what a policy means, and its risks; or, as long as it has errors, that it would not be loaded.

import { el, fill } from "./dom.js";

/** Shows what the rules say of a policy. */
export function inWords(place, checked) {
  if (checked.errors.length > 0) {
    fill(place, el("p", {}, "Once the policy has no errors, it stands here in words. A gate would not load it as it is."));
    return;
  }
  const tenants = checked.tenants.map(({ tenant, facts, risks }) => [
    el("h3", {}, `Tenant ${tenant}`),
    el("dl", { class: "facts" }, ...facts.map(({ about, says }) => el("div", {}, el("dt", {}, about), ...says.map((text) => el("dd", {}, text))))),
    el("h4", {}, risks.length > 0 ? "Risks" : "No risks found"),
    risks.length > 0 &&
      el("ul", { class: "risks" }, ...risks.map(({ severity, risk, mend }) => el("li", { class: `risk ${severity}` }, el("strong", {}, `${severity}: `), risk, mend && el("p", { class: "mend" }, mend)))),
  ]);
  fill(place, ...tenants.flat(), checked.hash && el("p", { class: "hash" }, "Hash ", el("code", {}, checked.hash)));
}
