// How much of the pages a browser loads, after gzip, and how much it may:
//   node tools/budget.mjs DIST MANIFEST
// The first load is what the overview needs: the page, its scripts with all that they import at once, and
// their styles. Fonts come beside, and swap in when they are there.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

// kB of 1,000 bytes, as the design counts; docs/decisions/020
const FIRST_LOAD = 190, STYLES = 12, ALL = 600, PAGE = 50, CODE = 140;
const SHOWS_CODE = /^src\/ui\/code\//;
const FIRST_PAGE = /^src\/pages\/overview\//;

const [dist, manifestFile] = process.argv.slice(2);
const manifest = JSON.parse(readFileSync(manifestFile, "utf8"));
const size = (name) => {
  const file = join(dist, name);
  return Math.min(...[file, `${file}.gz`].map((one) => statSync(one, { throwIfNoEntry: false })?.size ?? Infinity));
};
const sum = (names) => [...names].reduce((total, name) => total + size(name), 0);

/** The files that come with a chunk: itself, what it imports, their styles. */
function filesOf(key, found = new Set()) {
  const { file, css = [], imports = [] } = manifest[key];
  if (found.has(file)) return found;
  found.add(file);
  for (const name of css) found.add(name);
  for (const name of imports) filesOf(name, found);
  return found;
}

const entries = Object.keys(manifest).filter((key) => manifest[key].isEntry);
const pages = Object.keys(manifest).filter((key) => manifest[key].isDynamicEntry);
const first = pages.filter((key) => FIRST_PAGE.test(key));
if (entries.length === 0 || first.length === 0) throw new Error(`${manifestFile} names no entry or no overview`);
const firstFiles = new Set(["index.html", "theme.js", "favicon.svg"]);
for (const key of [...entries, ...first]) for (const name of filesOf(key)) firstFiles.add(name);

const all = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !/\.(gz|br)$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name).slice(dist.length + 1));
const fonts = all.filter((name) => name.endsWith(".woff2"));

let over = false;
const kilobytes = (bytes) => (bytes / 1000).toFixed(1).padStart(7);
function line(name, bytes, limit) {
  const beyond = limit !== undefined && bytes > limit * 1000;
  over ||= beyond;
  const budget = limit === undefined ? "" : `  of ${String(limit).padStart(3)}${beyond ? "  TOO MUCH" : ""}`;
  console.log(`${kilobytes(bytes)} kB${budget.padEnd(8)}  ${name}`);
}
line("first load", sum(firstFiles), FIRST_LOAD);
line("  its styles", sum([...firstFiles].filter((name) => name.endsWith(".css"))), STYLES);
line("everything but fonts", sum(all.filter((name) => !fonts.includes(name))), ALL);
line("fonts", sum(fonts));
console.log("\nwhat a page adds to the first load:");
for (const [key, bytes] of pages
  .map((key) => [key, sum([...filesOf(key)].filter((name) => !firstFiles.has(name)))])
  .filter(([, bytes]) => bytes > 0)
  .sort((a, b) => b[1] - a[1])) {
  line(key, bytes, SHOWS_CODE.test(key) ? CODE : PAGE);
}
process.exitCode = over ? 1 : 0;
