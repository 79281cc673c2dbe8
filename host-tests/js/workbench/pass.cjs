// Passes that are looked at: a good one, and one with each kind of defect, which is named; with a key and without.
"use strict";

const { holds, is } = require("../check.cjs");
const { looked } = require("../browser/look.cjs");
const { Bench } = require("./bench.cjs");

module.exports = async (browser, { passes, key }) => {
  const bench = await Bench.opened(browser);
  const token = bench.page.getByLabel("A signed pass, or the link with one");
  const keyField = bench.page.getByLabel("Pass key (not needed to look)");
  is("the key is hidden", await keyField.getAttribute("type"), "password");
  for (const { name, text, withKey, told } of passes) {
    await keyField.fill(withKey ? key : "");
    await token.fill(text);
    const seen = await bench.page.locator(".checks li").evaluateAll((items) => items.map((item) => ({
      name: item.querySelector("strong").textContent,
      state: item.className.replace("check-", ""),
      says: item.querySelector(".says")?.textContent.trim() ?? "",
    })));
    // A field for text takes no line ends of its own, and a pass is looked at without the spaces around it.
    is(`${name}: every check in order`, seen, told.checks);
    const verdict = await bench.said(".result .verdict");
    const wanted = told.stops_at ? `Stops at: ${told.stops_at}. Refused as ${told.reason}.` : told.verified ? "Every check passes" : "Every check passes that needs no key. The signature was not verified.";
    holds(`${name}: the verdict`, verdict.startsWith(wanted), { verdict, wanted });
    if (told.stops_at) {
      const failed = seen.findIndex(({ state }) => state === "failed");
      holds(`${name}: after a failed check none is reached`, failed >= 0 && seen.slice(failed + 1).every(({ state }) => state === "not_reached"), seen);
    }
  }
  await token.fill(`https://gate.example.com/.tap/sign-in#pass=${passes[0].text}`);
  holds("a link is read as well", (await bench.said(".result .verdict")).startsWith("Every check passes"));
  holds("what is in it is shown", (await bench.said(".result")).includes("alice@example.com"));
  await keyField.fill(key);
  await bench.page.getByLabel("Show the key").check();
  is("the key can be shown", await keyField.getAttribute("type"), "text");
  await bench.page.getByLabel("Show the key").uncheck();
  await looked(bench, "workbench-pass");

  // The key goes nowhere: not into a link, a file or a store of the browser.
  await bench.page.getByRole("button", { name: "Copy link" }).click();
  await bench.isTold("header .status", /link/);
  const kept = await bench.page.evaluate(() => JSON.stringify([location.href, { ...localStorage }, { ...sessionStorage }, document.cookie]));
  const files = [await bench.saves("Save policy"), await bench.saves("Save stories")].map(({ text }) => text).join("");
  const spellings = [key, key.replace(/=+$/, "")];
  holds("the key is kept nowhere", spellings.every((key) => !kept.includes(key) && !files.includes(key)), kept.length);

  await keyField.fill("");
  await bench.startsFrom("one-time-strict");
  await bench.page.locator(".of-story button").first().click();
  holds("a pass of the story is looked at", (await bench.said(".result .verdict")).startsWith("Every check passes"), await bench.said(".result .verdict"));
  await bench.leaves();
};
