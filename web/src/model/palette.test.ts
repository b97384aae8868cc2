import { describe, expect, it } from "vitest";

import { lettersPattern, likePattern, parseRecent, parseTyped, datesOf, withRecent } from "./palette";

describe("what is typed", () => {
  it("may have a date among its words", () => {
    expect(parseTyped("flights_ingest 2001-01-05")).toEqual({
      words: "flights_ingest", verb: null, date: { year: 2001, month: 1, day: 5, text: "2001-01-05" },
    });
    expect(parseTyped("2001-1 flights").date).toEqual({ year: 2001, month: 1, day: null, text: "2001-1" });
  });
  it("takes what is no date as a word", () => {
    expect(parseTyped("2001-02-30")).toEqual({ words: "2001-02-30", verb: null, date: null });
    expect(parseTyped("2001-13").date).toBeNull();
  });
  it("may begin with a verb", () => {
    expect(parseTyped("Trigger flights")).toEqual({ words: "flights", verb: "trigger", date: null });
    expect(parseTyped("flights trigger").verb).toBeNull();
  });
});

describe("a date of a DAG", () => {
  it("is the day of its zone, short or long", () => {
    expect(datesOf({ year: 2013, month: 3, day: 10, text: "" }, "America/New_York")).toEqual({
      from: "2013-03-10T05:00:00.000Z", to: "2013-03-11T04:00:00.000Z",
    });
  });
  it("may be a month", () => {
    expect(datesOf({ year: 2012, month: 12, day: null, text: "" }, "UTC")).toEqual({
      from: "2012-12-01T00:00:00.000Z", to: "2013-01-01T00:00:00.000Z",
    });
  });
});

it("makes a pattern of the words", () => {
  expect(likePattern(" flights  feat ")).toBe("flights%feat");
  expect(likePattern("50%")).toBe("50");
  expect(lettersPattern("fl in")).toBe("f%l%i%n");
});

describe("recent places", () => {
  it("come once, the newest first, a few of them", () => {
    let places = [{ path: "/a", label: "A" }, { path: "/b", label: "B" }];
    places = withRecent(places, { path: "/b", label: "B again" });
    expect(places).toEqual([{ path: "/b", label: "B again" }, { path: "/a", label: "A" }]);
    for (let i = 0; i < 20; i += 1) places = withRecent(places, { path: `/${i}`, label: String(i) });
    expect(places).toHaveLength(8);
  });
  it("are read with care", () => {
    expect(parseRecent(null)).toEqual([]);
    expect(parseRecent("{")).toEqual([]);
    expect(parseRecent('[{"path": "//elsewhere.example", "label": "x"}, {"path": "/a", "label": "A"}, 3]')).toEqual([{ path: "/a", label: "A" }]);
  });
});
