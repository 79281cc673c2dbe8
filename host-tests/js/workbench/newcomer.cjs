// A new user, without a manual and without a mouse: opens the page, gives people one minute in place of ten, sees somebody stranded,
// takes the story along. The host plays what was saved.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { holds, is } = require("../check.cjs");
const { Bench } = require("./bench.cjs");

module.exports = async (browser) => {
  const bench = await Bench.opened(browser);
  await bench.reaches(".dials input");
  is("it shows what holds", await bench.page.locator(":focus").inputValue(), "10");
  await bench.types(".dials input", "1");
  await bench.page.keyboard.press("Tab");
  await bench.isTold(".story .stranded", /after the deadline, without having registered/);
  const marks = await bench.page.locator(".timeline .mark.bad").count();
  holds("and it is in the timeline", marks > 0, marks);
  const desc = await bench.page.locator("#timeline-desc").textContent();
  holds("and in its description", /registration_deadline_passed/.test(desc), desc);
  const late = (await bench.steps()).find(({ decision }) => decision.includes("registration_deadline_passed"));
  holds("and in the steps", late !== undefined);
  await bench.page.screenshot({ path: path.join(process.env.SCREENSHOTS, "workbench-stranded.png"), fullPage: true });
  for (const label of ["Save policy", "Save stories"]) {
    const { name, text } = await bench.saves(label);
    fs.writeFileSync(path.join(process.env.OUT, `newcomer-${name}`), text);
  }
  await bench.leaves();
};
