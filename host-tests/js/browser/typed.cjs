// By a code, as it is read off paper: on the gate's own page, after a slip.
"use strict";

const { is } = require("../check.cjs");
const { Person } = require("./person.cjs");
const { issued } = require("./pass.cjs");
const { confined, registers, goesOn, comesBack } = require("./story.cjs");

const USER = "beth@example.com";

module.exports = async function typed(browser, origin) {
  const beth = await Person.arrives(browser, origin);
  await beth.has();
  const code = await issued(origin, USER, { isUsableOnce: true });
  await beth.opens("/.tap/sign-in?return_to=%2Fpasskeys");
  await beth.types("#user", USER);
  await beth.types("#pass", "0000 0000");
  await beth.page.keyboard.press("Enter");
  await beth.page.waitForSelector("#reason");
  is("a slip", await beth.page.locator("#reason").getAttribute("data-reason"), "invalid_pass");

  await beth.types("#user", USER);
  await beth.types("#pass", code.toLowerCase());
  const shown = await beth.page.inputValue("#pass");
  is("in groups of four", shown.toUpperCase(), `${code.slice(0, 4)} ${code.slice(4)}`);
  await beth.presses("#go");
  await confined(beth, USER);
  await registers(beth, "Notebook");
  await goesOn(beth, "/passkeys");
  await comesBack(beth, USER);
  await beth.leaves();
};
