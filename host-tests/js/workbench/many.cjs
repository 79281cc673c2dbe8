// A story of 200 steps: what a redraw does grows with the steps and no faster, and moving through it redraws next to nothing. Counted,
// because a clock would tell how busy the machine is; what it takes is shown for people.
"use strict";

const { holds, is } = require("../check.cjs");
const { Bench } = require("./bench.cjs");

const story = (steps) => {
  const turn = (index) => ["  - wait: 1s\n    signIn: alice\n    expect: {}\n", "  - request: GET /register\n    as: page\n    expect: {}\n", "  - request: GET /account\n    as: script\n    expect: {}\n", "  - request: GET /.tap/status\n    as: script\n    browser: other\n    expect: {}\n"][index % 4];
  return `passes:\n  alice: {user: alice@example.com, end: +1h}\ncases:\n- name: ${steps} steps\n  shows: [4.3]\n  steps:\n${Array.from({ length: steps }, (_, index) => turn(index)).join("")}`;
};

/** What happens to the page's elements while something is done. */
async function counted(bench, does) {
  await bench.page.evaluate(() => {
    window.changes = 0;
    const count = (nodes) => [...nodes].reduce((sum, node) => sum + 1 + (node.querySelectorAll?.("*").length ?? 0), 0);
    window.observer = new MutationObserver((records) => {
      for (const record of records) window.changes += record.type === "childList" ? count(record.addedNodes) : 1;
    });
    window.observer.observe(document.body, { subtree: true, childList: true, attributes: true });
  });
  await does();
  return bench.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => {
    window.observer.disconnect();
    resolve(window.changes);
  }))));
}

module.exports = async (browser) => {
  const bench = await Bench.opened(browser);
  const changes = {};
  for (const steps of [20, 200]) {
    changes[steps] = await counted(bench, async () => {
      await bench.opensFiles([`many.cases.yaml`, story(steps)]);
      await bench.page.waitForFunction((steps) => document.querySelectorAll(".steps tbody tr").length === steps, steps);
    });
    const took = await bench.page.evaluate(() => Object.fromEntries(["tapgate rules", "tapgate redraw"].map((name) => [name, Math.round(performance.getEntriesByName(name).at(-1).duration)])));
    console.log(`   ${steps} steps: ${changes[steps]} changes of elements, ${JSON.stringify(took)} ms`);
  }
  holds("ten times the steps are at most some ten times the work", changes[200] <= 12 * changes[20], changes);
  holds("a step is a few dozen elements", changes[200] <= 200 * 40, changes);
  const moved = await counted(bench, () => bench.page.getByRole("button", { name: "Step forward" }).click());
  holds("a step forward leaves the drawing alone", moved <= 150, moved);
  is("and is taken", await bench.page.locator(".steps tr.chosen button").innerText(), "2");
  await bench.page.locator(".timeline").screenshot({ path: `${process.env.SCREENSHOTS}/workbench-many.png` });
  await bench.leaves();
};
