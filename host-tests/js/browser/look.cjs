// A page as it is looked at: by axe-core, which finds what keeps people out, and by whoever opens the screenshots.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const axe = require("axe-core");
const { holds, is } = require("../check.cjs");

/** Where the pictures go. Without it nobody looks: pages are the same before every gate, and once is enough. */
const FOLDER = process.env.SCREENSHOTS;
/** What a page is looked at as: a name, a colour scheme, a width in CSS pixels. */
const SIGHTS = [
  ["light", "light", 1000],
  ["dark", "dark", 1000],
  ["320", "light", 320],
];

/** Looks at the page that a person sees, in every sight; `name` is the picture's. The page stays as it was. */
async function looked(person, name, { byAxe = true } = {}) {
  if (!FOLDER) return;
  const { page } = person;
  const before = page.viewportSize();
  const focus = await page.evaluateHandle(() => document.activeElement);
  for (const [sight, colorScheme, width] of SIGHTS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: before.height });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    holds(`${name}, ${sight}: nothing sticks out`, wide <= width, { wide, width });
    if (byAxe) is(`${name}, ${sight}: no violation`, await violations(page), []);
    fs.mkdirSync(FOLDER, { recursive: true });
    await page.screenshot({ path: path.join(FOLDER, `${name}.${sight}.png`), fullPage: true, caret: "initial" });
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(before);
  await focus.evaluate((element) => element?.focus?.());
}

/** What axe-core has against a page, by every rule it has on unless told otherwise. */
async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], preload: false }));
  return found.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map((node) => `${node.html} ${node.failureSummary}`) }));
}

module.exports = { looked };
