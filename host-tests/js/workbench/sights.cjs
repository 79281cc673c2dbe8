// The page as it is looked at: by axe-core in light, dark and 320 pixels, on paper, and by whoever opens the pictures.
"use strict";

const path = require("node:path");
const { holds, is } = require("../check.cjs");
const { looked } = require("../browser/look.cjs");
const { Bench } = require("./bench.cjs");

module.exports = async (browser) => {
  const bench = await Bench.opened(browser);
  await looked(bench, "workbench");
  // With two tenants, and several people in the story.
  await bench.startsFrom("multi-tenant");
  await looked(bench, "workbench-multi-tenant");
  // With everything open that can be.
  await bench.startsFrom("day-one");
  await bench.page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
  await looked(bench, "workbench-open");
  await bench.page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = false)));

  const landmarks = await bench.page.evaluate(() => ({
    main: document.querySelectorAll("main").length,
    regions: [...document.querySelectorAll("main section")].map((section) => document.getElementById(section.getAttribute("aria-labelledby")).textContent),
    levels: [...document.querySelectorAll("h1, h2, h3, h4")].map((heading) => Number(heading.tagName[1])),
  }));
  is("the regions have names", landmarks.regions, ["Policy", "In words", "Story", "Pass"]);
  holds("no level of headings is left out", landmarks.levels.every((level, index) => index === 0 ? level === 1 : level <= landmarks.levels[index - 1] + 1), landmarks);
  is("the drawing has a title and a description", await bench.page.locator(".timeline svg").evaluate((drawing) => [drawing.getAttribute("role"), drawing.getAttribute("aria-labelledby").split(" ").every((id) => document.getElementById(id).textContent.length > 10)]), ["img", true]);

  await bench.page.emulateMedia({ media: "print" });
  const shown = await bench.page.evaluate(() => Object.fromEntries([".timeline svg", ".steps", ".lasting", ".words", ".policy-editor", ".tools", ".adding", ".region.pass"].map((selector) => {
    const element = document.querySelector(selector);
    return [selector, element.checkVisibility({ contentVisibilityAuto: true }) && element.getBoundingClientRect().height > 0];
  })));
  is("on paper: the drawing and the tables, and nothing to press", shown, { ".timeline svg": true, ".steps": true, ".lasting": true, ".words": true, ".policy-editor": false, ".tools": false, ".adding": false, ".region.pass": false });
  await bench.page.setViewportSize({ width: 760, height: 1000 });
  await bench.page.screenshot({ path: path.join(process.env.SCREENSHOTS, "workbench.print.png"), fullPage: true });
  await bench.page.emulateMedia({ media: null });
  await bench.leaves();
};
