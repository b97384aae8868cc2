// How quick is the log of a 100 MB task in a real browser, over a real daemon? node bench/log.mjs [--daemon PATH] [--json] [--lines N]
//
// Starts a daemon of its own with a task that writes the log, builds the panels' page as a build would (it is in no shipped build), and
// measures in Chromium: from the navigation and from the viewer's mount until the last line stands at the end; memory after going all
// over the log; script, style and layout per frame while it scrolls. CHROMIUM names another browser.
import { chromium } from "@playwright/test";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, preview } from "vite";

const web = fileURLToPath(new URL("..", import.meta.url));
const given = (name, otherwise) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : otherwise);
const LINES = Number(given("--lines", 870_222));
const DAEMON = given("--daemon", join(web, "../build/release/millrace"));
const RUNS = 5;
const STEPS = 200;

/** What ends with the bench, however that ends. */
const endings = [];
const place = mkdtempSync(join(tmpdir(), "log-bench-"));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const quantile = (numbers, q) => [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(q * numbers.length))];
const round = (number, digits = 1) => Number(number.toFixed(digits));

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });
}

/** A daemon whose task has written the log. */
async function startDaemon() {
  mkdirSync(join(place, "dags"));
  const line = String.raw`2013-06-12 09:41:02,%03d \033[34mINFO\033[0m step \033[35m%d\033[0m train-logloss 0.%07d valid-auc 0.%07d  1.9 s  eta 1m\n`;
  const slow = String.raw`2013-06-12 09:41:02,000 \033[33mWARN\033[0m slow\n`;
  const script = `seq ${LINES} | awk '{ if ($1 % 20000 == 0) printf "${slow}"; else printf "${line}", $1 % 1000, $1, 9999999 - $1, $1 }'`;
  writeFileSync(join(place, "dags/big.yaml"), `dag_id: big\ntasks:\n  write:\n    script: |\n      ${script}\n`);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const daemon = spawn(DAEMON, ["serve", "--data", join(place, "data"), "--dags", join(place, "dags"), "--listen", `127.0.0.1:${port}`], { stdio: "ignore" });
  let broken = null;
  daemon.on("error", (error) => {
    broken = error;
  });
  endings.push(() => daemon.kill());
  const token = join(place, "data/admin.token");
  const deadline = Date.now() + 120_000;
  const until = async (what, is) => {
    for (;;) {
      if (broken) throw broken;
      const found = await is().catch((error) => (error.final ? Promise.reject(error) : null));
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`waited too long until ${what}`);
      await sleep(100);
    }
  };
  await until("the daemon listens", async () => existsSync(token) && (await fetch(`${url}/api/v2/monitor/health`)).ok);
  const headers = { authorization: `Bearer ${readFileSync(token, "utf8").trim()}`, "content-type": "application/json" };
  await until("the DAG is in force", async () => (await fetch(`${url}/api/v2/dags/big/dagRuns`, { method: "POST", headers, body: '{"dag_run_id":"run"}' })).ok);
  await until("the log is written", async () => {
    const answer = await fetch(`${url}/api/v2/dags/big/dagRuns/run/taskInstances/write`, { headers });
    const { state } = await answer.json();
    if (state === "failed") throw Object.assign(new Error("the task failed"), { final: true });
    return state === "success";
  });
  return { url, token: readFileSync(token, "utf8").trim() };
}

async function servePage({ url, token }) {
  process.env.MILLRACE_URL = url;
  process.env.MILLRACE_TOKEN = token;
  const configFile = join(web, "vite.config.ts");
  const outDir = join(place, "dist");
  await build({ root: web, configFile, logLevel: "error", build: { outDir, emptyOutDir: true, rollupOptions: { input: join(web, "bench/log.html") } } });
  const server = await preview({ root: web, configFile, logLevel: "error", build: { outDir }, preview: { port: await freePort(), strictPort: true } });
  endings.push(() => server.close());
  return `${server.resolvedUrls.local[0]}bench/log.html`;
}

/** Within the page: when the last line was drawn at the end of the view. */
function watchEnd(last) {
  const look = () => {
    const row = document.querySelector(`[data-line="${last}"]`);
    const box = document.querySelector("[role=log]");
    if (row && box && row.lastElementChild.textContent && row.getBoundingClientRect().bottom <= box.getBoundingClientRect().bottom + 1) window.lastLineAt = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

async function opening(browser, address, last) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(watchEnd, last);
  await page.goto(address);
  await page.waitForFunction(() => window.lastLineAt !== undefined, undefined, { timeout: 30_000 });
  const times = await page.evaluate(() => ({
    navigation: window.lastLineAt,
    mount: window.lastLineAt - performance.getEntriesByType("resource").find((entry) => entry.name.includes("/index")).startTime,
  }));
  return { page, times };
}

/** Script, style and layout of the frames of a movement, in ms. */
async function scrolling(page, session, move) {
  const figures = async () => {
    const { metrics } = await session.send("Performance.getMetrics");
    const of = (name) => metrics.find((metric) => metric.name === name).value * 1000;
    return { script: of("ScriptDuration"), drawn: of("ScriptDuration") + of("RecalcStyleDuration") + of("LayoutDuration") };
  };
  const script = [];
  const drawn = [];
  for (let step = 0; step < STEPS; step += 1) {
    const before = await figures();
    await move(step);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    const after = await figures();
    script.push(after.script - before.script);
    drawn.push(after.drawn - before.drawn);
  }
  return { script_p50_ms: round(quantile(script, 0.5)), script_p95_ms: round(quantile(script, 0.95)), with_layout_p95_ms: round(quantile(drawn, 0.95)) };
}

async function memory(browser, page, session) {
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const heap = metrics.find((metric) => metric.name === "JSHeapUsedSize").value;
  const { processInfo } = await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo");
  const resident = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0) / 1024);
  return { js_heap_mb: round(heap / 2 ** 20), renderer_anonymous_mb: round(Math.max(...resident)) };
}

async function measure(browser, address) {
  const openings = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { page, times } = await opening(browser, address, LINES - 1);
    openings.push(times);
    await page.close();
  }
  const { page } = await opening(browser, address, LINES - 1);
  const session = await page.context().newCDPSession(page);
  // The thread's own time: what others do on the machine doesn't count.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const box = await page.locator("[role=log]").boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  const atOpening = await memory(browser, page, session);
  const wheel = await scrolling(page, session, () => page.mouse.wheel(0, -120));
  const fast = await scrolling(page, session, () => page.mouse.wheel(0, -1_500));
  const strip = { x: box.x + box.width - 7, top: box.y + 14, height: box.height - 28 };
  await page.mouse.move(strip.x, strip.top);
  await page.mouse.down();
  const drag = await scrolling(page, session, (step) => page.mouse.move(strip.x, strip.top + (strip.height * step) / STEPS));
  await page.mouse.up();
  const after = await memory(browser, page, session);
  await page.close();
  return {
    lines: LINES,
    open_ms: {
      from_navigation_p50: round(quantile(openings.map((each) => each.navigation), 0.5)),
      from_mount_p50: round(quantile(openings.map((each) => each.mount), 0.5)),
      from_mount_worst: round(Math.max(...openings.map((each) => each.mount))),
    },
    frames: { "wheel, 120 px": wheel, "wheel, 1,500 px": fast, "strip, all of the log": drag },
    memory: { at_opening: atOpening, after_going_all_over: after },
  };
}

try {
  const page = await servePage(await startDaemon());
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  endings.push(() => browser.close());
  const found = await measure(browser, `${page}?dag=big&run=run&task=write&width=700`);
  if (!process.argv.includes("--json")) {
    console.table(found.open_ms);
    console.table(found.frames);
    console.table(found.memory);
  }
  console.log(JSON.stringify(found));
} finally {
  for (const end of endings.reverse()) await end();
  await sleep(500);
  rmSync(place, { recursive: true, force: true });
}
