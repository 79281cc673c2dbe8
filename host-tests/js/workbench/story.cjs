// A story put together with the buttons: what each of them writes is what the rules read.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { holds, is } = require("../check.cjs");
const { looked } = require("../browser/look.cjs");
const { Bench } = require("./bench.cjs");

module.exports = async (browser) => {
  const bench = await Bench.opened(browser);
  const form = bench.page.getByRole("form", { name: "Add a step" });
  const adds = async (kind, fields = {}, minutes) => {
    const before = await bench.page.locator(".steps tbody tr").count();
    await form.getByLabel("What happens").selectOption({ label: kind });
    for (const [label, value] of Object.entries(fields)) {
      const field = form.getByLabel(label, { exact: true });
      if ((await field.evaluate((element) => element.tagName)) === "SELECT") await field.selectOption(value);
      else if (typeof value === "boolean") await field.setChecked(value);
      else await field.fill(value);
    }
    if (minutes !== undefined) await form.getByLabel("Minutes after the step before").fill(String(minutes));
    await form.getByRole("button", { name: "Add to the story" }).click();
    is(`${kind}: nothing is wrong with it`, await bench.page.locator(".story .flaws").count(), 0);
    return (await bench.page.locator(".steps tbody tr").count()) - before;
  };
  await bench.page.getByRole("button", { name: "New story" }).click();
  await bench.page.waitForFunction(() => document.querySelectorAll(".steps tbody tr").length === 1);
  is("a pass is minted", await adds("Mint a pass", { "Name in the story": "dora", Person: "dora@example.com", "Lasts, minutes": "120" }), 0);
  is("its holder signs in", await adds("Sign in with a pass", { Pass: "dora", Browser: "telephone" }, 1), 1);
  is("goes elsewhere", await adds("Visit a path", { Path: "/payroll" }, 0), 1);
  is("waits", await adds("Wait", {}, 2), 1);
  is("is answered", await adds("The application's answer", { "It answers with status": "200" }, 0), 1);
  is("registers", await adds("Register a passkey", {}, 1), 1);
  is("comes from elsewhere", await adds("Sign in from another browser", { Pass: "dora" }, 1), 1);
  is("a newer pass", await adds("Replace a pass by a newer one", { Pass: "dora", Browser: "tablet" }, 1), 1);
  is("an older one is over", await adds("Sign in with a pass", { Pass: "dora", Browser: "tablet" }, 1), 1);
  is("somebody is revoked", await adds("Revoke a pass", { Pass: "dora" }, 1), 1);
  is("the policy is tightened", await adds("Tighten the policy", { Field: "temporaryAccessPass.state" }, 1), 1);
  is("nobody signs in", await adds("Sign in with a pass", { Pass: "alice", Browser: "late" }, 1), 1);
  const told = (await bench.steps()).filter(({ status }) => status !== null).map(({ sent, audit }) => [sent, ...audit]);
  is("and so it went", told, [
    ["sign-in with alice", "sign_in done"],
    ["sign-in with dora", "sign_in done"],
    ["GET /payroll"],
    ["POST /webauthn/finish"],
    ["POST /webauthn/finish", "completion done"],
    ["sign-in with dora", "sign_in done"],
    ["sign-in with dora-newer", "sign_in done"],
    ["sign-in with dora", "sign_in refused replaced"],
    ["sign-in with alice", "sign_in refused disabled"],
  ]);
  await looked(bench, "workbench-story");

  // Backwards and forwards, by buttons and by time.
  const chosen = () => bench.page.locator(".steps tr.chosen button").innerText();
  const last = await bench.page.locator(".steps tbody tr").count();
  is("the last step is chosen", await chosen(), String(last));
  await bench.page.getByRole("button", { name: "Step back" }).click();
  is("one back", await chosen(), String(last - 1));
  await bench.page.getByRole("button", { name: "Step forward" }).click();
  is("one forth", await chosen(), String(last));
  const slider = bench.page.getByRole("slider", { name: "Time" });
  await slider.fill("0");
  is("at the start", await chosen(), "1");
  await bench.isTold(".could", /08:00:00/);
  await slider.press("PageUp");
  is("the slider goes from step to step", await chosen(), "2");
  await slider.press("ArrowRight");
  is("and by the minute", await slider.getAttribute("aria-valuetext"), "08:02:00, 2 minutes after the start");
  await bench.isTold(".could", /08:02:00/);
  await bench.page.locator(".timeline").evaluate((place) => {
    place.scrollIntoView();
    place.scrollLeft = place.scrollWidth;
  });
  const box = await bench.page.locator(".timeline").boundingBox();
  await bench.page.mouse.move(box.x + 30, box.y + 30);
  await bench.page.mouse.down();
  await bench.page.mouse.move(box.x + box.width - 10, box.y + 40, { steps: 5 });
  await bench.page.mouse.up();
  is("time is dragged to the end", await chosen(), String(last));

  // Moved, removed, and made an expectation.
  const row = (number) => bench.page.locator(`.steps tbody tr[data-step="${number - 1}"]`);
  await row(3).click();
  const moved = await row(3).locator(".what").innerText();
  await bench.page.getByRole("button", { name: "Move up" }).click();
  is("it moved up", [await row(2).locator(".what").innerText(), await chosen()], [moved, "2"]);
  await bench.page.getByRole("button", { name: "Move down" }).click();
  is("and down again", [await row(3).locator(".what").innerText(), await chosen()], [moved, "3"]);
  is("without an error", await bench.page.locator(".story .flaws").count(), 0);
  await bench.page.getByRole("button", { name: "Remove" }).click();
  is("it is gone", await bench.page.locator(".steps tbody tr").count(), last - 1);
  await row(2).click();
  await bench.page.getByRole("button", { name: "Expect what happens" }).click();
  holds("and all go as they are written", /^All \d+ stories go as they are written\.$/.test(await bench.said(".story > .status")), await bench.said(".story > .status"));
  await bench.page.getByRole("button", { name: "Show its text" }).click();
  const text = await bench.page.locator(".cases-editor .cm-activeLine").first().innerText();
  holds("its text is shown", text.trim().startsWith("-"), text);
  for (const label of ["Save policy", "Save stories"]) {
    const { name, text } = await bench.saves(label);
    fs.writeFileSync(path.join(process.env.OUT, `story-${name}`), text);
    if (label === "Save stories") holds("what was expected is in it", text.includes("expect: {status: 303, forwarded: false, audit: [\"sign_in done\"]}"), text.slice(-2000));
  }

  // Where a file holds several tenants, changes are the first one's; excluding one person leaves those in place who are excluded already.
  for (const [name, pass] of [["multi-tenant", null], ["help-desk", "alice"]]) {
    await bench.startsFrom(name);
    is(`${name}: tightened`, await adds("Tighten the policy", { Field: "registration.windowInMinutes" }, 1), 1);
    for (const times of [1, 2]) is(`${name}: revoked, ${times}`, await adds("Revoke a pass", pass ? { Pass: pass } : {}, 1), 1);
    const titles = (await bench.steps()).slice(-2).map(({ sent }) => /excludeTargets(\[\d\])?/.exec(sent)[1] ?? "");
    is(`${name}: one after the other`, titles, name === "help-desk" ? ["[1]", "[2]"] : ["", "[1]"]);
    holds(`${name}: nothing is in its way`, !(await bench.page.locator(".story .bad").allInnerTexts()).some((text) => /changes what|cannot/.test(text)));
  }
  await bench.leaves();
};
