// Nothing is registered: the time runs, can be seen to run, and is over.
"use strict";

const { holds, is } = require("../check.cjs");
const { Person } = require("./person.cjs");
const { ending, link } = require("./pass.cjs");
const { looked } = require("./story.cjs");

/** How long a pass still lasts when it is minted, in seconds: where a machine is too slow to sign in with one, it gets a longer one. */
const LEFT = [30, 120, 600];
/** How much of that there is to be, once the forced page has said it, for the countdown to be seen running. */
const ENOUGH = 10;

const seconds = (text) => {
  const [minutes, rest] = text.split(":");
  return Number(minutes) * 60 + Number(rest);
};

/** Signs in with a pass that soon ends; how much time the forced page says there is. */
async function signedIn(carol) {
  for (const left of LEFT) {
    const pass = ending("carol@example.com", left);
    await carol.opens(link(pass));
    await carol.presses("#go");
    await carol.page.waitForSelector("#reason, #countdown:not([hidden])");
    const said = carol.page.locator("#left");
    const first = (await said.count()) ? seconds(await said.innerText()) : 0;
    if (first >= ENOUGH) return { pass, left, first };
  }
  throw new Error("the machine is too slow to sign in within minutes");
}

module.exports = async function deadline(browser, origin) {
  const carol = await Person.arrives(browser, origin);
  await carol.has();
  const { pass, left, first } = await signedIn(carol);
  holds("the pass ends before the window does", first >= ENOUGH && first <= left, { first, left });
  await carol.page.waitForFunction(
    (first) => {
      const [minutes, rest] = document.getElementById("left").textContent.split(":");
      return Number(minutes) * 60 + Number(rest) < first - 1;
    },
    first,
  );
  console.log("ok the countdown runs");

  await carol.page.waitForSelector("#again", { state: "visible" });
  is("it has come to its end", await carol.reads("#left"), "0:00");
  await carol.isTold("#message", /Your time to register a passkey is over\./);
  is("the button is dead", await carol.page.locator("#register").isDisabled(), true);
  await looked(carol, "app-time-up");
  is("what it says is so", [await carol.opens("/register"), carol.at()], [200, "/.tap/sign-in?reason=registration_deadline_passed"]);
  is("and why", await carol.page.locator("#reason").getAttribute("data-reason"), "registration_deadline_passed");

  await carol.opens(link(pass));
  await carol.presses("#go");
  await carol.page.waitForSelector("#reason");
  is("the pass has ended, too", await carol.page.locator("#reason").getAttribute("data-reason"), "expired");
  is("no passkey", await carol.passkeys(), []);
  await carol.leaves();
};
