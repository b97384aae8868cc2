// A built page in a real browser over made-up answers, and how long its scripts take a frame. Shared by bench/grid.mjs and bench/graph.mjs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "@playwright/test";
import { build, createServer, preview } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The modules of src/, in Node. */
export async function sources() {
  const server = await createServer({ root, server: { middlewareMode: true, ws: false, hmr: false }, appType: "custom", logLevel: "warn" });
  return { load: (path) => server.ssrLoadModule(path), close: () => server.close() };
}

/** `answers`: [part of a URL's path, (url) => { body, type }]; what none answers is 404. */
export async function stage(answers, size = { width: 1440, height: 900 }) {
  // A server that was made before has set it for development, and React would be built for that.
  process.env.NODE_ENV = "production";
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
  await build({ root, logLevel: "warn", build: { outDir: folder, emptyOutDir: true } });
  const server = await preview({ root, logLevel: "warn", build: { outDir: folder }, preview: { port: 0, host: "127.0.0.1", proxy: {} } });
  const origin = server.resolvedUrls.local[0].replace(/\/$/, "");
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const page = await browser.newPage({ viewport: size });
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.route((url) => /^\/(api|auth|events)/.test(url.pathname), (route) => {
    const url = new URL(route.request().url());
    const found = answers.find(([part]) => url.pathname.includes(part));
    if (!found) return route.fulfill({ status: 404, json: { detail: `nothing at ${url.pathname}` } });
    const { body, type } = found[1](url);
    return route.fulfill({ status: 200, contentType: type ?? "application/json", body: Buffer.isBuffer(body) ? body : JSON.stringify(body) });
  });
  const close = async () => {
    await browser.close();
    await new Promise((done) => server.httpServer.close(done));
    rmSync(folder, { recursive: true, force: true });
    if (errors.length) throw new Error(`the page failed: ${errors.join("; ")}`);
  };
  return { browser, page, origin, close };
}

const SCRIPT = new Set(["FunctionCall", "EvaluateScript", "TimerFire", "FireAnimationFrame", "EventDispatch", "RunMicrotasks", "FireIdleCallback"]);
const LAYOUT = new Set(["Layout", "UpdateLayoutTree"]);

/** Milliseconds of processor that these events took between the times, each once: what is within another is in its time already. */
function perFrame(events, times) {
  const frames = Array.from({ length: times.length - 1 }, () => 0);
  let end = -Infinity;
  let frame = 0;
  for (const event of events) {
    if (event.ts < end) continue;
    end = event.ts + event.dur;
    while (frame < frames.length && event.ts >= times[frame + 1]) frame += 1;
    // The thread's own time: a machine that others use too doesn't count.
    if (frame < frames.length && event.ts >= times[0]) frames[frame] += (event.tdur ?? event.dur) / 1000;
  }
  return frames;
}

/**
 * Milliseconds of scripts, and of layout and style, between marks named "frame", as the browser traced them on the page's main thread.
 * `act` runs in the page, with `argument`, and makes the marks. Layout that a script waits for counts as the script's, too.
 */
export async function scriptPerFrame({ browser, page }, act, argument) {
  await browser.startTracing(page, { categories: ["devtools.timeline", "blink.user_timing"] });
  await page.evaluate(act, argument);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString());
  const marks = traceEvents.filter((event) => event.name === "frame" && event.cat.includes("user_timing"));
  if (!marks.length) throw new Error("the trace has no marks");
  const times = marks.map((mark) => mark.ts).sort((a, b) => a - b);
  const of = (names) => traceEvents
    .filter((event) => event.ph === "X" && event.pid === marks[0].pid && event.tid === marks[0].tid && names.has(event.name))
    .sort((a, b) => a.ts - b.ts || b.dur - a.dur);
  return { script: perFrame(of(SCRIPT), times), layout: perFrame(of(LAYOUT), times) };
}

/** Milliseconds of this process's processor time that `act` takes, so many times. */
export function timed(times, act) {
  return Array.from({ length: times }, () => {
    const before = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
}

export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** A row of the report from what scriptPerFrame() gave. */
export function frameRow(what, { script, layout }, target) {
  return { what: `${what}, a frame of ${script.length}`, p50: quantile(script, 0.5), p95: quantile(script, 0.95), layout: quantile(layout, 0.95), target };
}

/** rows: { what, p50, p95?, max?, layout?, target? } in ms. Prints a table, then the same as JSON. With `--check`, over a target is a failure. */
export function report(name, rows) {
  const text = (value) => (value === undefined ? "" : value.toFixed(value < 10 ? 1 : 0)).padStart(7);
  const width = Math.max(...rows.map((row) => row.what.length));
  const columns = { p50: "p50", p95: "p95", max: "max", target: "target", layout: "of it layout, p95" };
  const shown = Object.keys(columns).filter((column) => rows.some((row) => row[column] !== undefined));
  console.log(`${"ms".padEnd(width)} ${shown.map((column) => columns[column].padStart(7)).join(" ")}`);
  for (const row of rows) console.log(`${row.what.padEnd(width)} ${shown.map((column) => text(row[column]).padStart(columns[column].length)).join(" ")}`);
  console.log(JSON.stringify({ bench: name, rows }));
  const over = rows.filter((row) => row.target !== undefined && (row.p95 ?? row.p50) > row.target);
  if (over.length && process.argv.includes("--check")) {
    console.error(`over the target: ${over.map((row) => row.what).join("; ")}`);
    process.exitCode = 1;
  }
}

/** What every page of a DAG asks for. */
export function dagAnswers(dagId, tasks) {
  const details = {
    dag_id: dagId, dag_display_name: dagId, is_paused: false, tags: [], owners: [], timezone: "UTC", timetable_summary: "0 0 * * *", task_count: tasks,
    version_number: 1, datasets: [], params: {},
  };
  return [
    ["/auth/me", () => ({ body: { name: "bench", role: "viewer" } })],
    [`/dags/${dagId}/details`, () => ({ body: details })],
    ["/ui/overview", () => ({ body: { counters: { dags: 1, runs_running: 0, runs_queued: 0 }, attention: [], lanes: [] } })],
    ["/backfills", () => ({ body: { backfills: [], total_entries: 0 } })],
    ["/events", () => ({ body: Buffer.from("retry: 3000\nid: 1\n\n"), type: "text/event-stream" })],
  ];
}
