// The gate's own pages, in every language: what one costs, what may run on it, and (in two of them) how it looks.
"use strict";

const { holds, is } = require("../check.cjs");
const { Person } = require("./person.cjs");
const { minted, link } = require("./pass.cjs");
const { looked } = require("./look.cjs");

const LANGUAGES = ["en", "ja", "de", "fr", "es"];
const LOOKED_AT = ["en", "ja"];
/** What a page may weigh with its headers, in bytes. */
const MOST = 30_000;

/** Does what leads to a page, and holds what came to what every page is held to. */
async function costs(person, name, act) {
  const asked = [];
  const note = (request) => asked.push(request);
  person.page.on("request", note);
  await act();
  await person.page.waitForLoadState("networkidle");
  person.page.off("request", note);
  // One that leads on is no page, and the application's own icon may still be on its way.
  const belated = (request) => !request.isNavigationRequest() && request.headers().referer === `${person.origin}/register`;
  const pages = asked.filter((request) => !request.redirectedTo() && !belated(request));
  is(`${name}: one request`, pages.map((request) => request.resourceType()), ["document"]);
  const answer = await pages[0].response();
  const { responseHeadersSize, responseBodySize } = await pages[0].sizes();
  const weight = responseHeadersSize + responseBodySize;
  holds(`${name}: ${weight} bytes`, weight > 1000 && weight < MOST, weight);
  const policy = await answer.headerValue("content-security-policy");
  holds(`${name}: nothing unsafe`, policy.startsWith("default-src 'none'; ") && !policy.includes("unsafe-"), policy);
  is(`${name}: never stored`, await answer.headerValue("cache-control"), "no-store");
  const [language] = name.split(".").slice(1);
  is(`${name}: its language`, await person.page.evaluate(() => document.documentElement.lang), language);
  if (LOOKED_AT.includes(language)) await looked(person, name);
}

/** The sign-in page as whoever has no JavaScript sees it. axe-core is JavaScript itself, so what a browser would show is put in its place. */
async function withoutScript(person, language) {
  const told = await person.page.evaluate(() => {
    const hidden = document.querySelector("noscript");
    const shown = document.createElement("div");
    shown.innerHTML = hidden.textContent;
    hidden.replaceWith(shown);
    return shown.innerText;
  });
  holds("who has no JavaScript is told what to do", told.includes("#pass="), told);
  if (LOOKED_AT.includes(language)) await looked(person, `sign-in-told-without-script.${language}`);
}

async function pagesIn(language, browser, origin) {
  const whole = minted("grace@example.com");
  const cut = (part) => whole.slice(0, whole.length * part);
  const grace = await Person.arrives(browser, origin, { locale: language });
  const refused = (reason) => grace.page.waitForSelector(`#reason[data-reason=${reason}]`);
  await costs(grace, `sign-in.${language}`, () => grace.opens("/.tap/sign-in"));
  await withoutScript(grace, language);
  await costs(grace, `link-broken.${language}`, () => grace.opens(link(cut(0.6))));
  for (const part of [0, 0.1, 0.95]) {
    await grace.opens(link(cut(part)));
    is(`${language}: a link cut at ${part} is seen to be`, await grace.page.inputValue("#pass"), "");
    holds("and said to be", (await grace.reads("#whose")).length > 20, await grace.reads("#whose"));
  }
  await grace.opens("/.tap/sign-in");
  await grace.types("#user", "grace@example.com");
  await grace.types("#pass", "0000 0000");
  await costs(grace, `refused.${language}`, async () => {
    await grace.presses("#go");
    await refused("invalid_pass");
  });
  const expired = minted(`grace-${language}@example.com`, { iat: 1_700_000_000, nbf: 1_700_000_000, exp: 1_700_003_600 });
  await grace.opens(link(expired));
  await costs(grace, `refused-expired.${language}`, async () => {
    await grace.presses("#go");
    await refused("expired");
  });
  await costs(grace, `deadline-passed.${language}`, () => grace.opens("/.tap/sign-in?reason=registration_deadline_passed"));
  const pass = minted(`grace-${language}@example.com`);
  await costs(grace, `link.${language}`, () => grace.opens(link(pass)));
  await grace.presses("#go");
  await grace.arrivesAt("/register");
  const other = minted(`heidi-${language}@example.com`);
  await costs(grace, `link-of-another.${language}`, () => grace.opens(link(other)));
  await grace.opens("/register");
  await costs(grace, `signed-out.${language}`, async () => {
    await grace.presses("#cancel");
    await grace.page.waitForSelector("#signed-out");
  });
  await grace.presses("#again");
  await grace.arrivesAt("/.tap/sign-in");
  await grace.leaves();
}

module.exports = async function pages(browser, origin) {
  await Promise.all(LANGUAGES.map((language) => pagesIn(language, browser, origin)));
};
