// Where the policy lets a session go on (`then: continue`): straight to where one wanted to go, and out of it at the gate.
"use strict";

const { is } = require("../check.cjs");
const { Person } = require("./person.cjs");
const { minted, link } = require("./pass.cjs");
const { confined, looked } = require("./story.cjs");

const USER = "ivan@example.com";

/** As many passkeys as one may have. */
const MOST = 20;

/** Adds passkeys, each on a device of its own, until there are as many as may be. */
async function fillsUp(person) {
  const names = person.page.locator("#passkeys .name");
  for (let count = (await names.count()) + 1; count <= MOST; count += 1) {
    await person.loses();
    await person.has();
    await person.types("#name", `Device ${count}`);
    await person.presses("#register");
    await person.page.waitForFunction((count) => document.querySelectorAll("#passkeys .name").length === count, count);
  }
  is("as many as may be", await names.count(), MOST);
}

module.exports = async function goesOn(browser, origin) {
  const ivan = await Person.arrives(browser, origin);
  await ivan.has();
  await ivan.opens(link(minted(USER, { once: true }), "/passkeys?from=link"));
  await ivan.presses("#go");
  await confined(ivan, USER);
  await ivan.presses("#register");
  await ivan.isTold("#message", /^Your passkey is registered\.$/);
  is("nobody is told to sign in", await ivan.reads("#done"), "Continue");
  await looked(ivan, "app-registered-goes-on");
  await ivan.presses("#continue");
  await ivan.arrivesAt("/passkeys?from=link");
  is("the passkey is there", await ivan.page.locator("#passkeys .name").allInnerTexts(), ["My passkey"]);

  // Not twice on one device; on another, which takes the first one's place.
  await ivan.presses("#register");
  await ivan.isTold("#message", /This device already has a passkey of yours/);
  await looked(ivan, "app-passkeys-twice");
  await ivan.loses();
  await ivan.has();
  await ivan.types("#name", "Spare");
  await ivan.presses("#register");
  await ivan.page.waitForFunction(() => document.querySelectorAll("#passkeys .name").length === 2);
  is("two of them", await ivan.page.locator("#passkeys .name").allInnerTexts(), ["My passkey", "Spare"]);
  await looked(ivan, "app-passkeys-two");
  await ivan.presses(".passkey:nth-child(1) .remove");
  await ivan.page.waitForFunction(() => document.querySelectorAll("#passkeys .name").length === 1);

  await fillsUp(ivan);

  await ivan.presses("#sign-out");
  await ivan.page.waitForSelector("#signed-out");
  await ivan.opens("/");
  await looked(ivan, "app-home-signed-out");
  is("nobody again", [await ivan.opens("/passkeys"), ivan.at()], [200, "/login"]);
  await ivan.presses("#sign-in");
  await ivan.arrivesAt("/");
  is("somebody, with a passkey", await ivan.reads("#user"), USER);

  // Whoever comes with another pass finds that there is no room, before a device makes a passkey for nothing.
  await ivan.presses("#sign-out");
  await ivan.arrivesAt("/login");
  await ivan.opens(link(minted(USER, { once: true })));
  await ivan.presses("#go");
  await ivan.arrivesAt("/register");
  await ivan.isTold("#message", /as many passkeys as one may have/);
  await looked(ivan, "app-no-room");
  await ivan.presses("#cancel");
  await ivan.page.waitForSelector("#signed-out");
  await ivan.leaves();
};
