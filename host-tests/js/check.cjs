// What every script does about checks: one line for each that holds, and the first that does not ends it all.
"use strict";

const assert = require("node:assert/strict");

/** Says that a check holds; throws with both sides where it does not. */
function is(text, seen, wanted) {
  assert.deepEqual(seen, wanted, text);
  console.log(`ok ${text}`);
}

/** As `is`, for a condition; `seen` is shown where it does not hold. */
function holds(text, condition, seen) {
  assert.ok(condition, `${text}: ${JSON.stringify(seen)}`);
  console.log(`ok ${text}`);
}

/** Hands something back to whoever runs the script. */
function gives(text) {
  console.log(`gives ${text}`);
}

/** Runs the scenario that the command line names, and says that it came to its end. */
function main(scenarios) {
  const [, , name, ...rest] = process.argv;
  const scenario = Object.hasOwn(scenarios, name) && scenarios[name];
  if (!scenario) {
    throw new Error(`no scenario \`${name}\`: ${Object.keys(scenarios).join(", ")}`);
  }
  Promise.resolve(scenario(...rest)).then(
    () => console.log("done"),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}

module.exports = { is, holds, gives, main };
