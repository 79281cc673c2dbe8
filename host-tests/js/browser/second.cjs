// A second browser that has the same one-time pass: it belongs to the first that presented it.
"use strict";

const { is } = require("../check.cjs");
const { Person } = require("./person.cjs");
const { minted, link } = require("./pass.cjs");
const { confined, registers, goesOn, looked } = require("./story.cjs");

const USER = "erin@example.com";

module.exports = async function second(browser, origin) {
  const [erin, mallory] = [await Person.arrives(browser, origin), await Person.arrives(browser, origin)];
  await erin.has();
  await mallory.has();
  const pass = minted(USER, { once: true });
  const refused = async () => {
    await mallory.opens(link(pass));
    await mallory.presses("#go");
    await mallory.page.waitForSelector("#reason");
    is("not for a second browser", await mallory.page.locator("#reason").getAttribute("data-reason"), "already_used");
    is("and nothing is open to it", [await mallory.opens("/register"), await mallory.page.locator("#register").count()], [403, 0]);
  };
  await erin.opens(link(pass));
  await erin.presses("#go");
  await erin.arrivesAt("/register");
  await refused();
  await looked(mallory, "app-no-pass");

  // The first may come again, and is told whose session ends: nobody else's.
  await erin.opens(link(pass));
  await erin.presses("#go");
  await confined(erin, USER);
  await refused();
  await registers(erin, "Key");
  await refused();
  await goesOn(erin);
  is("signed in", await erin.reads("#user"), USER);
  await Promise.all([erin.leaves(), mallory.leaves()]);
};
