// Links: a whole story in a fragment, never with a key; and fragments and files that mean no good.
"use strict";

const zlib = require("node:zlib");
const { holds, is } = require("../check.cjs");
const { Bench } = require("./bench.cjs");

const fragment = (value) => `#story=${zlib.deflateRawSync(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")}`;
const NASTY = `<img src=x onerror="document.title='gone'"><script>document.title='gone'</script>`;

module.exports = async (browser, { shipped }) => {
  const { policy, cases } = shipped.find(({ name }) => name === "day-one").texts;
  const giver = await Bench.opened(browser);
  await giver.startsFrom("day-one");
  await giver.chooses(2);
  const steps = await giver.steps();
  await giver.page.getByRole("button", { name: "Copy link" }).click();
  await giver.isTold("header .status", /link/);
  const address = new URL(giver.page.url());
  await giver.leaves();

  const taker = await Bench.opened(browser, { fragment: address.hash });
  is("the story of the link is open", await taker.steps(), steps);
  is("nothing of it is sent", taker.asked.some((asked) => asked.includes("story=")), false);
  is("the policy is the giver's", (await taker.saves("Save policy")).text, policy);
  is("and so are the stories", (await taker.saves("Save stories")).text, cases);
  // A key in the policy stays where it is.
  for (const text of ["keys:\n  pass: [{id: a, value: SECRETSECRET}]\n", 'keys: {"pass": [{"id": "a", "v\\u0061lue": "SECRETSECRET"}]}\n']) {
    await taker.opensFiles(["secret.yaml", text]);
    await taker.isTold("header .status", /secret.yaml is open/);
    await taker.page.getByRole("button", { name: "Copy link" }).click();
    await taker.isTold("header .status", /No link is made: there is a key/);
    is("no link was made", new URL(taker.page.url()).hash, "");
  }
  await taker.leaves();

  const bomb = fragment(JSON.stringify({ version: 1, name: "a", policy: " ".repeat(40 * 1024 * 1024), cases: "", index: 0 }));
  const hostile = {
    "not base64": "#story=%%%",
    "no deflate": "#story=AAAA",
    "no JSON": fragment("{"),
    "another shape": fragment([1, 2]),
    "texts that are none": fragment({ version: 1, name: 1, policy: {}, cases: [], index: 0 }),
    "a step back": fragment({ version: 1, name: "a", policy, cases, index: -1 }),
    "a bomb": bomb,
    "too long": `#story=${"A".repeat(600 * 1024)}`,
  };
  for (const [name, text] of Object.entries(hostile)) {
    const bench = await Bench.opened(browser, { fragment: text });
    await bench.isTold("header .status", /does not hold a story/);
    holds(`${name}: the page stands`, (await bench.steps()).length > 0);
    await bench.leaves();
  }
  const nasty = {
    markup: { version: 1, name: NASTY, policy: `# ${NASTY}\n${policy}`, cases: cases.replace("A pass waits for its morning", `'${NASTY.replaceAll("'", "''")}'`), index: 0 },
    "markup in errors": { version: 1, name: "../../x", policy: `"${NASTY.replaceAll('"', '\\"')}": 1\n`, cases: NASTY, index: 7 },
    "a deep text": { version: 1, name: "a", policy: "[".repeat(20_000), cases: "[".repeat(20_000), index: 0 },
    "many cases": { version: 1, name: "a", policy, cases: `cases:\n${"- {name: a, shows: [4.3], steps: []}\n".repeat(3000)}`, index: 5 },
    "a wild alias": { version: 1, name: "a", policy: "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", cases: "", index: 0 },
  };
  for (const [name, value] of Object.entries(nasty)) {
    const bench = await Bench.opened(browser, { fragment: fragment(value) });
    const found = await bench.page.evaluate(() => ({ title: document.title, images: document.images.length, scripts: document.scripts.length }));
    is(`${name}: it is text`, found, { title: "Tapgate policy workbench", images: 0, scripts: 1 });
    const saved = await bench.saves("Save policy");
    holds(`${name}: a file's name is one`, /^[A-Za-z0-9_-]+\.yaml$/.test(saved.name), saved.name);
    await bench.leaves();
  }
  const bench = await Bench.opened(browser);
  await bench.opensFiles(["big.yaml", "x".repeat(1024 * 1024 + 1)]);
  await bench.isTold("header .status", /longer than 1 MiB/);
  await bench.page.getByLabel("Open files").setInputFiles([{ name: "binary.yaml", mimeType: "application/yaml", buffer: Buffer.from([0xff, 0xfe, 0x00]) }]);
  await bench.isTold("header .status", /no text in UTF-8/);
  is("what was open is open", (await bench.steps()).length > 0, true);
  await bench.leaves();

  // Even script that got in would get nothing out, and no text becomes markup.
  const broken = await Bench.opened(browser);
  // What the browser itself keeps back is asked for as well, but nobody answers it.
  const answered = [];
  broken.context.on("response", (answer) => answered.push(answer.url()));
  const ways = await broken.page.evaluate(async (address) => {
    const fails = async (does) => {
      try {
        await does();
        return false;
      } catch {
        return true;
      }
    };
    const shown = (element) => new Promise((resolve, reject) => Object.assign(element, { onload: resolve, onerror: reject, src: address }));
    const body = document.body;
    return {
      fetch: await fails(() => fetch(address)),
      beacon: await fails(() => (navigator.sendBeacon(address, "x"), Promise.reject())),
      image: await fails(() => shown(new Image())),
      frame: await fails(() => new Promise((resolve, reject) => {
        const frame = document.createElement("iframe");
        document.addEventListener("securitypolicyviolation", reject, { once: true });
        frame.src = address;
        body.append(frame);
      })),
      socket: await fails(() => new Promise((resolve, reject) => Object.assign(new WebSocket(address.replace("http", "ws")), { onopen: resolve, onerror: reject }))),
      markup: await fails(() => (body.innerHTML = "<p>")),
      eval: await fails(() => Function("return 1")()),
    };
  }, `${process.env.ORIGIN}/elsewhere`);
  is("nothing goes out, nothing becomes code", Object.values(ways), Object.values(ways).map(() => true));
  is("and nothing went", answered, []);
  await broken.context.close();
};
