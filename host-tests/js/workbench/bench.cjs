// Somebody at the workbench: a person at a browser with the page open, and what they find on it.
"use strict";

const { is } = require("../check.cjs");
const { Person } = require("../browser/person.cjs");

class Bench extends Person {
  /** Somebody opens the page, with `fragment` behind its address. */
  static async opened(browser, { fragment = "", ...wishes } = {}) {
    const person = await super.arrives(browser, process.env.ORIGIN, { viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...wishes });
    const bench = Object.assign(new Bench(), person);
    bench.asked = [];
    bench.context.on("request", (request) => bench.asked.push(request.url()));
    // Whatever the page's rules of content forbid is heard of.
    await bench.page.addInitScript(() => document.addEventListener("securitypolicyviolation", (event) => console.error(`against the policy: ${event.violatedDirective} ${event.blockedURI}`)));
    await bench.page.goto(`${bench.origin}/${fragment}`);
    await bench.stands();
    return bench;
  }

  /** Waits until the page stands. All that it needs has been fetched by then. */
  async stands() {
    await this.page.waitForSelector("html[data-ready]");
    this.loaded = this.asked.length;
  }

  /** The text of an element without its surroundings' spaces. */
  async said(selector) {
    return (await this.page.locator(selector).innerText()).trim();
  }

  /** Starts from a shipped policy. */
  async startsFrom(name) {
    await this.page.getByLabel("Start from", { exact: true }).selectOption(name);
    await this.isTold("header .status", new RegExp(`${name} is open`));
  }

  /** Opens files, `[name, text]` each, as from a disk. */
  async opensFiles(...files) {
    await this.page.getByLabel("Open files").setInputFiles(files.map(([name, text]) => ({ name, mimeType: "application/yaml", buffer: Buffer.from(text) })));
  }

  /** Chooses a case, from 0. */
  async chooses(index) {
    await this.page.locator(".choose select").selectOption(String(index));
  }

  /** Every step of the case that is open, each gone to and read. */
  async steps() {
    return this.page.evaluate(() => {
      const text = (element) => element?.textContent ?? "";
      const rows = [...document.querySelectorAll(".steps tbody tr")];
      return rows.map((row) => {
        row.click();
        const answer = /^Answer: (\d+)\. The application (gets|does not get) the request\.$/.exec(text(document.querySelector(".now .answer")));
        const audit = text(document.querySelector(".now .audit")).replace(/^Audit: /, "");
        return {
          step: Number(text(row.querySelector("button"))),
          sent: text(row.querySelector(".what")),
          status: answer ? Number(answer[1]) : null,
          forwarded: answer ? answer[2] === "gets" : null,
          audit: audit === "" ? [] : audit.split("; "),
          decision: text(row.querySelector(".decided")),
          differences: [...document.querySelectorAll(".now .differences li")].map(text),
        };
      });
    });
  }

  /** Presses a button that saves, and gives the file: its name and its text. */
  async saves(label) {
    const [download] = await Promise.all([this.page.waitForEvent("download"), this.page.getByRole("button", { name: label }).click()]);
    const stream = await download.createReadStream();
    const parts = [];
    for await (const part of stream) parts.push(part);
    return { name: download.suggestedFilename(), text: Buffer.concat(parts).toString("utf8") };
  }

  /** Leaves. Since the page stood, nothing was asked for over the network. */
  async leaves() {
    is("nothing is asked for once the page stands", this.asked.slice(this.loaded).filter((address) => !/^(blob|data):/.test(address)), []);
    await super.leaves();
  }
}

module.exports = { Bench };
