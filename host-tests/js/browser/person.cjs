// A person at a browser: a context of their own with cookies of its own, an authenticator, and a keyboard. Nobody here has a mouse.
"use strict";

const { chromium } = require("playwright-core");
const { holds, is } = require("../check.cjs");

/** How often somebody presses Tab before they give up: more than any page has to stop at. */
const PATIENCE = 60;
/** How long something is waited for before it is called hung. Never a statement about speed. */
const HANG = 120_000;

/** An authenticator as telephones and notebooks have one: it keeps passkeys and asks who is there. */
const DEVICE = {
  protocol: "ctap2",
  transport: "internal",
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  automaticPresenceSimulation: true,
};

/** Starts the one browser of a run. */
async function launched() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

class Person {
  /** Somebody new: no cookies, no passkeys. `wishes` are Playwright's for a context. */
  static async arrives(browser, origin, wishes = {}) {
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1000, height: 760 }, ...wishes });
    context.setDefaultTimeout(HANG);
    const person = new Person();
    Object.assign(person, { context, origin, page: await context.newPage(), complaints: [] });
    person.page.on("console", (said) => {
      // What a refusal's status makes a browser say is no fault of the page.
      if (said.type() === "error" && !/^Failed to load resource: the server responded with a status of (401|403|404|409|503) /.test(said.text())) {
        person.complaints.push(said.text());
      }
    });
    person.page.on("pageerror", (error) => person.complaints.push(String(error)));
    return person;
  }

  /** Gives the browser an authenticator. */
  async has(device = DEVICE) {
    this.devtools = await this.context.newCDPSession(this.page);
    await this.devtools.send("WebAuthn.enable");
    const added = await this.devtools.send("WebAuthn.addVirtualAuthenticator", { options: device });
    this.device = added.authenticatorId;
  }

  /** Takes the authenticator away, with all that is on it. */
  async loses() {
    await this.devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: this.device });
  }

  /** Whether the authenticator recognises the person from now on. */
  async recognised(isUserVerified) {
    await this.devtools.send("WebAuthn.setUserVerified", { authenticatorId: this.device, isUserVerified });
  }

  /** The passkeys on the authenticator. */
  async passkeys() {
    const { credentials } = await this.devtools.send("WebAuthn.getCredentials", { authenticatorId: this.device });
    return credentials;
  }

  /** Opens an address as one that is typed or clicked elsewhere; the answer's status. */
  async opens(path) {
    // A link that differs from the page only in its fragment would not be loaded again.
    await this.page.goto("about:blank");
    const answer = await this.page.goto(`${this.origin}${path}`);
    return answer.status();
  }

  /** Path and query of the page that is shown. */
  at() {
    const { pathname, search } = new URL(this.page.url());
    return pathname + search;
  }

  /** Waits until the page is at a path. */
  async arrivesAt(path) {
    await this.page.waitForURL((url) => url.pathname + url.search === path, { waitUntil: "load" });
    console.log(`ok ${path} is reached`);
  }

  /** The text of an element. */
  async reads(selector) {
    return (await this.page.locator(selector).innerText()).trim();
  }

  /** Waits until an element can be seen and says something. */
  async isTold(selector, wanted) {
    await this.page.waitForFunction(
      ([selector, source]) => new RegExp(source).test(document.querySelector(selector)?.innerText ?? ""),
      [selector, wanted.source],
    );
    console.log(`ok ${selector} says ${wanted.source}`);
  }

  /** Goes to an element by Tab alone, and sees where the focus is all the way. */
  async reaches(selector) {
    for (let presses = 0; presses <= PATIENCE; presses += 1) {
      const seen = await this.page.evaluate((selector) => {
        const focused = document.activeElement;
        if (!focused || focused === document.body) return { there: false };
        const style = getComputedStyle(focused);
        const box = focused.getBoundingClientRect();
        return {
          there: focused.matches(selector),
          name: focused.outerHTML.slice(0, 120),
          outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
          inside: box.width > 0 && box.height > 0,
        };
      }, selector);
      if (seen.name && !(seen.outlined && seen.inside)) holds("whoever goes by keyboard sees where they are", false, seen);
      if (seen.there) return;
      await this.page.keyboard.press("Tab");
    }
    holds(`${selector} is reached by Tab`, false, this.page.url());
  }

  /** Presses a button or follows a link. */
  async presses(selector) {
    await this.reaches(selector);
    await this.page.keyboard.press("Enter");
  }

  /** Fills in a field, in place of what was in it. */
  async types(selector, text) {
    await this.reaches(selector);
    await this.page.keyboard.press("Control+A");
    await this.page.keyboard.type(text);
  }

  /** Leaves. Nothing may have gone wrong in the browser that nobody saw. */
  async leaves() {
    is("the browser has nothing to complain of", this.complaints, []);
    await this.context.close();
  }
}

/** Plays one of the flows with what it is given, and says that it is through; an error names it. */
async function played(flows, name, ...given) {
  try {
    await flows[name](...given);
  } catch (error) {
    throw new Error(`the flow ${name}`, { cause: error });
  }
  console.log(`ok the flow ${name}`);
}

/** Does all of it in one Chromium, and says what it came to as a program does. */
function inOneBrowser(flows) {
  const all = async () => {
    const browser = await launched();
    try {
      await flows(browser);
    } finally {
      await browser.close();
    }
  };
  all().then(
    () => console.log("done"),
    (error) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}

module.exports = { Person, inOneBrowser, played, HANG };
