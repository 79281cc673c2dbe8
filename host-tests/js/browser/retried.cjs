// A ceremony that fails, and is done again: on the forced page, and at the sign-in. In by the application's own form.
"use strict";

const { is } = require("../check.cjs");
const { Person } = require("./person.cjs");
const { issued } = require("./pass.cjs");
const { confined, registered, looked } = require("./story.cjs");

const USER = "dora@example.com";

module.exports = async function retried(browser, origin) {
  const dora = await Person.arrives(browser, origin);
  await dora.has();
  await dora.opens("/login");
  await looked(dora, "app-login");
  await dora.types("#pass-username", USER);
  await dora.types("#pass", await issued(origin, USER));
  await dora.presses("#use-pass");
  await confined(dora, USER);

  await dora.recognised(false);
  await dora.presses("#register");
  await dora.isTold("#message", /You can try again\./);
  is("no passkey", await dora.passkeys(), []);
  is("the button waits", await dora.page.locator("#register:focus:enabled").count(), 1);
  await looked(dora, "app-failed");
  await dora.recognised(true);
  await dora.presses("#register");
  await registered(dora);

  await dora.presses("#continue");
  await dora.arrivesAt("/login");
  await dora.recognised(false);
  await dora.presses("#sign-in");
  await dora.isTold("#message", /You can try again\./);
  await dora.recognised(true);
  await dora.presses("#sign-in");
  await dora.arrivesAt("/");
  is("signed in", await dora.reads("#user"), USER);
  await dora.leaves();
};
