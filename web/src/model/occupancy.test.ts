import { describe, expect, it } from "vitest";

import { areaOf, pastLanes, type PastLanes } from "./occupancy";

type Bar = PastLanes["lanes"][number]["bars"][number];

const at = (minute: number) => new Date(Date.parse("2013-06-12T09:00:00Z") + minute * 60_000).toISOString();
const bar = (start: number | null, end: number | null, outcome: Bar["outcome"] = "success") =>
  ({ dag_id: "d", dag_run_id: "r", task_id: "t", map_index: -1, try_number: 1, queued_at: at(0), start: start === null ? null : at(start), end: end === null ? null : at(end), outcome: end === null ? null : outcome }) as Bar;
const lanes = (bars: Bar[], kind: "pool" | "device" = "pool") => pastLanes({ from: at(0), to: at(60), lanes: [{ kind, name: "x", bars }] })[0]!;

describe("what was taken when", () => {
  it("is cut at the window, and what runs reaches to its end", () => {
    const { spans } = lanes([bar(-10, 10), bar(50, null), bar(20, 30, "failed"), bar(null, null)]);
    expect(spans.map((span) => [(span.from - Date.parse(at(0))) / 60_000, (span.to - Date.parse(at(0))) / 60_000, span.state])).toEqual([[0, 10, "success"], [20, 30, "failed"], [50, 60, "running"]]);
  });
  it("is counted from moment to moment", () => {
    const { steps, busy, peak } = lanes([bar(0, 30), bar(10, 20), bar(20, 40)]);
    expect(steps.map((step) => [(step.at - Date.parse(at(0))) / 60_000, step.taken])).toEqual([[0, 1], [10, 2], [30, 1], [40, 0]]);
    expect(peak).toBe(2);
    expect(busy).toBeCloseTo(40 / 60);
  });
  it("is nothing where nothing ran", () => {
    expect(lanes([])).toMatchObject({ busy: 0, peak: 0, steps: [] });
  });
  it("has devices before pools", () => {
    const both = pastLanes({ from: at(0), to: at(60), lanes: [{ kind: "pool", name: "a", bars: [] }, { kind: "device", name: "b", bars: [] }] });
    expect(both.map((lane) => lane.name)).toEqual(["b", "a"]);
  });
  it("is drawn as steps", () => {
    const scale = { from: Date.parse(at(0)), to: Date.parse(at(60)), width: 600 };
    expect(areaOf(lanes([bar(10, 20), bar(15, null)]).steps, scale, 20, 2)).toBe("M100.0 20L100.0 10.0L150.0 10.0L150.0 0.0L200.0 0.0L200.0 10.0L600.0 10.0L600.0 20Z");
    expect(areaOf([], scale, 20, 2)).toBe("");
  });
});
