// Signed passes as whoever holds the pass key mints them (RFC 7515, HS256), and codes as the desk issues them.
"use strict";

const { createHmac, randomUUID } = require("node:crypto");
const { gives, is } = require("../check.cjs");

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const seconds = () => Math.floor(Date.now() / 1000);

/** A pass for a user, valid for an hour from now unless `claims` say otherwise. */
function minted(user, claims = {}) {
  const now = seconds();
  const header = { alg: "HS256", typ: "tap+jwt", kid: "pass-1" };
  const said = {
    iss: "https://gate.example.com", aud: "gate.example.com", sub: user, jti: randomUUID(), iat: now, nbf: now, exp: now + 3600, ...claims,
  };
  const text = `${encoded(header)}.${encoded(said)}`;
  const pass = `${text}.${createHmac("sha256", Buffer.from(process.env.TAPGATE_PASS_KEY, "base64")).update(text).digest("base64url")}`;
  gives(pass);
  return pass;
}

/** The link that carries a pass, without the origin. */
function link(pass, wanted) {
  return `/.tap/sign-in${wanted ? `?return_to=${encodeURIComponent(wanted)}` : ""}#pass=${pass}`;
}

/** A pass that has begun long ago and ends soon, in that many seconds. */
function ending(user, left) {
  const end = seconds() + left;
  return minted(user, { iat: end - 3600, nbf: end - 3600, exp: end });
}

/** A code for a user, from the admin API. */
async function issued(origin, user, wishes = {}) {
  const answer = await fetch(`${origin}/.tap/graph/v1.0/users/${user}/authentication/temporaryAccessPassMethods`, {
    method: "POST",
    headers: { authorization: `Bearer ${process.env.TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(wishes),
  });
  const said = await answer.json();
  is("a code is issued", [answer.status, said.error], [201, undefined]);
  gives(said.temporaryAccessPass);
  return said.temporaryAccessPass;
}

module.exports = { minted, ending, issued, link };
