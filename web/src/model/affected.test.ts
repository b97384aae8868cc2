import { describe, expect, it } from "vitest";

import { byRun, countStates, countText, instanceName } from "./affected";

const one = (task_id: string, day: string, state: string | null, map_index = -1) => ({
  task_id, map_index, state, dag_run_id: `scheduled__${day}`, execution_date: `${day}T00:00:00Z`,
});

describe("what a dry run would change", () => {
  const found = [one("b", "2013-06-12", "failed"), one("a", "2013-06-11", "success"), one("b", "2013-06-11", "failed"), one("c", "2013-06-11", null, 2)];
  it("is listed by run, oldest first, tasks in the API's order", () => {
    expect(byRun(found).map((run) => [run.executionDate.slice(0, 10), run.instances.map(instanceName)])).toEqual([
      ["2013-06-11", ["a", "b", "c [2]"]], ["2013-06-12", ["b"]],
    ]);
  });
  it("is counted by state and in words", () => {
    expect(countStates(found)).toEqual([{ state: "none", count: 1 }, { state: "success", count: 1 }, { state: "failed", count: 2 }]);
    expect(countText(found)).toBe("4 task instances in 2 runs");
    expect(countText(found.slice(0, 1))).toBe("1 task instance");
    expect(countText([])).toBe("0 task instances");
  });
});
