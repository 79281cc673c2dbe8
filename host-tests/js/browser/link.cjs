// By a link: sign in, be kept to registration, register, land where one wanted to go, sign out, sign in with the passkey.
"use strict";

const { holds, is } = require("../check.cjs");
const { Person } = require("./person.cjs");
const { minted, link } = require("./pass.cjs");
const { confined, registers, goesOn, comesBack, looked } = require("./story.cjs");

const USER = "alice@example.com";

module.exports = async function byLink(browser, origin) {
  const alice = await Person.arrives(browser, origin);
  await alice.has();
  const pass = minted(USER, { once: true });
  is("the link opens", await alice.opens(link(pass, "/passkeys")), 200);
  is("the pass is gone from the address", alice.page.url(), `${origin}/.tap/sign-in?return_to=%2Fpasskeys`);
  await alice.isTold("#whose", /alice@example\.com/);
  await alice.presses("#go");
  await confined(alice, USER);
  await looked(alice, "app-register");

  await registers(alice, "Telephone");
  await looked(alice, "app-registered");
  await goesOn(alice, "/passkeys");
  is("one passkey of that name", await alice.page.locator("#passkeys .name").allInnerTexts(), ["Telephone"]);
  await looked(alice, "app-passkeys");
  await alice.presses(".remove");
  await alice.page.waitForSelector("#confirm");
  await looked(alice, "app-last-one");
  await alice.presses("#keep");
  await alice.arrivesAt("/passkeys");
  await comesBack(alice, USER);
  await looked(alice, "app-home-signed-in");
  is("nothing is there", await alice.opens("/nothing"), 404);
  await looked(alice, "app-not-found");

  await alice.opens(link(pass));
  await alice.presses("#go");
  await alice.page.waitForSelector("#reason");
  is("the pass has done its work", await alice.page.locator("#reason").getAttribute("data-reason"), "already_used");
  const kept = (await alice.context.cookies()).map((cookie) => cookie.name);
  holds("the gate has left no session", !kept.includes("__Host-tapgate"), kept);
  await alice.leaves();
};
