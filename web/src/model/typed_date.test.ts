import { describe, expect, it } from "vitest";

import { apiTime, typedDate, typedDates } from "./typed_date";

const NEW_YORK = "America/New_York";

describe("a typed date", () => {
  it("is the day of the DAG's zone, all 23 or 25 hours of it", () => {
    for (const [text, hours] of [["2013-03-10", 23], ["2013-06-11", 24], ["2013-11-03", 25]] as const) {
      const date = typedDate(text, NEW_YORK);
      if ("fault" in date) throw new Error(date.fault);
      expect((date.to - date.from) / 3_600_000).toBe(hours);
      expect(apiTime(date.exact[0]!)).toBe(`${text}T0${text < "2013-03-11" || text > "2013-11-03" ? 5 : 4}:00:00Z`);
    }
  });
  it("may have a time, or an offset of its own", () => {
    expect(typedDate(" 2013-06-11 05:30 ", NEW_YORK)).toMatchObject({ exact: [Date.parse("2013-06-11T09:30:00Z")] });
    expect(typedDate("2013-06-11T05:30:00Z", NEW_YORK)).toMatchObject({ exact: [Date.parse("2013-06-11T05:30:00Z")] });
  });
  it("says why it is none", () => {
    expect(typedDate("11.6.2013", "UTC")).toEqual({ fault: "a date looks like 2013-06-11 or 2013-06-11 05:30" });
    expect(typedDate("2013-02-29", "UTC")).toEqual({ fault: "2013-02-29 isn't in the calendar" });
    expect(typedDate("2013-06-11 24:30", "UTC")).toEqual({ fault: "24:30 isn't a time of day" });
    expect(typedDate("2013-03-10 02:30", NEW_YORK)).toEqual({ fault: `clocks in ${NEW_YORK} leave out 02:30 on that day` });
  });
});

describe("typed dates", () => {
  it("come in any order and writing, each counts once", () => {
    expect(typedDates("2013-06-13, 2013-06-11\n2013-06-13  2013-06-12 05:30", "UTC")).toEqual({
      at: ["2013-06-11T00:00Z", "2013-06-12T05:30Z", "2013-06-13T00:00Z"].map((text) => Date.parse(text)), fault: null,
    });
    expect(typedDates("", "UTC")).toEqual({ at: [], fault: null });
  });
  it("name the one that is wrong", () => {
    expect(typedDates("2013-06-11 x 2013-06-12", "UTC").fault).toBe("x: a date looks like 2013-06-11 or 2013-06-11 05:30");
  });
});
