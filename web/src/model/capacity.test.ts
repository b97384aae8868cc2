import { describe, expect, it } from "vitest";

import { chipsOf, groupCounts, groupOf, holdingOf, instanceText, modelsOf, parseAttempt, parseInstance, progressOf, roughly, runLabel, slotCells } from "./capacity";

const cells = (slots: number, running: number, occupied = running) => {
  const all = slotCells({ slots, running_slots: running, occupied_slots: occupied });
  return `${all.filter((cell) => cell === "used").length} ${all.filter((cell) => cell === "starting").length} ${all.filter((cell) => cell === "free").length}`;
};

describe("a pool's slots", () => {
  it("are a cell each where there are few", () => {
    expect(cells(4, 4)).toBe("4 0 0");
    expect(cells(3, 1, 2)).toBe("1 1 1");
    expect(cells(0, 0)).toBe("0 0 0");
  });
  it("share cells where there are many, and neither the first nor the last one is lost", () => {
    expect(cells(64, 21)).toBe("8 0 16");
    expect(cells(1000, 1)).toBe("1 0 23");
    expect(cells(1000, 999)).toBe("23 0 1");
    expect(cells(1000, 1000)).toBe("24 0 0");
  });
  it("may be more taken than there are, when somebody made the pool smaller", () => {
    expect(cells(2, 5)).toBe("2 0 0");
  });
});

describe("names", () => {
  it("of tries are taken apart, whatever the run is called", () => {
    expect(parseAttempt("etl/manual__2001-01-05T00:00:00+00:00/load/-1/2")).toEqual({ dagId: "etl", runId: "manual__2001-01-05T00:00:00+00:00", taskId: "load", mapIndex: -1, tryNumber: 2 });
    expect(parseAttempt("etl/a/b/load/3/1")).toMatchObject({ runId: "a/b", mapIndex: 3 });
    expect(parseAttempt("etl/load/1")).toBeNull();
  });
  it("of instances go into the address and back", () => {
    const instance = { dagId: "etl", runId: "a/b c+00:00", taskId: "load", mapIndex: -1 };
    expect(parseInstance(instanceText(instance))).toEqual(instance);
    expect(parseInstance("etl/%/load/0")).toBeNull();
    expect(parseInstance("etl/r/load")).toBeNull();
  });
  it("of runs are their date in the DAG's zone", () => {
    expect(runLabel("scheduled__2013-06-10T04:00:00+00:00", "America/New_York")).toBe("2013-06-10");
    expect(runLabel("my run", "UTC")).toBe("my run");
  });
  it("of models are counted", () => {
    expect(modelsOf([{ model: "NVIDIA H200" }, { model: "NVIDIA A100-SXM4-80GB" }, { model: "NVIDIA H200" }])).toBe("2 × H200, 1 × A100-SXM4-80GB");
  });
});

describe("who holds a device", () => {
  const segment = (kind: "waiting" | "running", from: string, number: number) => ({ kind, from, to: null, try: number });
  const timeline = {
    dag_id: "train", dag_run_id: "r", tasks: [
      { task: "fold", map_index: 0, state: "running", segments: [segment("running", "2013-06-12T09:00:00Z", 1), segment("running", "2013-06-12T09:30:00Z", 2)], expected_s: 1200, critical: false },
      { task: "fold", map_index: 1, state: "running", segments: [segment("waiting", "2013-06-12T09:00:00Z", 0)], expected_s: null, critical: false },
    ],
  } as never;
  it("is its try, since it runs, for as long as it usually does", () => {
    const holding = holdingOf({ attempt: "train/r/fold/0/2" }, [timeline]);
    expect(holding).toMatchObject({ startedAt: Date.parse("2013-06-12T09:30:00Z"), expected: 1200 });
    expect(progressOf(holding, Date.parse("2013-06-12T09:35:00Z"))).toEqual({ share: 0.25, left: 900 });
    expect(progressOf(holding, Date.parse("2013-06-12T10:00:00Z"))).toEqual({ share: 1, left: -600 });
  });
  it("says nothing of what isn't known", () => {
    expect(progressOf(holdingOf({ attempt: "train/r/fold/1/1" }, [timeline]), 0)).toBeNull();
    expect(progressOf(holdingOf({ attempt: "other/r/fold/1/1" }, [timeline]), 0)).toBeNull();
    expect(holdingOf({ attempt: null }, [timeline])).toEqual({ of: null, startedAt: null, expected: null });
  });
});

describe("a forecast", () => {
  it("is told no finer than it is", () => {
    expect([0, 36.4, 89, 600, 5399, 7200].map(roughly)).toEqual(["0 s", "36 s", "1 min", "10 min", "90 min", "2 h"]);
  });
});

describe("what is waited for", () => {
  const waits = (...kinds: string[]) => ({ pool: "gpu", waits_for: kinds.map((kind) => ({ kind, detail: `says ${kind}` })) });
  it("is known by what is scarcest", () => {
    expect(groupOf(waits("pool", "gpu"))).toBe("devices");
    expect(groupOf(waits("pool", "memory"))).toBe("machine");
    expect(groupOf(waits("something_new"))).toBe("limits");
    expect(chipsOf(waits("pool", "gpu")).map((chip) => `${chip.text}: ${chip.detail}`)).toEqual(["GPU: says gpu", "pool gpu: says pool"]);
  });
  it("is counted, each task once", () => {
    expect(groupCounts([waits("pool", "gpu"), waits("gpu"), waits("pool"), waits("retry_delay")])).toEqual([
      { group: "devices", count: 2 }, { group: "pool", count: 1 }, { group: "time", count: 1 },
    ]);
  });
});
