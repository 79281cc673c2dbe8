// What scanners of mail do with a link, ten times each: it burns nothing. Then somebody without JavaScript uses the pass.
"use strict";

const { is } = require("../check.cjs");
const { Person } = require("./person.cjs");
const { minted, link } = require("./pass.cjs");
const { looked } = require("./story.cjs");

const USER = "frank@example.com";
const TIMES = 10;

/** The cookies of sessions: every visitor of the page gets one that tells browsers apart, and says nothing of a pass. */
const sessions = (cookies) => cookies.map((cookie) => cookie.name).filter((name) => name !== "__Host-tapgate-holder");

module.exports = async function scanner(browser, origin) {
  const pass = minted(USER, { once: true });
  const address = link(pass);
  const plain = await browser.newContext();
  for (const method of ["GET", "HEAD"]) {
    const seen = new Set();
    for (let time = 0; time < TIMES; time += 1) {
      const answer = await plain.request.fetch(`${origin}${address}`, { method });
      seen.add(answer.status());
      is(`${method}: no session`, sessions(await plain.cookies()), []);
    }
    is(`${method}, ten times`, [...seen], [200]);
  }
  await plain.close();
  for (const javaScriptEnabled of [true, false]) {
    const looks = async () => {
      const context = await browser.newContext({ javaScriptEnabled });
      const page = await context.newPage();
      await page.goto(`${origin}${address}`, { waitUntil: "networkidle" });
      is(`a browser, ${javaScriptEnabled ? "with" : "without"} JavaScript`, sessions(await context.cookies()), []);
      await context.close();
    };
    await Promise.all(Array.from({ length: TIMES }, looks));
  }

  const frank = await Person.arrives(browser, origin, { javaScriptEnabled: false });
  await frank.opens(address);
  is("it is said what to do without JavaScript", await frank.page.locator("#no-script").isVisible(), true);
  await looked(frank, "sign-in-no-script", { byAxe: false });
  // By keyboard as well: the first stop is the name, then the pass.
  await frank.page.keyboard.press("Tab");
  await frank.page.keyboard.press("Tab");
  await frank.page.keyboard.insertText(pass);
  await frank.page.keyboard.press("Enter");
  await frank.arrivesAt("/register");
  await frank.leaves();
};
