// The graph: how long its layout takes, and script time of a frame while a graph of 10,000 tasks is moved and zoomed.
// node bench/graph.mjs [--check]
import { dagAnswers, frameRow, quantile, report, scriptPerFrame, sources, stage, timed } from "./stage.mjs";

const FRAMES = 180;
const rows = [];
const modules = await sources();
const { layout } = await modules.load("/src/model/layout.ts");
const { syntheticGraph } = await modules.load("/src/model/layout_samples.ts");
for (const tasks of [500, 2000, 5000, 10_000]) {
  for (const groups of [0, tasks / 50]) {
    const input = syntheticGraph(tasks, groups);
    layout(input);
    const times = timed(5, () => layout(input));
    rows.push({
      what: `lay out ${tasks} tasks, ${input.edges.length / 2} edges${groups ? `, ${groups} open groups` : ""}`, p50: quantile(times, 0.5), p95: Math.max(...times),
      ...(tasks === 10_000 ? { target: 2000 } : {}),
    });
  }
}
const graph = syntheticGraph(10_000, 0);
await modules.close();

const answer = {
  version: 1, groups: [],
  tasks: Array.from(graph.groupOf, (_, task) => ({ id: `task_${task}`, group: null, label: `task_${task}`, pool: "cpu", action: "command", mapped: false, trigger_rule: "all_success" })),
  edges: Array.from({ length: graph.edges.length / 2 }, (_, edge) => [graph.edges[2 * edge], graph.edges[2 * edge + 1]]),
};
function frame() {
  const tasks = answer.tasks.map(({ id }) => ({ id, group: null, depth: 0, mapped: false }));
  const date = "2013-06-11T00:00:00.000Z";
  const runs = [{ run_id: "bench", execution_date: date, run_type: "manual", state: "success", reason: null, start: date, end: date, duration_s: 60, version: 1, note: false }];
  const head = Buffer.from(JSON.stringify({ revision: 1, tasks, runs }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([Buffer.from("MRG1"), length, head, Buffer.from(tasks.map((_, task) => (task % 97 === 0 ? 5 : task % 41 === 0 ? 9 : 4)))]);
}
const grid = frame();
const set = await stage([
  ["/ui/dags/bench/grid", () => ({ body: grid, type: "application/octet-stream" })],
  ["/ui/dags/bench/graph", () => ({ body: answer })],
  ["/timeline", () => ({ body: { tasks: [] } })],
  ...dagAnswers("bench", 10_000),
]);
const opened = performance.now();
await set.page.goto(`${set.origin}/dags/bench`);
await set.page.waitForSelector("[data-graph-list]");
rows.push({ what: "open the page with it (all of it: scripts, answers, layout)", p50: performance.now() - opened });
await set.page.waitForTimeout(1000);

/** The wheel moves it each frame, there and back about where it is: it stays in sight. */
const pan = async ({ frames, dx, dy }) => {
  const box = document.querySelector("[data-graph-box]");
  for (let frame = 0; frame <= frames; frame += 1) {
    await new Promise(requestAnimationFrame);
    performance.mark("frame");
    const sign = Math.floor((frame + 12) / 24) % 2 ? -1 : 1;
    box.dispatchEvent(new WheelEvent("wheel", { deltaX: sign * dx, deltaY: sign * dy, bubbles: true, cancelable: true }));
  }
};
const zoom = async (times) => {
  for (let time = 0; time < times; time += 1) await set.page.click("button[aria-label=Larger]");
  await set.page.waitForTimeout(200);
};
const percent = () => set.page.locator("button[aria-label*=percent]").innerText();

await set.page.click("button[aria-label*=percent]");
await zoom(1);
for (const steps of [1, 8, 4]) {
  await zoom(steps);
  await scriptPerFrame(set, pan, { frames: 30, dx: 14, dy: 6 });
  rows.push(frameRow(`move 10,000 tasks at ${await percent()}`, await scriptPerFrame(set, pan, { frames: FRAMES, dx: 14, dy: 6 }), 16));
}
await set.close();
report("graph", rows);
