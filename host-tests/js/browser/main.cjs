// The flows of people in one Chromium, before one gate. Environment: ORIGIN, the gate's; CHROMIUM, the program; TAPGATE_PASS_KEY;
// TOKEN, an administrator's; SCREENSHOTS, a folder for pictures, where pages are to be looked at. Arguments: the flows.
"use strict";

const { inOneBrowser, played } = require("./person.cjs");

const FLOWS = {
  deadline: require("./deadline.cjs"),
  link: require("./link.cjs"),
  typed: require("./typed.cjs"),
  retried: require("./retried.cjs"),
  second: require("./second.cjs"),
  scanner: require("./scanner.cjs"),
  pages: require("./pages.cjs"),
  // By another policy than the others.
  continue: require("./continue.cjs"),
};

/** Those that mostly wait: for a time to pass, for a network to be still. They do while the others go on. */
const BESIDE = ["deadline", "pages"];

inOneBrowser(async (browser) => {
  const names = process.argv.slice(2);
  const [beside, others] = [true, false].map((beside) => names.filter((name) => BESIDE.includes(name) === beside));
  const one = (name) => played(FLOWS, name, browser, process.env.ORIGIN);
  const inTurn = async () => {
    for (const name of others) await one(name);
  };
  await Promise.all([inTurn(), ...beside.map(one)]);
});
