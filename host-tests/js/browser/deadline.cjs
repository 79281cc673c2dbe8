// Nothing is registered: the time runs, can be seen to run, and is over.
"use strict";

const { holds, is } = require("../check.cjs");
const { Person } = require("./person.cjs");
const { ending, link } = require("./pass.cjs");
const { looked } = require("./story.cjs");

/** How long the pass still lasts when it is minted, in seconds: time enough to sign in with it on a busy machine. */
const LEFT = 45;

const seconds = (text) => {
  const [minutes, rest] = text.split(":");
  return Number(minutes) * 60 + Number(rest);
};

module.exports = async function deadline(browser, origin) {
  const carol = await Person.arrives(browser, origin);
  await carol.has();
  const pass = ending("carol@example.com", LEFT);
  await carol.opens(link(pass));
  await carol.presses("#go");
  await carol.arrivesAt("/register");
  await carol.isTold("#left", /^\d:\d\d$/);
  const first = seconds(await carol.reads("#left"));
  holds("the pass ends before the window does", first <= LEFT, first);
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
