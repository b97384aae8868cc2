import { describe, expect, it } from "vitest";

import { ABSENT, cellWords, NOTED, RETRIED } from "./grid";
import { columnsOf, groupCell, moveCell, rowCell, rowKey, rowsOf, versionMarks } from "./grid_rows";
import { runOf, sampleGrid } from "./grid_samples";

const names = ["wait", "history/carrier", "history/route", "load", "history/age", "checks/nulls"];
const none = new Set<string>();
const shown = (...args: Parameters<typeof rowsOf>) => rowsOf(...args).map((row) => (row.kind === "group" ? `[${row.id}]` : row.grouped ? `  ${row.id}` : row.id));

describe("rows", () => {
  const grid = sampleGrid(names, ["ssssss"]);

  it("keep the daemon's order, a group's tasks together where its first one is", () => {
    expect(shown(grid, none)).toEqual(["wait", "[history]", "  carrier", "  route", "  age", "load", "[checks]", "  nulls"]);
  });
  it("of closed groups are one", () => {
    expect(shown(grid, new Set(["history"]))).toEqual(["wait", "[history]", "load", "[checks]", "  nulls"]);
  });
  it("that a filter finds, by all of its words in task or group, are shown in closed groups too", () => {
    expect(shown(grid, new Set(["history"]), "AGE")).toEqual(["[history]", "  age"]);
    expect(shown(grid, new Set(["history"]), "r hist")).toEqual(["[history]", "  carrier", "  route", "  age"]);
    expect(shown(grid, none, "wait history")).toEqual([]);
  });
  it("have keys that a group and a task of one name don't share", () => {
    expect(rowsOf(sampleGrid(["a/a"], ["s"]), none).map(rowKey)).toEqual(["group:a", "a"]);
  });
});

describe("a group's cell", () => {
  it("is the worst of its tasks, with the marks of all", () => {
    const grid = sampleGrid(names, ["sskssu", "ssrsfs", "-s-.--"]);
    grid.cells[1] = grid.cells[1]! | RETRIED;
    grid.cells[2] = grid.cells[2]! | NOTED;
    expect([0, 1, 2].map((run) => cellWords(groupCell(grid, [1, 2, 4], run)))).toEqual([
      "success, tried more than once, has a note", "failed", "success",
    ]);
    expect(groupCell(grid, [0, 4], 2)).toBe(ABSENT);
    expect(rowCell(grid, rowsOf(grid, none)[1]!, 1)).toBe(5);
  });
});

describe("columns", () => {
  const runs = [
    runOf("2013-06-01"), runOf("2013-06-02", "failed"), runOf("2013-06-03", "running", { version: 2, run_type: "scheduled" }), runOf("2013-06-04", "success", { version: 3 }),
  ];
  it("are the runs of some states and types", () => {
    expect(columnsOf(runs, { states: [], types: [] })).toEqual([0, 1, 2, 3]);
    expect(columnsOf(runs, { states: ["failed", "running"], types: [] })).toEqual([1, 2]);
    expect(columnsOf(runs, { states: ["failed", "running"], types: ["manual"] })).toEqual([1]);
  });
  it("are marked where the version changes between those that are shown", () => {
    expect(versionMarks(runs, [0, 1, 2, 3])).toEqual([{ column: 2, version: 2 }, { column: 3, version: 3 }]);
    expect(versionMarks(runs, [0, 1, 3])).toEqual([{ column: 2, version: 3 }]);
  });
});

describe("moving from cell to cell", () => {
  const grid = sampleGrid(["a", "b", "c"], ["sss", "ssf", "s-k", "sfs"]);
  const rows = rowsOf(grid, none);
  const columns = [0, 1, 2, 3];
  const move = (row: number, column: number, direction: "up" | "down" | "left" | "right", trouble = false) =>
    Object.values(moveCell(grid, rows, columns, { row, column }, direction, trouble));

  it("stops at the edge", () => {
    expect([move(0, 0, "right"), move(0, 0, "down"), move(0, 0, "up"), move(2, 3, "right")]).toEqual([[0, 1], [1, 0], [0, 0], [2, 3]]);
  });
  it("finds the next that isn't success, past absent ones, or stays", () => {
    expect([move(2, 0, "right", true), move(2, 1, "right", true), move(2, 2, "right", true)]).toEqual([[2, 1], [2, 2], [2, 2]]);
    expect([move(1, 0, "right", true), move(0, 3, "down", true), move(2, 3, "up", true)]).toEqual([[1, 3], [1, 3], [1, 3]]);
  });
});
