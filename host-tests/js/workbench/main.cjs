// People at the workbench, in one Chromium. Environment: ORIGIN, where the page is served; CHROMIUM, the program; EXPECTED, a file with
// what the rules say natively; OUT, a folder for what is saved; SCREENSHOTS, a folder for pictures. Arguments: the flows.
"use strict";

const { launched } = require("../browser/person.cjs");

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

async function main() {
  const browser = await launched();
  try {
    for (const name of process.argv.slice(2)) {
      try {
        await FLOWS[name](browser, require(process.env.EXPECTED));
      } catch (error) {
        throw new Error(`the flow ${name}`, { cause: error });
      }
      console.log(`ok the flow ${name}`);
    }
  } finally {
    await browser.close();
  }
}

main().then(
  () => console.log("done"),
  (error) => {
    console.error(error);
    process.exitCode = 1;
  },
);
