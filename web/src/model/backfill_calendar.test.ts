import { describe, expect, it } from "vitest";

import { areEven, type Dated, framesOf, monthName, oddDays, sheetOf, type Stretch, stretchesOf, weeksOf, yearsOf } from "./backfill_calendar";

const NEW_YORK = "America/New_York";
const at = (text: string) => Date.parse(text);
type Kind = "create" | "skip" | "rerun";
const ORDER: Kind[] = ["rerun", "create", "skip"];
const stretch = (from: string, to: string, count: number, kind: Kind): Stretch<Kind> => ({ from: at(from), to: at(to), count, kind });
const counted = (sheet: { days: { name: string; total: number }[] }) => Object.fromEntries(sheet.days.filter((day) => day.total).map((day) => [day.name, day.total]));

describe("a year's days", () => {
  it("are the zone's: 23 hours on 10 March 2013, 25 on 3 November, in New York", () => {
    const days = framesOf(NEW_YORK, 2013);
    expect(days).toHaveLength(365);
    expect(days.filter((day) => day.hours !== 24).map((day) => [day.name, day.hours])).toEqual([["2013-03-10", 23], ["2013-11-03", 25]]);
    expect(new Date(days[0]!.from).toISOString()).toBe("2013-01-01T05:00:00.000Z");
    expect(days[0]!.weekday).toBe(1);
    expect(framesOf("UTC", 2012)).toHaveLength(366);
  });
  it("touch without a gap, in zones of odd offsets too", () => {
    for (const zone of ["Asia/Kolkata", "Pacific/Chatham", "America/Sao_Paulo"]) {
      const days = framesOf(zone, 2013);
      days.forEach((day, index) => expect(day.from).toBe(index ? days[index - 1]!.to : day.from));
    }
  });
});

describe("stretches on a calendar", () => {
  it("of hours: each real hour of the short and of the long day", () => {
    const sheet = sheetOf(NEW_YORK, 2013, [stretch("2013-01-01T05:00:00Z", "2014-01-01T04:00:00Z", 8760, "create")], ORDER);
    const counts = counted(sheet);
    expect(Object.keys(counts)).toHaveLength(365);
    expect([counts["2013-03-09"], counts["2013-03-10"], counts["2013-11-03"]]).toEqual([24, 23, 25]);
    expect(Object.values(counts).reduce((a, b) => a + b, 0)).toBe(8760);
  });
  it("of days: one a day of New York's midnights, over both changes", () => {
    const sheet = sheetOf(NEW_YORK, 2013, [stretch("2013-01-01T05:00:00Z", "2013-12-31T05:00:00Z", 365, "skip")], ORDER);
    expect(sheet.days.every((day) => day.total === 1 && day.kind === "skip")).toBe(true);
    expect(new Date(sheet.days[180]!.first!).toISOString()).toBe("2013-06-30T04:00:00.000Z");
  });
  it("sum to the range, whatever they are, one year at a time", () => {
    const spans = [stretch("2009-12-30T00:00:00Z", "2012-06-30T23:00:00Z", 21_936, "create"), stretch("2012-07-01T00:00:00Z", "2013-01-01T00:00:00Z", 4417, "skip")];
    expect(yearsOf(spans, "UTC")).toEqual([2009, 2010, 2011, 2012, 2013]);
    const sum = yearsOf(spans, NEW_YORK).flatMap((year) => sheetOf(NEW_YORK, year, spans, ORDER).days).reduce((total, day) => total + day.total, 0);
    expect(sum).toBe(26_353);
  });
  it("give a mixed day the kind that needs eyes, and keep all counts", () => {
    const spans = [stretch("2013-06-11T00:00:00Z", "2013-06-11T05:00:00Z", 6, "skip"), stretch("2013-06-11T06:00:00Z", "2013-06-11T06:00:00Z", 1, "rerun"), stretch("2013-06-11T07:00:00Z", "2013-06-12T02:00:00Z", 20, "create")];
    const day = sheetOf("UTC", 2013, spans, ORDER).days.find((each) => each.name === "2013-06-11")!;
    expect(day).toMatchObject({ counts: { skip: 6, rerun: 1, create: 17 }, total: 24, kind: "rerun", first: at("2013-06-11T00:00:00Z") });
  });
  it("give way to dates that are known one by one", () => {
    const weekdays: Dated<Kind>[] = ["2013-06-07", "2013-06-10", "2013-06-11"].map((text) => ({ at: at(`${text}T06:30:00Z`), kind: "create" }));
    expect(counted(sheetOf("UTC", 2013, stretchesOf(weekdays), ORDER, weekdays))).toEqual({ "2013-06-07": 1, "2013-06-10": 1, "2013-06-11": 1 });
  });
  it("name the days without 24 hours that have dates", () => {
    const spans = [stretch("2013-03-01T05:00:00Z", "2013-10-31T04:00:00Z", 245, "create")];
    expect(oddDays(spans, NEW_YORK, false).map((day) => [day.name, day.hours])).toEqual([["2013-03-10", 23]]);
    expect(oddDays(spans, "UTC", false)).toEqual([]);
    const weekdays = [stretch("2013-03-01T11:30:00Z", "2013-03-29T10:30:00Z", 21, "create")];
    expect(oddDays(weekdays, NEW_YORK, false)).toEqual([]);
    expect(oddDays([stretch("2013-03-09T05:00:00Z", "2013-03-11T03:00:00Z", 47, "create")], NEW_YORK, true)).toMatchObject([{ name: "2013-03-10", total: 23 }]);
  });
});

describe("weeks", () => {
  const year = (spans: Stretch<Kind>[]) => sheetOf(NEW_YORK, 2013, spans, ORDER);
  it("begin on Mondays; a year has 53 columns", () => {
    const weeks = weeksOf(year([]), true);
    expect(weeks.count).toBe(53);
    expect(weeks.cells[0]).toMatchObject({ week: 0, weekday: 1 });
    expect(weeks.months.map(({ month, week }) => `${monthName(month, true)} ${week}`).slice(0, 4)).toEqual(["Jan 0", "Feb 5", "Mar 9", "Apr 13"]);
  });
  it("are only those with dates, and enough to look like a calendar", () => {
    const weeks = weeksOf(year([stretch("2013-01-01T05:00:00Z", "2013-06-11T04:00:00Z", 162, "create")]), true);
    expect(weeks.count).toBe(24);
    expect(weeks.cells.at(-1)!.day.name).toBe("2013-06-16");
    const few = weeksOf(year([stretch("2013-12-30T05:00:00Z", "2013-12-31T05:00:00Z", 2, "create")]), true);
    expect(few.count).toBe(12);
    expect(few.cells.at(-1)!.day.name).toBe("2013-12-31");
  });
});

describe("dates", () => {
  it("are even or not", () => {
    const hourly = [0, 1, 2, 3].map((hour) => ({ at: hour * 3_600_000 }));
    expect(areEven(hourly)).toBe(true);
    expect(areEven([...hourly, { at: 5 * 3_600_000 }])).toBe(false);
  });
  it("become stretches", () => {
    const dates: Dated<Kind>[] = [{ at: 1, kind: "create" }, { at: 2, kind: "create" }, { at: 3, kind: "skip" }];
    expect(stretchesOf(dates)).toEqual([{ from: 1, to: 2, count: 2, kind: "create" }, { from: 3, to: 3, count: 1, kind: "skip" }]);
  });
});

describe("ten years of hours", () => {
  it("are laid out fast enough to type", () => {
    const spans: Stretch<Kind>[] = [];
    for (let i = 0; i < 2000; i += 1) {
      const from = at("2003-01-01T00:00:00Z") + i * 44 * 3_600_000;
      spans.push({ from, to: from + 43 * 3_600_000, count: 44, kind: i % 2 ? "create" : "skip" });
    }
    for (const year of yearsOf(spans, NEW_YORK)) framesOf(NEW_YORK, year);
    const began = performance.now();
    for (const year of yearsOf(spans, NEW_YORK)) weeksOf(sheetOf(NEW_YORK, year, spans, ORDER), true);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
