// From an event to its pixels: a backfill of the flights goes on, one page is open, and for each move of a task instance that the daemon
// tells it is measured how long after the event's own time (`at`, this machine's clock) the first frame was drawn that shows it.
// node bench/event.mjs [--check]; MILLRACE_BINARY names another daemon. The pages are those within it.
import { chromium } from "@playwright/test";

import { quantile, report, sources } from "./stage.mjs";

const BUDGET = 500;
/** Days of each backfill; the last one is to go on while all those pages are opened. */
const DAYS = { grid: 20, runs: 70 };
const RUN_PAGES = 8;
/** The grid's geometry (src/pages/dag/grid_window.ts, src/canvas/grid_canvas.ts). */
const PITCH = { x: 11, y: 25 };

/** What the daemon tells of one DAG's task instances, each move, as a reader of its own: the page's stream is merged and shared. */
async function listen(daemon, dagId, signal) {
  const moves = [];
  const answer = await fetch(`${daemon.url}/events?topics=dag:${dagId}`, { headers: { authorization: `Bearer ${daemon.token}` }, signal });
  void (async () => {
    let text = "";
    for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + part).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) {
        const lines = Object.fromEntries(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
        if (lines.event === "ti") moves.push({ ...JSON.parse(lines.data), told: Date.now() });
      }
    }
  })().catch((error) => signal.aborted || console.error(error));
  return moves;
}

/**
 * Within the page: `look` says each frame what is shown, { key: state }; what differs from the frame before is noted with the time
 * just after that frame was drawn.
 */
function watch(look) {
  const shown = new Map();
  window.changes = [];
  window.watchedFrom = Date.now();
  const each = () => {
    const now = look();
    const fresh = Object.entries(now).filter(([key, state]) => shown.get(key) !== state);
    if (fresh.length) {
      for (const [key, state] of fresh) shown.set(key, state);
      // A task of its own comes after the frame: what it is told is later than the drawing, never earlier.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        const at = Date.now();
        for (const [key, state] of fresh) window.changes.push({ key, state, at });
      };
      port2.postMessage(null);
    }
    requestAnimationFrame(each);
  };
  requestAnimationFrame(each);
}

/**
 * The grid: which run and task stands where is asked of what React last put there; that the cell there is drawn anew is asked of the
 * canvas. A cell whose pixels haven't changed since it was in another state doesn't show its state yet.
 */
function lookAtGrid({ x: pitchX, y: pitchY }) {
  const STATES = ["none", "scheduled", "queued", "running", "success", "failed", "up_for_retry", "up_for_reschedule", "upstream_failed", "skipped", "removed", "restarting", "deferred"];
  const held = new Map();
  const viewOf = (element, depth = 0) => {
    if (!element || typeof element !== "object" || depth > 4) return null;
    if (Array.isArray(element)) return element.reduce((found, one) => found ?? viewOf(one, depth + 1), null);
    const { props } = element;
    return props?.model && props.span && props.rows ? props : props ? viewOf(props.children, depth + 1) : null;
  };
  return () => {
    const scroller = document.querySelector("[data-grid-scroller]");
    const view = scroller && viewOf(scroller[Object.keys(scroller).find((key) => key.startsWith("__reactProps$"))].children);
    const canvas = scroller?.querySelector(":scope > div > canvas");
    if (!view || !canvas) return {};
    const { model, rows, columns, span } = view;
    const image = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    const shown = {};
    for (let row = span.top; row < span.bottom; row += 1) {
      for (let column = span.left; column < span.right; column += 1) {
        const [entry, run] = [rows[row], columns[column]];
        if (entry.kind !== "task") continue;
        let pixels = 0;
        const [left, top] = [(column - span.left) * pitchX, (row - span.top) * pitchY + 4];
        // Without the frame around: the chosen column is tinted there.
        for (let y = top; y < top + pitchY - 8; y += 1) for (let x = left; x < left + pitchX - 2; x += 1) pixels = (Math.imul(pixels, 31) + image[y * canvas.width + x]) | 0;
        const key = `${model.runs[run].run_id} ${entry.id}`;
        const state = STATES[model.cells[run * model.tasks.length + entry.task] & 15];
        const before = held.get(key);
        if (!before || (before.state !== state && before.pixels !== pixels)) held.set(key, { state, pixels });
        else before.pixels = before.state === state ? pixels : before.pixels;
        shown[key] = held.get(key).state;
      }
    }
    return shown;
  };
}

/** A run's page: each row's words. */
function lookAtRun(runId) {
  return () => Object.fromEntries([...document.querySelectorAll("[role=listitem] button[aria-current]")].map((button) => {
    const [task, state] = button.getAttribute("aria-label").split(", ");
    return [`${runId} ${task}`, state.replaceAll(" ", "_")];
  }));
}

const start = (page, look, argument) => page.evaluate(`(${watch})((${look})(${JSON.stringify(argument)}))`);

function groupBy(list, key) {
  const groups = new Map();
  for (const one of list) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}

/**
 * Milliseconds from each move to the frame that shows it, or a later one of the same task instance: the daemon tells a page the newest
 * move of a quarter second alone. What is never shown is Infinity.
 */
function delays(moves, changes, from, to) {
  const shown = groupBy(changes, (change) => change.key);
  const found = [];
  for (const [key, list] of groupBy(moves.filter((move) => move.map_index < 0), (move) => `${move.run_id} ${move.task_id}`)) {
    let next = 0;
    const rest = [...(shown.get(key) ?? [])];
    for (const [index, move] of list.entries()) {
      const at = Date.parse(move.at);
      if (index < next || at < from || at > to) continue;
      // The next frame that shows this move or a later one.
      let change;
      let of = -1;
      while (of < 0 && (change = rest[0])) {
        of = list.findIndex((later, place) => place >= index && (later.state ?? "none") === change.state && Date.parse(later.at) <= change.at);
        if (of < 0) rest.shift();
      }
      const until = of < 0 ? [list.length - 1, Infinity] : [of, change.at];
      for (next = index; next <= until[0]; next += 1) found.push({ key, state: list[next].state, ms: until[1] - Date.parse(list[next].at) });
      if (of >= 0) rest.shift();
    }
  }
  return found;
}

function row(what, found) {
  const missing = found.filter((one) => one.ms === Infinity);
  if (!found.length) throw new Error(`${what}: nothing moved`);
  for (const one of missing) console.error(`never shown: ${one.key} ${one.state}`);
  for (const one of found.filter(({ ms }) => ms > BUDGET && ms < Infinity).toSorted((a, b) => b.ms - a.ms).slice(0, 3)) console.error(`late: ${one.key} ${one.state} ${one.ms} ms`);
  const times = found.map((one) => one.ms);
  return { what: `${what}, ${found.length} moves`, p50: quantile(times, 0.5), p95: quantile(times, 0.95), max: Math.max(...times), target: BUDGET };
}

const modules = await sources();
const { Daemon, until } = await modules.load("/journeys/daemon.ts");
await modules.close();
const daemon = await Daemon.start({ flights: true, config: "{}\n" });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const ending = new AbortController();
try {
  await until("the DAGs of the example", async () => (await daemon.call("GET", "/dags")).total_entries === 3);
  const ingest = await listen(daemon, "flights_ingest", ending.signal);
  const features = await listen(daemon, "flights_features", ending.signal);
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.stack));
  await page.goto(await daemon.loginLink());

  let day = 0;
  const date = (of) => new Date(Date.UTC(2001, 0, 1 + of)).toISOString();
  const begin = async (days) => {
    const { id } = await daemon.call("POST", "/backfills", { dag_id: "flights_ingest", from_date: date(day), to_date: date(day + days - 1), max_active_runs: 8 });
    day += days;
    return id;
  };
  const done = (id) => until("the backfill to end", async () => (await daemon.call("GET", `/backfills/${id}`)).completed_at, 300);
  const features_of = (days) => until("the features", async () => (await daemon.call("GET", "/dags/flights_features/dagRuns?state=success&limit=1")).total_entries >= days, 300);
  const settle = () => page.waitForTimeout(8_000); // what is shown late is late, not missing

  await done(await begin(1));
  await features_of(1);
  const rows = [];
  const grid = async (dagId, moves) => {
    await page.goto(`${daemon.url}/dags/${dagId}`);
    await page.waitForSelector("[data-grid-cell]");
    await page.getByText("Live", { exact: true }).waitFor();
    await page.waitForTimeout(1_000);
    await start(page, lookAtGrid, PITCH);
    const from = Date.now();
    await done(await begin(DAYS.grid));
    await features_of(day);
    const to = Date.now();
    await settle();
    rows.push(row(`grid of ${dagId}`, delays(moves, await page.evaluate("window.changes"), from, to)));
  };
  await grid("flights_ingest", ingest);
  await grid("flights_features", features);

  const backfill = await begin(DAYS.runs);
  const found = [];
  const seen = new Set();
  for (let turn = 0; turn < RUN_PAGES; turn += 1) {
    const newest = await until("a run that begins", async () => {
      const { dag_runs: runs } = await daemon.call("GET", "/dags/flights_ingest/dagRuns?state=running&order_by=-start_date&limit=8");
      return runs.filter((run) => !seen.has(run.dag_run_id)).at(0);
    });
    seen.add(newest.dag_run_id);
    const id = encodeURIComponent(newest.dag_run_id);
    await page.goto(`${daemon.url}/dags/flights_ingest/runs/${id}`);
    await page.waitForSelector("[role=listitem] button[aria-current]");
    await page.getByText("Live", { exact: true }).waitFor();
    await start(page, lookAtRun, newest.dag_run_id);
    const from = Date.now();
    await daemon.finished("flights_ingest", newest.dag_run_id);
    const to = Date.now();
    await page.waitForTimeout(1_000);
    const mine = ingest.filter((move) => move.run_id === newest.dag_run_id);
    found.push(...delays(mine, await page.evaluate("window.changes"), from, to));
  }
  rows.push(row(`pages of ${RUN_PAGES} runs`, found));
  const told = [...ingest, ...features].map((move) => move.told - Date.parse(move.at));
  rows.push({ what: `of it until a reader is told, ${told.length} moves`, p50: quantile(told, 0.5), p95: quantile(told, 0.95), max: Math.max(...told) });
  await done(backfill);
  // A task that goes on would write into the folder that is removed.
  await until("all runs to end", async () => (await daemon.call("GET", "/dags/~/dagRuns?state=running&state=queued&limit=1")).total_entries === 0, 300);
  if (errors.length) throw new Error(`the page failed: ${errors.join("; ")}`);
  report("event to pixel", rows);
} finally {
  ending.abort();
  await browser.close();
  await daemon.close();
}
