import { describe, expect, it } from "vitest";

import { criticalKeys, forecast } from "./forecast";
import type { State } from "./states";
import { type Instance, keyOf, type Segment } from "./run_timeline";
import type { GraphAnswer } from "./run_rows";

const NOW = 100_000;

function instance(task: string, state: State, expectedS: number | null, ran?: [from: number, to: number | null], mapIndex = -1): Instance {
  const segments: Segment[] = ran ? [{ kind: "running", from: ran[0], to: ran[1], attempt: 1, state }] : [];
  return { key: keyOf(task, mapIndex), task, mapIndex, state, segments, expectedS, critical: true, attempts: 1 };
}

function graph(ids: string[], edges: [string, string][]): GraphAnswer {
  return {
    version: 1, groups: [], edges: edges.map(([from, to]) => [ids.indexOf(from), ids.indexOf(to)]),
    tasks: ids.map((id) => ({ id, group: null, label: id, pool: "cpu", action: "script", mapped: false, trigger_rule: "all_success" })),
  };
}

describe("a forecast", () => {
  it("lets each task begin when its upstreams are expected to end", () => {
    const shape = graph(["z", "a", "b", "c"], [["a", "b"], ["b", "z"], ["c", "z"]]);
    const found = forecast([
      instance("z", "none", 5), instance("a", "success", 10, [0, 50_000]), instance("b", "running", 60, [50_000, null]), instance("c", "scheduled", 3),
    ], shape, NOW);
    expect(found.of.get("b")).toEqual({ from: NOW, to: 110_000 });
    expect(found.of.get("c")).toEqual({ from: NOW, to: 103_000 });
    expect(found.of.get("z")).toEqual({ from: 110_000, to: 115_000 });
    expect(found.of.has("a")).toBe(false);
    expect(found.endsAt).toBe(115_000);
    expect([...found.critical]).toEqual(["z", "b", "a"]);
  });
  it("takes what lasts longer than ever as about to end", () => {
    const found = forecast([instance("a", "running", 10, [0, null])], graph(["a"], []), NOW);
    expect(found.of.get("a")).toEqual({ from: NOW, to: NOW });
    expect(found.endsAt).toBe(NOW);
  });
  it("says nothing of the end when a task on the way isn't known or waits for the world", () => {
    const shape = graph(["a", "b", "c"], [["a", "b"]]);
    const found = forecast([instance("a", "up_for_reschedule", 10), instance("b", "none", 10), instance("c", "none", 7)], shape, NOW);
    expect([found.endsAt, found.unknown]).toEqual([null, "a"]);
    expect([...found.of.keys()]).toEqual(["c"]);
    expect(forecast([instance("c", "none", null)], graph(["c"], []), NOW).unknown).toBe("c");
  });
  it("waits for all instances of a mapped task, and its critical one is the last", () => {
    const found = forecast([
      instance("m", "running", 30, [90_000, null], 0), instance("m", "scheduled", 30, undefined, 1), instance("end", "none", 1),
    ], graph(["m", "end"], [["m", "end"]]), NOW);
    expect(found.of.get("end")).toEqual({ from: 130_000, to: 131_000 });
    expect([...found.critical]).toEqual(["end", "m[1]"]);
  });
  it("lets who stands in line begin at his turn, and says the last that is known", () => {
    const shape = graph(["a", "b", "x"], [["a", "b"]]);
    const found = forecast([instance("a", "scheduled", 10), instance("b", "none", 5), instance("x", "none", null)], shape, NOW, new Map([["a", 160_000]]));
    expect(found.of.get("a")).toEqual({ from: 160_000, to: 170_000 });
    expect([found.endsAt, found.lastTo]).toEqual([null, 175_000]);
  });
  it("passes over what was skipped", () => {
    const found = forecast([instance("a", "skipped", 10), instance("b", "none", 4)], graph(["a", "b"], [["a", "b"]]), NOW);
    expect(found.of.get("b")).toEqual({ from: NOW, to: NOW + 4000 });
  });
  it("of a run that is over is what the daemon marked", () => {
    const over = [instance("m", "success", 1, [0, 50], 0), instance("m", "success", 1, [0, 70], 1), instance("e", "failed", 1, [70, 90])];
    const found = forecast(over, graph(["m", "e"], [["m", "e"]]), NOW);
    expect([found.of.size, found.endsAt]).toEqual([0, null]);
    expect(found.critical).toEqual(criticalKeys(over));
    expect([...found.critical]).toEqual(["m[1]", "e"]);
  });
});
