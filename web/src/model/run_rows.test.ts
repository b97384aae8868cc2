import { describe, expect, it } from "vitest";

import type { State } from "./states";
import { type Instance, keyOf } from "./run_timeline";
import { type GraphAnswer, groupKey, itemText, mappedKey, type Row, rowIndex, rowsOf } from "./run_rows";

function instance(task: string, mapIndex = -1, state: State = "success"): Instance {
  return { key: keyOf(task, mapIndex), task, mapIndex, state, segments: [], expectedS: null, critical: false, attempts: 1 };
}

function graph(tasks: [id: string, group: string | null][]): GraphAnswer {
  return {
    version: 1, groups: [], edges: [],
    tasks: tasks.map(([id, group]) => ({ id, group, label: id, pool: "cpu", action: "script", mapped: false, trigger_rule: "all_success" })),
  };
}

const shown = (rows: Row[]) => rows.map((row) => `${" ".repeat(row.depth)}${row.kind === "task" ? row.instance.key : `${row.open ? "-" : "+"}${row.id} ${row.done}/${row.members.length}`}`);

describe("rows of a run", () => {
  const some = [instance("a"), instance("f", 0), instance("f", 1, "running"), instance("g1"), instance("b"), instance("g2", -1, "failed")];
  const shape = graph([["a", null], ["f", "folds"], ["g1", "checks"], ["b", null], ["g2", "checks"]]);
  it("keep the DAG's order; a group stands where its first task does", () => {
    expect(shown(rowsOf(some, shape))).toEqual(["a", "-folds 1/2", " -f 1/2", "  f[0]", "  f[1]", "-checks 2/2", " g1", " g2", "b"]);
  });
  it("close and open as the reader says; a fold has the state that needs eyes first", () => {
    const rows = rowsOf(some, shape, { [groupKey("checks")]: false, [mappedKey("f")]: false });
    expect(shown(rows)).toEqual(["a", "-folds 1/2", " +f 1/2", "+checks 2/2", "b"]);
    expect(rows.map((row) => (row.kind === "task" ? row.instance.state : row.state))).toEqual(["success", "running", "running", "failed", "success"]);
  });
  it("have no groups while the graph isn't there", () => {
    expect(shown(rowsOf(some, undefined))).toEqual(["a", "-f 1/2", " f[0]", " f[1]", "g1", "b", "g2"]);
  });
  it("of many instances are folded, but for the one that is shown", () => {
    const many = Array.from({ length: 500 }, (_, index) => instance("m", index));
    expect(shown(rowsOf(many, undefined))).toEqual(["+m 500/500"]);
    expect(rowsOf(many, undefined, {}, many[7]!)).toHaveLength(501);
    expect(rowsOf(many, undefined, { [mappedKey("m")]: false }, many[7]!)).toHaveLength(1);
  });
  it("of many tasks have closed groups", () => {
    const many = Array.from({ length: 301 }, (_, index) => instance(`t${index}`));
    const shapeOfMany = graph(many.map((one, index) => [one.task, index < 300 ? "big" : null]));
    expect(shown(rowsOf(many, shapeOfMany))).toEqual(["+big 300/300", "t300"]);
    expect(rowsOf(many, shapeOfMany, {}, many[3]!)).toHaveLength(302);
  });
  it("a mapped task that isn't expanded yet is one row", () => {
    expect(shown(rowsOf([instance("f", -1, "none")], undefined))).toEqual(["f"]);
  });
  it("are found by task and index", () => {
    const rows = rowsOf(some, shape);
    expect([rowIndex(rows, "f", 1), rowIndex(rows, "f", null), rowIndex(rows, "b", null), rowIndex(rows, "nope", null)]).toEqual([4, 2, 8, -1]);
  });
});

describe("a mapped value", () => {
  it("is said in a few words", () => {
    expect([itemText("2001-03-24"), itemText({ fold: 2, deep: { x: 1 } }), itemText([1, "b"]), itemText(null), itemText(false)]).toEqual([
      "2001-03-24", "fold=2 deep={\"x\":1}", "1, b", "null", "false",
    ]);
  });
});
