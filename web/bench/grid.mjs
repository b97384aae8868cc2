// The grid at 1,000 tasks by 500 runs: script time of a frame while it scrolls, and how long its answer takes to read.
// node bench/grid.mjs [--check]
import { dagAnswers, frameRow, quantile, report, scriptPerFrame, sources, stage, timed } from "./stage.mjs";

const TASKS = 1000;
const RUNS = 500;
const FRAMES = 240;

function numbers(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 4294967296;
}

/** Mostly success; failures with what they take along, retries, skips, a newest run that is going on. */
function frame() {
  const random = numbers(20130612);
  const tasks = Array.from({ length: TASKS }, (_, index) => ({
    id: `task_${String(index).padStart(4, "0")}`, group: index % 25 < 20 ? `group_${String(Math.floor(index / 25)).padStart(2, "0")}` : null, depth: index % 12, mapped: index % 50 === 7,
  }));
  const runs = Array.from({ length: RUNS }, (_, index) => {
    const date = new Date(Date.UTC(2012, 0, 1 + index)).toISOString();
    const start = new Date(Date.now() - (RUNS - index) * 1e6).toISOString();
    const state = index === RUNS - 1 ? "running" : random() < 0.08 ? "failed" : "success";
    const duration = 500 + random() * 300;
    return {
      run_id: `scheduled__${date}`, execution_date: date, run_type: "scheduled", state, reason: null, start, end: state === "running" ? null : new Date(Date.parse(start) + duration * 1000).toISOString(),
      duration_s: state === "running" ? null : duration, version: 1 + Math.floor(index / 90), note: false,
    };
  });
  const cells = Buffer.alloc(TASKS * RUNS);
  runs.forEach((run, column) => {
    const broken = run.state === "failed" ? Math.floor(random() * TASKS) : Infinity;
    for (let task = 0; task < TASKS; task += 1) {
      let cell = 4;
      if (task === broken) cell = 5;
      else if (task > broken && random() < 0.3) cell = 8;
      else if (random() < 0.02) cell = 9;
      if (run.state === "running" && task > 400) cell = task < 440 ? 3 : random() < 0.1 ? 2 : 1;
      if (random() < 0.05) cell |= 16;
      if (tasks[task].mapped) cell |= 64;
      cells[column * TASKS + task] = cell;
    }
  });
  const head = Buffer.from(JSON.stringify({ revision: 1, tasks, runs }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([Buffer.from("MRG1"), length, head, cells]);
}

const answer = frame();
const rows = [];

const modules = await sources();
const { decodeGrid } = await modules.load("/src/model/grid.ts");
const { applyEvents } = await modules.load("/src/model/grid_events.ts");
const buffer = answer.buffer.slice(answer.byteOffset, answer.byteOffset + answer.length);
timed(10, () => decodeGrid(buffer));
const decode = timed(50, () => decodeGrid(buffer));
rows.push({ what: `decode ${TASKS} x ${RUNS} (${(answer.length / 1e6).toFixed(2)} MB)`, p50: quantile(decode, 0.5), p95: quantile(decode, 0.95) });
const model = decodeGrid(buffer);
const events = Array.from({ length: 100 }, (_, index) => ({
  type: "ti", id: 2 + index, data: { dag_id: "bench", run_id: model.runs.at(-1).run_id, task_id: `task_0${400 + index}`, map_index: -1, try_number: 1, state: "success", from: "running", cause: "exit:0", at: "2013-06-12T00:00:00Z" },
}));
const patch = timed(50, () => applyEvents(model, events));
rows.push({ what: "patch it with 100 events", p50: quantile(patch, 0.5), p95: quantile(patch, 0.95) });
await modules.close();

const answers = [
  ["/ui/dags/bench/grid", () => ({ body: answer, type: "application/octet-stream" })],
  ["/ui/dags/bench/graph", () => ({ body: { version: 1, groups: [], tasks: [], edges: [] } })],
  ["/timeline", () => ({ body: { tasks: [] } })],
  ...dagAnswers("bench", TASKS),
];
const set = await stage(answers);
await set.page.goto(`${set.origin}/dags/bench?runs=365`);
await set.page.waitForSelector("[data-grid-cell]");
await set.page.waitForTimeout(500);

/** Each frame the box goes on by so much, there and back. */
const scroll = async ({ frames, dx, dy }) => {
  const box = document.querySelector("[data-grid-scroller]");
  let [sx, sy] = [-1, 1];
  for (let frame = 0; frame <= frames; frame += 1) {
    await new Promise(requestAnimationFrame);
    performance.mark("frame");
    if (box.scrollTop + box.clientHeight >= box.scrollHeight - 1) sy = -1;
    if (box.scrollTop === 0) sy = 1;
    if (box.scrollLeft + box.clientWidth >= box.scrollWidth - 1) sx = -1;
    if (box.scrollLeft === 0) sx = 1;
    box.scrollTop += sy * dy;
    box.scrollLeft += sx * dx;
  }
};
for (const [what, dx, dy] of [["scroll down", 0, 60], ["scroll sideways", 60, 0], ["scroll both ways, fast", 120, 240]]) {
  await scriptPerFrame(set, scroll, { frames: 30, dx, dy });
  rows.push(frameRow(what, await scriptPerFrame(set, scroll, { frames: FRAMES, dx, dy }), 8));
}

/** A key each frame, held down. */
const arrows = async ({ frames }) => {
  document.querySelector("[data-grid-cell]").focus();
  for (let frame = 0; frame <= frames; frame += 1) {
    await new Promise(requestAnimationFrame);
    performance.mark("frame");
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true, cancelable: true }));
  }
};
rows.push(frameRow("hold an arrow key down", await scriptPerFrame(set, arrows, { frames: 120 }), 16));

await set.page.goto(`${set.origin}/dags/bench?runs=365&zoom=all`);
await set.page.waitForSelector("[data-grid-cell]");
await set.page.waitForTimeout(500);
rows.push(frameRow("a pixel a cell, scrolled", await scriptPerFrame(set, scroll, { frames: FRAMES, dx: 0, dy: 20 }), 8));
await set.close();
report("grid", rows);
