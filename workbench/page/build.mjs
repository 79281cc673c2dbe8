// Bundles the page: `node build.mjs BINDINGS OUT`. BINDINGS is the folder with what wasm-bindgen (target `web`) made of the crate,
// `tapgate_workbench.js` and `tapgate_workbench_bg.wasm`; OUT gets index.html, workbench.js and workbench.css. Packages are looked
// for in NODE_PATH. The module is inside workbench.js, deflated: the page fetches nothing.

import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { deflateRawSync } from "node:zlib";

const here = path.dirname(fileURLToPath(import.meta.url));
const [bindings, out] = process.argv.slice(2);
if (!bindings || !out) throw new Error("usage: node build.mjs BINDINGS OUT");
const esbuild = createRequire(import.meta.url)("esbuild");

/** What the sources import as `tapgate:rules` and `tapgate:module`. */
const rules = {
  name: "rules",
  setup(build) {
    build.onResolve({ filter: /^tapgate:rules$/ }, () => ({ path: path.resolve(bindings, "tapgate_workbench.js") }));
    build.onResolve({ filter: /^tapgate:module$/ }, () => ({
      path: path.resolve(bindings, "tapgate_workbench_bg.wasm"),
      namespace: "module",
    }));
    // Text of compressed bytes compresses to little more than the bytes; text of the module itself would not.
    build.onLoad({ filter: /.*/, namespace: "module" }, ({ path }) => ({
      contents: deflateRawSync(readFileSync(path), { level: 9 }),
      loader: "binary",
    }));
  },
};

mkdirSync(out, { recursive: true });
await esbuild.build({
  entryPoints: { workbench: path.join(here, "src/main.js") },
  outdir: out,
  bundle: true,
  format: "esm",
  minify: true,
  target: ["es2022", "chrome120", "firefox120", "safari17"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  // wasm-bindgen can also fetch its module, by a way that this page does not go.
  logOverride: { "empty-import-meta": "silent" },
  nodePaths: (process.env.NODE_PATH ?? "").split(path.delimiter).filter(Boolean),
  plugins: [rules],
});
await esbuild.build({ entryPoints: [path.join(here, "style.css")], outfile: path.join(out, "workbench.css"), minify: true, logLevel: "warning" });
copyFileSync(path.join(here, "index.html"), path.join(out, "index.html"));
