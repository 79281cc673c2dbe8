// The policy's editor: every error under its line with its mend, completion and explanations from the schema, words beside it.
"use strict";

const { holds, is } = require("../check.cjs");
const { looked } = require("../browser/look.cjs");
const { Bench } = require("./bench.cjs");

module.exports = async (browser, { wrong }) => {
  const bench = await Bench.opened(browser);
  holds("the policy stands in words", (await bench.said(".words")).includes("contoso"));
  holds("with its risks", (await bench.page.locator(".risk").count()) > 0);

  await bench.opensFiles(["wrong.yaml", wrong.policy]);
  await bench.isTold(".region.policy > .status", new RegExp(`^${wrong.errors.length} errors`));
  const listed = await bench.page.locator(".region.policy .flaws > li").evaluateAll((items) =>
    items.map((item) => ({
      line: Number(/\d+/.exec(item.querySelector("button").textContent)[0]),
      field: item.querySelector("code").textContent,
      ...Object.fromEntries([...item.querySelectorAll("dl div")].map((part) => [part.querySelector("dt").textContent, part.querySelector("dd").textContent])),
    })));
  is("every error is listed as the rules tell it", listed, wrong.errors.map(({ line, field, found, allowed, mend }) => ({ line, field, found: found.replace(/^found /, ""), allowed, mend })));
  // Each stands under its own line: the lines of the text and of the errors, in the order in which they are drawn.
  const under = await bench.page.locator(".policy-editor .cm-content").evaluate((content) => {
    const found = [];
    let line = 0;
    for (const part of content.children) {
      if (part.classList.contains("cm-line")) line += 1;
      else if (part.querySelector(".cm-wrong") ?? part.matches(".cm-wrong")) found.push([line, (part.matches(".cm-wrong") ? part : part.querySelector(".cm-wrong")).textContent]);
    }
    return found;
  });
  is("and under its line", under.map(([line]) => line), wrong.errors.map(({ line }) => line).sort((one, other) => one - other));
  holds("with its mend", under.every(([, text]) => wrong.errors.some(({ mend }) => text.toLowerCase().includes(mend.toLowerCase()))), under);
  await looked(bench, "workbench-errors");
  const last = wrong.errors.at(-1);
  await bench.page.locator(".region.policy .flaws button").last().click();
  const here = await bench.page.locator(".policy-editor").evaluate((place) => place.shadowRoot.querySelector(".cm-activeLineGutter")?.textContent);
  is("whoever presses it is there", Number(here), last.line);

  await bench.startsFrom("day-one");
  holds("a good one has no errors", (await bench.said(".region.policy > .status")).startsWith("No errors. All "));
  await bench.page.locator(".policy-editor .cm-content").click();
  await bench.page.keyboard.press("Control+End");
  await bench.page.keyboard.type("upst");
  const offers = bench.page.locator(".policy-editor .cm-tooltip-autocomplete li");
  await offers.first().waitFor();
  is("fields are offered", (await offers.allInnerTexts()).map((text) => text.trim()), ["upstream"]);
  // What is offered is not taken in the first moment, lest somebody who types on takes it.
  await bench.page.waitForTimeout(200);
  await bench.page.keyboard.press("Enter");
  await bench.page.keyboard.type("userHea");
  await offers.first().waitFor();
  await bench.page.waitForTimeout(200);
  await bench.page.keyboard.press("Enter");
  await bench.page.keyboard.type("x-user");
  await bench.isTold(".words", /x-user/);

  await bench.page.keyboard.press("Control+End");
  await bench.page.keyboard.press("Enter");
  await bench.page.keyboard.press("Control+Home");
  await bench.page.locator(".policy-editor .cm-line", { hasText: "state:" }).click();
  await bench.page.keyboard.press("End");
  await bench.page.keyboard.press("Control+Shift+ArrowLeft");
  await bench.page.keyboard.press("Backspace");
  await bench.page.keyboard.press("Control+Space");
  await offers.first().waitFor();
  is("values are offered", (await offers.allInnerTexts()).map((text) => text.trim()).sort(), ["disabled", "enabled"]);
  await bench.page.keyboard.press("Escape");

  // Something is looked for in the whole text, of which only a part is drawn.
  await bench.page.keyboard.press("Control+F");
  await bench.page.keyboard.type("TAPGATE_UPSTREAM_KEY");
  await bench.page.keyboard.press("Enter");
  await bench.page.locator(".policy-editor .cm-searchMatch-selected").waitFor();
  await looked(bench, "workbench-search");
  await bench.page.keyboard.press("Escape");

  await bench.startsFrom("help-desk");
  await bench.page.locator(".policy-editor .cm-content").hover();
  await bench.page.locator(".policy-editor .cm-line", { hasText: "tenant:" }).getByText("tenant").first().hover();
  const help = bench.page.locator(".policy-editor .cm-help");
  await help.waitFor();
  holds("a field explains itself", (await help.innerText()).startsWith("tenant"), await help.innerText());
  await bench.leaves();
};
