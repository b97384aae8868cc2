// What the build's own programs do with files that are as they shouldn't be.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { gunzipSync } from "node:zlib";

const tools = join(import.meta.dirname, "../../web/tools");
const script = "const text = 'the same words again and again';\n".repeat(200);
let folder, dist, manifest;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-web-"));
  dist = join(folder, "dist");
  manifest = join(folder, "manifest.json");
  mkdirSync(join(dist, "assets"), { recursive: true });
  mkdirSync(join(dist, ".vite"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function built(files, chunks) {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dist, name), content);
  writeFileSync(join(dist, ".vite/manifest.json"), JSON.stringify(chunks));
}
function run(program) {
  const done = spawnSync(process.execPath, [join(tools, program), dist, manifest], { encoding: "utf8" });
  return { ...done, said: done.stdout + done.stderr };
}
const page = { "index.html": "<html>", "theme.js": "x", "favicon.svg": "<svg/>" };
const overview = { file: "assets/o-12345678.js", isDynamicEntry: true, imports: ["index.html"] };

test("a file gets smaller forms of itself, the same each time, and vite's manifest moves away", () => {
  built({ ...page, "assets/a-12345678.js": script, "assets/f-12345678.woff2": script }, {});
  assert.equal(run("pack.mjs").status, 0);
  assert.deepEqual(readdirSync(join(dist, "assets")).sort(), [
    "a-12345678.js", "a-12345678.js.br", "a-12345678.js.gz", "f-12345678.woff2",
  ]);
  assert.ok(!readdirSync(dist).includes(".vite"));
  assert.ok(!readdirSync(dist).includes("theme.js.gz"), "what doesn't shrink is left alone");
  const first = readFileSync(join(dist, "assets/a-12345678.js.gz"));
  assert.equal(gunzipSync(first).toString(), script);
  mkdirSync(join(dist, ".vite"));
  built({ "assets/a-12345678.js": script }, {});
  for (const ending of ["gz", "br"]) rmSync(join(dist, `assets/a-12345678.js.${ending}`));
  assert.equal(run("pack.mjs").status, 0);
  assert.deepEqual(readFileSync(join(dist, "assets/a-12345678.js.gz")), first);
});

test("an asset whose name doesn't change with its content is refused", () => {
  built({ ...page, "assets/plain.js": script }, {});
  const done = run("pack.mjs");
  assert.notEqual(done.status, 0);
  assert.match(done.said, /plain\.js: the name of an asset has to hold a hash/);
});

test("a first load within its budget passes, with what is imported at once counted in", () => {
  const chunks = {
    "index.html": { file: "assets/i-12345678.js", isEntry: true, imports: ["_v.js"], css: ["assets/i-12345678.css"] },
    "_v.js": { file: "assets/v-12345678.js" },
    "src/pages/overview/index.tsx": overview,
    "src/pages/run/index.tsx": { file: "assets/r-12345678.js", isDynamicEntry: true, imports: ["_v.js"] },
  };
  const files = { i: 50_000, v: 100_000, o: 30_000, r: 20_000 };
  const parts = Object.entries(files).map(([name, size]) => [`assets/${name}-12345678.js`, randomBytes(size)]);
  built({ ...page, ...Object.fromEntries(parts), "assets/i-12345678.css": "a{}" }, chunks);
  assert.equal(run("pack.mjs").status, 0);
  const done = run("budget.mjs");
  assert.equal(done.status, 0, done.said);
  assert.match(done.said, /180\.0 kB {2}of 190 {2}first load/);
  assert.match(done.said, /20\.0 kB {2}of {2}50 {2}src\/pages\/run\/index\.tsx/);

  writeFileSync(join(dist, "assets/v-12345678.js"), randomBytes(120_000));
  const over = run("budget.mjs");
  assert.equal(over.status, 1);
  assert.match(over.said, /200\.0 kB {2}of 190 {2}TOO MUCH {2}first load/);
});

test("a page that adds too much to the first load is too much, but where it shows code", () => {
  const chunks = {
    "index.html": { file: "assets/i-12345678.js", isEntry: true },
    "src/pages/overview/index.tsx": overview,
    "src/pages/run/index.tsx": { file: "assets/r-12345678.js", isDynamicEntry: true },
    "src/ui/code/editor.tsx": { file: "assets/e-12345678.js", isDynamicEntry: true },
  };
  const sizes = { i: 1, o: 1, r: 40_000, e: 130_000 };
  const parts = Object.entries(sizes).map(([name, size]) => [`assets/${name}-12345678.js`, randomBytes(size)]);
  built({ ...page, ...Object.fromEntries(parts) }, chunks);
  assert.equal(run("pack.mjs").status, 0);
  assert.equal(run("budget.mjs").status, 0);

  writeFileSync(join(dist, "assets/r-12345678.js"), randomBytes(60_000));
  const over = run("budget.mjs");
  assert.equal(over.status, 1);
  assert.match(over.said, /60\.0 kB {2}of {2}50 {2}TOO MUCH {2}src\/pages\/run\/index\.tsx/);
});

test("too much in all is too much", () => {
  const chunks = {
    "index.html": { file: "assets/i-12345678.js", isEntry: true },
    "src/pages/overview/index.tsx": overview,
  };
  built({ ...page, "assets/i-12345678.js": "1", "assets/o-12345678.js": "2" }, chunks);
  for (const name of ["x", "y"]) writeFileSync(join(dist, `assets/${name}-12345678.js`), randomBytes(350_000));
  assert.equal(run("pack.mjs").status, 0);
  const done = run("budget.mjs");
  assert.equal(done.status, 1);
  assert.match(done.said, /700\.0 kB {2}of 600 {2}TOO MUCH {2}everything but fonts/);
});

test("a build without an overview is no build", () => {
  built({ ...page, "assets/i-12345678.js": "1" }, { "index.html": { file: "assets/i-12345678.js", isEntry: true } });
  assert.equal(run("pack.mjs").status, 0);
  const done = run("budget.mjs");
  assert.notEqual(done.status, 0);
  assert.match(done.said, /names no entry or no overview/);
});
