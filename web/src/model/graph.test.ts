import { describe, expect, it } from "vitest";

import { closedGroups, graphOf, groupWords, layoutInput, nodeStates, related, taskWords, timesOf, type TaskTimes, type UiGraph } from "./graph";
import { layout } from "./layout";
import type { State } from "./states";

function answer(names: string[], edges: [number, number][]): UiGraph {
  const tasks = names.map((name) => {
    const [group, id] = name.includes("/") ? name.split("/") : [null, name];
    return { id: id!, group: group ?? null, label: id!, pool: "cpu", action: "command" as const, mapped: false, trigger_rule: "all_success" };
  });
  const groups = [...new Set(tasks.flatMap((task) => (task.group ? [task.group] : [])))].map((id) => ({ id, description: null }));
  return { version: 3, groups, tasks, edges };
}

const graph = graphOf(answer(["load", "h/carrier", "h/route", "join", "alone"], [[0, 1], [0, 2], [1, 3], [2, 3]]));
const states = (...list: State[]) => (task: number) => list[task]!;

describe("a graph", () => {
  it("knows neighbours and an order in which each task comes after what it waits for", () => {
    expect(graph.upstream[3]).toEqual([1, 2]);
    expect(graph.downstream[0]).toEqual([1, 2]);
    for (const { from, to } of graph.edges) expect(graph.order.indexOf(from)).toBeLessThan(graph.order.indexOf(to));
  });
  it("has what leads to a task and what it leads to, not what stands beside it", () => {
    expect([...related(graph, [1])]).toEqual([1, 1, 0, 1, 0]);
    expect([...related(graph, [4])]).toEqual([0, 0, 0, 0, 1]);
  });
  it("closes groups beyond 300 tasks, but for those that the reader opened", () => {
    expect(closedGroups(graph, new Set())).toEqual([false]);
    expect(closedGroups(graph, new Set(["h"]))).toEqual([true]);
    const large = graphOf(answer(Array.from({ length: 301 }, (_, index) => `${index < 9 ? "a" : "b"}/t${index}`), []));
    expect(closedGroups(large, new Set(["b"]))).toEqual([true, false]);
  });
  it("shows a closed group in the state that needs eyes first", () => {
    const laid = layout(layoutInput(graph, [true]));
    const shown = nodeStates(graph, laid, states("success", "failed", "running", "none", "none"));
    expect(shown[laid.taskNode[1]!]).toBe("failed");
    expect(shown[laid.taskNode[0]!]).toBe("success");
  });
  it("gives the longest name room, within reason", () => {
    expect(layoutInput(graph, [false]).nodeWidth).toBe(152);
    expect(layoutInput(graphOf(answer(["a_rather_long_name_1234"], [])), []).nodeWidth).toBe(194);
    expect(layoutInput(graphOf(answer(["x".repeat(90)], [])), []).nodeWidth).toBe(228);
  });
});

describe("the words under a name", () => {
  const now = Date.parse("2013-06-11T00:01:00Z");
  const times = (more: Partial<TaskTimes>): TaskTimes => ({ seconds: null, since: null, expected: null, instances: 1, ...more });
  const words = (state: State, known?: TaskTimes) => taskWords(graph, 0, states(state), known, now);

  it("say how long it took, takes and will take", () => {
    expect(words("success", times({ seconds: 72 }))).toBe("1m 12s");
    expect(words("failed", times({ seconds: 72 }))).toBe("failed after 1m 12s");
    expect(words("running", times({ since: now - 48_000, expected: 60 }))).toBe("48 s of ~1m 00s");
    expect(words("running", times({ since: now + 5000 }))).toBe("0 ms");
    expect(words("none", times({ expected: 12 }))).toBe("~12 s");
  });
  it("claim nothing that isn't known", () => {
    expect([words("success"), words("failed"), words("running"), words("none")]).toEqual(["", "failed", "running", ""]);
  });
  it("say which of its upstreams it waits for, or for how many", () => {
    expect(taskWords(graph, 3, states("success", "success", "queued", "none"), undefined, now)).toBe("waits for route");
    expect(taskWords(graph, 3, states("success", "running", "none", "none"), undefined, now)).toBe("waits for 2");
    expect(taskWords(graph, 3, states("success", "success", "skipped", "none"), undefined, now)).toBe("");
  });
  it("of a closed group count", () => {
    expect(groupWords(["success", "failed", "upstream_failed"])).toBe("2 of 3 failed");
    expect(groupWords(["success", "running", "none"])).toBe("1 running, 1 of 3 done");
    expect(groupWords(["success", "none"])).toBe("1 of 2 done");
    expect(groupWords(["success", "skipped"])).toBe("2 tasks");
  });
});

describe("times of a run's tasks", () => {
  const at = (second: number) => new Date(Date.parse("2013-06-11T00:00:00Z") + second * 1000).toISOString();
  type Timeline = Parameters<typeof timesOf>[0];
  const task = (name: string, map: number, segments: [Timeline["tasks"][number]["segments"][number]["kind"], number, number | null][]): Timeline["tasks"][number] => ({
    task: name, map_index: map, state: "running", expected_s: 9, critical: false,
    segments: segments.map(([kind, from, to], index) => ({ kind, from: at(from), to: to === null ? null : at(to), try: index + 1, ended_as: null })),
  });

  it("are those of the last try, and of a mapped task's longest instance", () => {
    const tasks = [
      task("a", -1, [["running", 0, 5], ["retry_delay", 5, 8], ["running", 8, 10]]), task("m", 0, [["running", 0, 3]]), task("m", 1, [["running", 0, 7]]), task("w", -1, [["waiting", 0, null]]),
    ];
    const times = timesOf({ dag_id: "d", dag_run_id: "r", state: "running", queued_at: at(0), start: at(0), end: null, tasks });
    expect([times.get("a")!.seconds, times.get("m")!.seconds, times.get("m")!.instances, times.get("w")!.seconds]).toEqual([2, 7, 2, null]);
  });
  it("of what runs begin with the instance that runs longest", () => {
    const tasks = [task("m", 0, [["running", 4, null]]), task("m", 1, [["running", 2, null]])];
    expect(timesOf({ dag_id: "d", dag_run_id: "r", state: "running", queued_at: at(0), start: at(0), end: null, tasks }).get("m")!.since).toBe(Date.parse(at(2)));
  });
});
