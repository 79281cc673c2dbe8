// Every shipped file of cases, opened and run in the page: what came of each request is what the rules say natively, to the letter; and
// so is what does not go as it is written once the policy is another.
"use strict";

const { holds, is } = require("../check.cjs");
const { Bench } = require("./bench.cjs");

module.exports = async (browser, { shipped, tightened }) => {
  const bench = await Bench.opened(browser);
  for (const { name, cases } of shipped) {
    await bench.startsFrom(name);
    is(`${name}: all cases go`, await bench.said(".story > .status"), `All ${cases.length} stories go as they are written.`);
    const options = await bench.page.locator(".choose select").locator("option").allInnerTexts();
    is(`${name}: all cases are there`, options, cases.map(({ name }, index) => `${index + 1}. ${name}`));
    let requests = 0;
    for (const [index, { steps }] of cases.entries()) {
      await bench.chooses(index);
      const told = await bench.steps();
      // A step may change the policy first, which its title says too.
      const own = ({ step, sent }) => steps.find((wanted) => wanted.step === step && sent.endsWith(wanted.sent))?.sent ?? sent;
      const seen = told.filter(({ status }) => status !== null).map((one) => ({ step: one.step, sent: own(one), status: one.status, forwarded: one.forwarded, audit: one.audit }));
      is(`${name}, ${cases[index].name}: what came of each request`, seen, steps);
      holds(`${name}, ${cases[index].name}: every step is explained`, told.every(({ decision, differences }) => decision !== "" && differences.length === 0), told);
      requests += steps.length;
    }
    holds(`${name}: something was sent`, requests > 0, requests);
  }
  for (const { name, minutes, played, failures } of tightened) {
    await bench.startsFrom(name);
    await bench.page.getByLabel("Minutes to register").fill(String(minutes));
    await bench.page.keyboard.press("Tab");
    const verdict = failures.length === 0 ? `All ${played} stories go as they are written.` : `${failures.length} of ${played} stories ${failures.length === 1 ? "goes" : "go"} otherwise than written.`;
    await bench.isTold(".story > .status", new RegExp(`${verdict.replaceAll(".", "\\.")}$`));
    const names = await bench.page.locator(".failing li").allTextContents();
    is(`${name} with ${minutes} minutes: the same ones`, names, failures.slice(0, 12).map((failure) => failure.case));
    for (const failure of failures.slice(0, 12)) {
      await bench.page.locator(".failing").evaluate((details) => (details.open = true));
      await bench.page.locator(".failing button", { hasText: failure.case }).first().click();
      const first = (await bench.steps()).find(({ differences }) => differences.length > 0);
      const wanted = failure.differences.map(({ what, expected, found }) => `${what}: expected ${expected}, found ${found}`);
      is(`${name}, ${failure.case}: what differs first`, { step: first.step, differences: first.differences }, { step: failure.step, differences: wanted });
    }
  }
  await bench.leaves();
};
