import { describe, expect, it } from "vitest";

import { BARS_HEIGHT, flipWord, noNextRun, parseFilter, pathOf, runBars, runsSentence, trendWords } from "./dag_list";
import type { LastRun } from "./overview";

const run = (state: LastRun["state"], duration_s: number | null, start: string | null = "2013-06-12T09:00:00Z"): LastRun => ({
  run_id: `r${duration_s}`, execution_date: "2013-06-11T00:00:00Z", run_type: "scheduled", state, reason: null, start, end: null, duration_s,
});

describe("the trend", () => {
  it("is a percentage with its sign", () => {
    expect(trendWords(1.06)).toEqual({ text: "+6%", slower: false });
    expect(trendWords(0.96)).toEqual({ text: "−4%", slower: false });
    expect(trendWords(1.002)).toEqual({ text: "±0%", slower: false });
    expect(trendWords(1.18)).toEqual({ text: "+18%", slower: true });
    expect(trendWords(4.58)).toEqual({ text: "×4.6", slower: true });
    expect(trendWords(12.2)).toEqual({ text: "×12", slower: true });
    expect(trendWords(null)).toBeNull();
  });
});

describe("a DAG without a next run", () => {
  it("says why", () => {
    expect(noNextRun({ is_paused: true, schedule_text: "@daily" })).toBe("paused");
    expect(noNextRun({ is_paused: false, schedule_text: "datasets: a" })).toBe("on data");
    expect(noNextRun({ is_paused: false, schedule_text: "" })).toBe("none");
  });
});

describe("bars of the last runs", () => {
  it("are as high as the runs took long, the newest at the right", () => {
    const bars = runBars([run("success", 10), run("failed", 5), run("success", 0)], 0, 4);
    expect(bars.map((bar) => bar.height)).toEqual([BARS_HEIGHT, 14, 5]);
    expect(bars.map((bar) => bar.x)).toEqual([5.5, 11, 16.5]);
  });
  it("grow with what still runs", () => {
    const now = Date.parse("2013-06-12T09:00:20Z");
    const bars = runBars([run("success", 10), run("running", null)], now);
    expect(bars[1]!.height).toBe(BARS_HEIGHT);
    expect(bars[0]!.height).toBeLessThan(BARS_HEIGHT);
  });
  it("have a height when nothing has one", () => {
    expect(runBars([run("queued", null, null)], 0)[0]!.height).toBe(5);
    expect(runBars([], 0)).toEqual([]);
  });
  it("keep to the newest when there are too many", () => {
    expect(runBars([run("failed", 1), run("success", 2), run("success", 3)], 0, 2).map((bar) => bar.state)).toEqual(["success", "success"]);
  });
  it("are one path a state", () => {
    expect(pathOf(runBars([run("success", 1), run("success", 1)], 0)).match(/M/g)).toHaveLength(2);
  });
  it("are said in a sentence", () => {
    expect(runsSentence([run("failed", 1), run("success", 1), run("success", 1)])).toBe("3 runs: 2 success, 1 failed");
    expect(runsSentence([])).toBe("no runs yet");
  });
});

it("tells tags and owners from words", () => {
  expect(parseFilter(" raw  #gpu @anna #noaa ")).toEqual({ q: "raw", tags: ["gpu", "noaa"], owners: ["anna"] });
  expect(parseFilter("# @")).toEqual({ q: "", tags: [], owners: [] });
});

it("adds a word to a filter and takes it out", () => {
  expect(flipWord("raw", "#gpu")).toBe("raw #gpu");
  expect(flipWord(" raw #gpu", "#gpu")).toBe("raw");
});
