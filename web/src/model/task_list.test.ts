import { describe, expect, it } from "vitest";

import { gridOf } from "./grid";
import { flagsOf, kindOf, needsOf, retriesOf, setting, sortedRows, type Task, taskRows, timeoutOf } from "./task_list";

const delta = (seconds: number) => ({ __type: "TimeDelta" as const, days: Math.floor(seconds / 86_400), seconds: seconds % 86_400, microseconds: 0 });
const task = (task_id: string, more: Partial<Task> = {}) => ({
  task_id, operator_name: "script", trigger_rule: "all_success", upstream_task_ids: [], is_mapped: false, task_group: null, pool: "cpu",
  pool_slots: 1, priority_weight: 0, retries: 0, retry_delay: delta(300), retry_exponential_backoff: 1, execution_timeout: null,
  depends_on_past: false, wait_for_downstream: false, resources: { cpu_milli: 0, memory_bytes: 0, gpu: 0 }, line: 3, ...more,
}) as Task;

describe("what a file says of a task", () => {
  it("has durations without empty units", () => {
    expect([0.5, 1, 10, 90, 600, 5400, 21_600, 604_800, 90_000].map(setting)).toEqual(["0.5 s", "1 s", "10 s", "1m 30s", "10m", "1h 30m", "6h", "7 d", "1 d 1 h"]);
  });
  it("says how often and how far apart it is tried again", () => {
    expect(retriesOf(task("a"))).toBe("");
    expect(retriesOf(task("a", { retries: 1, retry_delay: delta(0) }))).toBe("1");
    expect(retriesOf(task("a", { retries: 3, retry_delay: delta(10), retry_exponential_backoff: 2 }))).toBe("3, after 10 s × 2");
    expect(timeoutOf(task("a", { execution_timeout: delta(300) }))).toBe("5m");
    expect(timeoutOf(task("a"))).toBe("");
  });
  it("names what it needs beside a slot", () => {
    expect(needsOf(task("a"))).toBe("");
    expect(needsOf({ resources: { cpu_milli: 500, memory_bytes: 4 * 1024 ** 3, gpu: 2 } })).toBe("0.5 CPU, 4 GiB, 2 GPU");
  });
  it("tells what is unusual", () => {
    expect(flagsOf(task("a"))).toEqual([]);
    expect(flagsOf(task("a", { is_mapped: true, trigger_rule: "none_failed", depends_on_past: true }))).toEqual(["mapped", "none_failed", "depends on past"]);
    expect(kindOf(task("a", { operator_name: "trigger_dag" }))).toBe("Runs a DAG");
  });
});

describe("rows", () => {
  const run = (run_id: string) => ({ run_id, execution_date: "2013-03-10T05:00:00Z", version: 1 }) as never;
  // b isn't in the newest run yet, c isn't in its version, d was never reached.
  const grid = gridOf({ revision: 1, tasks: ["a", "b", "c", "d"].map((id) => ({ id, group: null, depth: 0, mapped: false })), runs: [run("r1"), run("r2")] }, Uint8Array.from([4, 5, 6, 0, 3 | 64, 0, 128, 0]));
  const durations = { runs: [], tasks: [{ id: "a", p50_s: 1, p90_s: 9, seconds: [] }, { id: "b", p50_s: 2, p90_s: 3, seconds: [] }, { id: "c", p50_s: null, p90_s: null, seconds: [] }] };
  const rows = taskRows([task("b"), task("a", { task_group: "first" }), task("c"), task("d"), task("e")], grid, durations);

  it("have the last state that something became of, and its run", () => {
    expect(rows.map(({ task: { task_id }, last }) => [task_id, last?.state, last?.run.run_id])).toEqual([
      ["b", "failed", "r1"], ["a", "running", "r2"], ["c", "up_for_retry", "r1"], ["d", undefined, undefined], ["e", undefined, undefined],
    ]);
    expect(taskRows([task("a")], undefined, undefined)[0]).toMatchObject({ last: null, p50: null });
  });
  it("are in the file's order, by name or by what is slow", () => {
    const names = (order: string, filter = "") => sortedRows(rows, order, filter).map((row) => row.task.task_id).join("");
    expect([names("file"), names("name"), names("p50"), names("p90"), names("nonsense")]).toEqual(["bacde", "abcde", "bacde", "abcde", "bacde"]);
    expect(names("file", "first")).toBe("a");
    expect(names("file", "zzz")).toBe("");
    expect(rows.map((row) => row.task.task_id).join("")).toBe("bacde");
  });
});
