// What every way in has in common: from the forced page to the site, out of it, and back with the passkey.
"use strict";

const { is } = require("../check.cjs");
const { looked } = require("./look.cjs");

/** The forced page is the only one there is, and says how long. */
async function confined(person, user) {
  await person.arrivesAt("/register");
  is("the page says who is registering", await person.reads("#user"), user);
  await person.isTold("#left", /^(10:00|\d:\d\d)$/);
  for (const path of ["/", "/passkeys", "/login", "/nothing"]) {
    is(`${path} leads back`, [await person.opens(path), person.at()], [200, "/register"]);
  }
}

/** Registers a passkey of this name. */
async function registers(person, name) {
  await person.types("#name", name);
  await person.presses("#register");
  await registered(person);
}

/** The passkey is kept, on both sides. */
async function registered(person) {
  await person.isTold("#message", /Your passkey is registered\. Now sign in with it\./);
  is("a passkey on the device", (await person.passkeys()).length, 1);
}

/** Signs in with the new passkey, for the first time; comes to where the person wanted to go, or home. */
async function goesOn(person, wanted) {
  await person.presses("#continue");
  await person.arrivesAt(wanted ? `/login?next=${encodeURIComponent(wanted)}` : "/login");
  await person.presses("#sign-in");
  await person.arrivesAt(wanted ?? "/");
}

/** Out, and in again with the passkey. */
async function comesBack(person, user) {
  await person.presses("#sign-out");
  await person.arrivesAt("/login");
  is("whoever has signed out is nobody", [await person.opens("/passkeys"), person.at()], [200, "/login"]);
  await person.presses("#sign-in");
  await person.arrivesAt("/");
  is("and is somebody with a passkey", await person.reads("#user"), user);
}

module.exports = { confined, registers, registered, goesOn, comesBack, looked };
