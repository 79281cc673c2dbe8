// Everything by keyboard alone, and never without seeing where one is.
"use strict";

const { holds, is } = require("../check.cjs");
const { Bench } = require("./bench.cjs");

module.exports = async (browser) => {
  const bench = await Bench.opened(browser);
  const chosen = () => bench.page.locator(".steps tr.chosen button").innerText();
  // Into the editor and out of it again.
  await bench.reaches(".policy-editor");
  await bench.page.keyboard.press("Control+Home");
  await bench.page.keyboard.type("# mine\n");
  await bench.page.keyboard.press("Tab");
  is("Tab leaves the editor", await bench.page.evaluate(() => document.activeElement.matches(".policy-editor")), false);
  // Another case, by its list.
  await bench.reaches(".choose select");
  await bench.page.keyboard.press("ArrowDown");
  await bench.page.waitForFunction(() => document.querySelector(".choose select").value === "1");
  await bench.page.keyboard.press("ArrowUp");
  await bench.page.waitForFunction(() => document.querySelector(".choose select").value === "0");
  // Through time.
  await bench.reaches(".controls input[type=range]");
  await bench.page.keyboard.press("PageUp");
  is("a step on", await chosen(), "2");
  await bench.presses('.controls button[data-key="forth"]');
  is("a step forward", await chosen(), "3");
  // From row to row, and what can be done with one.
  await bench.reaches(".steps button");
  await bench.page.keyboard.press("ArrowDown");
  is("the next row", await chosen(), "4");
  await bench.page.keyboard.press("Home");
  is("the first row", await chosen(), "1");
  const steps = await bench.page.locator(".steps tbody tr").count();
  await bench.page.keyboard.press("End");
  is("the last row", await chosen(), String(steps));
  await bench.presses('.actions button[data-key="remove"]');
  is("it is removed", await bench.page.locator(".steps tbody tr").count(), steps - 1);
  holds("whoever removed it is still there", await bench.page.evaluate(() => document.activeElement.matches(".actions button")));
  await bench.reaches(".adding summary");
  await bench.presses('.add button[type="submit"]');
  is("one is added", await bench.page.locator(".steps tbody tr").count(), steps);
  await bench.reaches(".text > summary");
  await bench.page.keyboard.press("Enter");
  await bench.reaches(".cases-editor");
  await bench.page.keyboard.press("Tab");
  await bench.types(".region.pass textarea", "a.b.c");
  await bench.isTold(".result .verdict", /^Stops at/);
  // All the way round: nothing keeps whoever presses Tab.
  let round = 0;
  for (; round < 80; round += 1) {
    await bench.page.keyboard.press("Tab");
    if (await bench.page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("header") !== null)) break;
  }
  holds("Tab comes round", round < 80, round);
  await bench.leaves();
};
