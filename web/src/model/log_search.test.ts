import { describe, expect, it } from "vitest";

import { cutAt, foundText, hashOf, lowerBound, nextMatch, parseGoTo, parseHash, rangesOf } from "./log_search";

describe("the way through matches", () => {
  const lines = [3, 7, 7000, 90_000];
  it("goes to the next after, or the last before, a line, and round the end", () => {
    expect([-1, 2, 3, 50, 90_000, 1e6].map((line) => nextMatch(lines, line, 1))).toEqual([0, 0, 1, 2, 0, 0]);
    expect([1e6, 90_000, 50, 7, 3, 0].map((line) => nextMatch(lines, line, -1))).toEqual([3, 2, 1, 0, 3, 3]);
    expect(nextMatch([], 5, 1)).toBe(-1);
  });
  it("comes by every match once, either way", () => {
    for (const way of [1, -1] as const) {
      const seen = new Set<number>();
      let line = 500;
      for (let i = 0; i < lines.length; i += 1) seen.add((line = lines[nextMatch(lines, line, way)]!));
      expect([...seen].sort((a, b) => a - b)).toEqual(lines);
    }
  });
  it("finds places in sorted lines", () => {
    expect([0, 3, 4, 7000, 90_001].map((line) => lowerBound(lines, line))).toEqual([0, 0, 1, 2, 4]);
  });
});

it("says where one is among how many", () => {
  expect(foundText({ lines: 24, open: false }, 20)).toBe("21 of 24");
  expect(foundText({ lines: 10_000, open: true }, -1)).toBe("10,000+ lines");
  expect(foundText({ lines: 1, open: false }, -1)).toBe("1 line");
  expect(foundText({ lines: 0, open: false }, -1)).toBe("none");
  expect(foundText({ lines: 0, open: true }, -1)).toBe("…");
});

describe("marks", () => {
  it("are found as the daemon finds them: ASCII letters of either case, others as they are", () => {
    expect(rangesOf("AUC auc Auc", "aUc")).toEqual([{ from: 0, to: 3 }, { from: 4, to: 7 }, { from: 8, to: 11 }]);
    expect(rangesOf("É é İ", "é")).toEqual([{ from: 2, to: 3 }]);
    expect(rangesOf("aaaa", "aa")).toHaveLength(2);
    expect(rangesOf("x", "")).toEqual([]);
  });
  it("cut spans, over their borders as well", () => {
    const spans = [{ text: "valid-a" }, { text: "uc 0.7" }];
    expect(cutAt(spans, rangesOf("valid-auc 0.7", "auc")).map(({ text, marked }) => [text, marked])).toEqual([
      ["valid-", false], ["a", true], ["uc", true], [" 0.7", false],
    ]);
    expect(cutAt(spans, [])).toHaveLength(2);
  });
});

it("reads and writes links to lines", () => {
  expect(parseHash("#L120")).toEqual({ first: 119, last: 119 });
  expect(parseHash("#L140-L120")).toEqual({ first: 119, last: 139 });
  expect(parseHash("#L120-140")).toEqual({ first: 119, last: 139 });
  expect(["", "#", "#L0", "#L", "#Lx", "#L1-", "#main"].map(parseHash)).toEqual([null, null, null, null, null, null, null]);
  expect(hashOf({ first: 119, last: 119 })).toBe("#L120");
  expect(parseHash(hashOf({ first: 119, last: 139 }))).toEqual({ first: 119, last: 139 });
  expect(parseGoTo(" :120-140")).toEqual({ first: 119, last: 139 });
  expect(parseGoTo("12:00")).toBeNull();
});
