import { describe, expect, it } from "vitest";

import { ABSENT, cellOf, cellWords, decodeGrid, gridOf, type GridRun, MAPPED, NOTED, RETRIED, runSeconds, stateOf } from "./grid";
import { frameOf, runOf } from "./grid_samples";

describe("a frame of the grid", () => {
  const head = {
    revision: 31,
    tasks: [{ id: "a", group: null, depth: 0, mapped: false }, { id: "b", group: null, depth: 1, mapped: false }],
    runs: [runOf("2001-01-05", "success"), runOf("2001-01-06", "running")],
  };

  it("is what docs/ui-api.md shows: success; success and retried; running; none", () => {
    const grid = decodeGrid(frameOf(head, [0x04, 0x14, 0x03, 0x00]));
    expect(grid.revision).toBe(31);
    expect([0, 1].map((run) => [0, 1].map((task) => cellWords(cellOf(grid, task, run))))).toEqual([
      ["success", "success, tried more than once"], ["running", "no status"],
    ]);
    expect(grid.taskIndex.get("b")).toBe(1);
    expect(grid.runIndex.get("manual__2001-01-06")).toBe(1);
  });

  it("is refused when it is another format, cut off, or has other cells than its head says", () => {
    expect(() => decodeGrid(new TextEncoder().encode('{"revision":31}').buffer)).toThrow("isn't a frame");
    expect(() => decodeGrid(new ArrayBuffer(3))).toThrow("isn't a frame");
    expect(() => decodeGrid(frameOf(head, []).slice(0, 40))).toThrow("cut off");
    expect(() => decodeGrid(frameOf(head, [4, 4, 4]))).toThrow("3 cells for 2 tasks in 2 runs");
  });

  it("says names beyond ASCII as they are", () => {
    const grid = decodeGrid(frameOf({ ...head, tasks: [{ id: "größe", group: "β", depth: 0, mapped: false }] }, [4, 4]));
    expect(grid.tasks[0]).toMatchObject({ id: "größe", group: "β" });
  });
});

describe("a cell", () => {
  it("says its state and marks", () => {
    expect(cellWords(6 | RETRIED)).toBe("up for retry, tried more than once");
    expect(cellWords(4 | MAPPED | NOTED)).toBe("success, mapped, has a note");
    expect(cellWords(ABSENT)).toBe("not in this version");
    expect(stateOf(8)).toBe("upstream_failed");
    expect(stateOf(15)).toBe("none");
  });
  it("that isn't in the grid is absent", () => {
    expect(cellOf(gridOf({ revision: 1, tasks: [], runs: [] }, new Uint8Array()), 3, 4)).toBe(ABSENT);
  });
});

describe("a run's seconds", () => {
  const now = Date.parse("2001-01-05T00:01:00Z");
  it("are counted until now while it runs, and there are none before its start", () => {
    const running: GridRun = { ...runOf("2001-01-05", "running"), start: "2001-01-05T00:00:20Z", end: null, duration_s: null };
    expect(runSeconds(running, now)).toBe(40);
    expect(runSeconds({ ...running, start: "2001-01-05T00:02:00Z" }, now)).toBe(0);
    expect(runSeconds({ ...running, start: null }, now)).toBeNull();
    expect(runSeconds({ ...running, duration_s: 7 }, now)).toBe(7);
  });
});
