// People at the workbench, in one Chromium. Environment: ORIGIN, where the page is served; CHROMIUM, the program; EXPECTED, a file with
// what the rules say natively; OUT, a folder for what is saved; SCREENSHOTS, a folder for pictures. Arguments: the flows.
"use strict";

const { inOneBrowser, played } = require("../browser/person.cjs");

const FLOWS = {
  corpus: require("./corpus.cjs"),
  policy: require("./policy.cjs"),
  newcomer: require("./newcomer.cjs"),
  story: require("./story.cjs"),
  many: require("./many.cjs"),
  pass: require("./pass.cjs"),
  link: require("./link.cjs"),
  sights: require("./sights.cjs"),
  keyboard: require("./keyboard.cjs"),
};

inOneBrowser(async (browser) => {
  for (const name of process.argv.slice(2)) await played(FLOWS, name, browser, require(process.env.EXPECTED));
});
