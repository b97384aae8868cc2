import { describe, expect, it } from "vitest";

import { type AttentionTask, noticesOf, reasonWords } from "./attention";
import type { Overview } from "./overview";

type Item = Overview["attention"][number];
const NOW = Date.parse("2013-06-12T09:42:00Z");
const item = (kind: Item["kind"], dag: string | null, run: string | null, text = "", since = "2013-06-12T09:00:00Z", task: string | null = null): Item => ({
  kind, ref: { dag_id: dag, dag_run_id: run, task_id: task }, since, text,
});
const task = (changes: Partial<AttentionTask>): AttentionTask => ({
  dag_id: "drift", dag_run_id: "r2", task_id: "compare", map_index: -1, reason: "exit:3", try_number: 2, max_tries: 1, not_before: null,
  end_date: "2013-06-12T09:41:00Z", ...changes,
});

describe("failed runs", () => {
  it("are one entry a DAG, with the task that failed", () => {
    const items = [item("run_failed", "drift", "r2"), item("run_failed", "etl", "e1"), item("run_failed", "drift", "r1", "", "2013-06-11T09:00:00Z")];
    expect(noticesOf(items, [task({})], [], NOW)).toMatchObject([
      { title: "drift failed twice", text: "compare: exit code 3, attempt 2 of 2", runId: "r2", taskId: "compare", since: "2013-06-12T09:00:00Z" },
      { title: "etl failed", text: "", runId: "e1", taskId: null },
    ]);
  });
  it("say the run's own reason when no task's is known", () => {
    const items = [item("run_failed", "etl", "e1", "run 'e1' of 'etl' failed: timed_out")];
    expect(noticesOf(items, [], [], NOW)[0]!.text).toBe("the run timed out");
  });
});

describe("others", () => {
  it("come in the order of their weight; import errors have their own place", () => {
    const items = [
      item("import_error", null, null, "broken.yaml: no"), item("hold", "held", null, "its file is gone"), item("run_failed", "etl", "e1"),
      item("long_wait", "t", "r", "pool 'gpu': full", "2013-06-12T09:20:00Z", "fold"), item("long_wait", "t", "r", "pool 'gpu': full", "2013-06-12T09:10:00Z", "fold_2"),
      item("long_wait", "u", "r", "0 of 3 devices", "2013-06-12T09:10:00Z", "alone"),
    ];
    const retrying = task({ not_before: "2013-06-12T09:42:38Z", reason: "signal:KILL", try_number: 2, max_tries: 3, map_index: 4 });
    expect(noticesOf(items, [], [retrying], NOW).map(({ title, text }) => [title, text])).toEqual([
      ["held is held", "its file is gone"],
      ["etl failed", ""],
      ["drift retries in 38 s", "compare [4]: killed by SIGKILL, attempt 2 of 4"],
      ["2 tasks wait", "pool 'gpu': full"],
      ["alone waits", "0 of 3 devices"],
    ]);
    expect(noticesOf(items, [], [], NOW).find((each) => each.title === "2 tasks wait")).toMatchObject({ since: "2013-06-12T09:10:00Z", taskId: "fold_2" });
  });
  it("have keys of their own", () => {
    const both = [task({ map_index: 0 }), task({ map_index: 1 })];
    const keys = noticesOf([], [], both, NOW).map((each) => each.key);
    expect(new Set(keys).size).toBe(2);
  });
});

it("says reasons as people do", () => {
  expect(["exit:1", "signal:TERM", "oom", "timed_out", "something new", null].map(reasonWords)).toEqual([
    "exit code 1", "killed by SIGTERM", "out of memory", "timed out", "something new", "",
  ]);
});
