// Weighs a bundled page: `node pack.mjs OUT` writes NAME.gz beside each of its files and prints what each has by that, and the sum. Run by
// `cargo xtask workbench`, which holds the sum to its bound.

import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

const [out] = process.argv.slice(2);
if (!out) throw new Error("usage: node pack.mjs OUT");
let sum = 0;
for (const name of ["index.html", "workbench.css", "workbench.js"]) {
  const file = path.join(out, name);
  const packed = gzipSync(readFileSync(file), { level: 9 });
  writeFileSync(`${file}.gz`, packed);
  console.log(`${name}: ${packed.length}`);
  sum += packed.length;
}
console.log(sum);
