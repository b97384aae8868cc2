import { describe, expect, it } from "vitest";

import { bandsOf, classBounds, classOf, dateIn, dateOf, dayInWords, dayNumber, instantsOf, monthBounds, monthsOf, movedBy, weekday, yearOf } from "./calendar";
import { hoursOfDay } from "./time";

const year = (y: number, columns: number) => bandsOf(`${y}-01-01`, `${y}-12-31`, columns);
const place = (y: number, columns: number, date: string) => {
  const bands = year(y, columns);
  const at = bands.findIndex((band) => band.days.some((day) => day.date === date));
  const day = bands[at]!.days.find((each) => each.date === date)!;
  return [at, day.column, day.row];
};

describe("dates", () => {
  it("are numbers of days, and only real ones", () => {
    expect(dayNumber("1970-01-01")).toBe(0);
    expect(dayNumber("2012-02-29") + 1).toBe(dayNumber("2012-03-01"));
    for (const wrong of ["2013-02-29", "2013-2-1", "2013-13-01", "", "2013-02-30T00:00"]) expect(dayNumber(wrong)).toBeNaN();
    expect(dateOf(dayNumber("2013-03-10"))).toBe("2013-03-10");
    expect(dateOf(NaN)).toBe("");
  });
  it("have weekdays from Monday on, before 1970 as well", () => {
    expect(weekday(dayNumber("2013-03-10"))).toBe(6);
    expect(weekday(dayNumber("2024-02-29"))).toBe(3);
    expect(weekday(dayNumber("1969-12-29"))).toBe(0);
    expect(dayInWords("2013-03-10")).toBe("Sunday 10 March 2013");
  });
  it("are in months of their own length", () => {
    expect(monthBounds("2012-02")).toEqual(["2012-02-01", "2012-02-29"]);
    expect(monthBounds("2013-02")).toEqual(["2013-02-01", "2013-02-28"]);
    expect(monthBounds("2100-02")[1]).toBe("2100-02-28");
    expect(monthsOf("2012-11-30", "2013-02-01")).toEqual(["2012-11", "2012-12", "2013-01", "2013-02"]);
  });
});

describe("a zone's days", () => {
  it("are 23 and 25 hours of instants where clocks change", () => {
    expect(instantsOf("America/New_York", "2013-03-10")).toEqual(["2013-03-10T05:00:00.000Z", "2013-03-11T04:00:00.000Z"]);
    expect(instantsOf("America/New_York", "2013-11-03")).toEqual(["2013-11-03T04:00:00.000Z", "2013-11-04T05:00:00.000Z"]);
    expect(instantsOf("Asia/Kolkata", "2013-03-10")).toEqual(["2013-03-09T18:30:00.000Z", "2013-03-10T18:30:00.000Z"]);
    expect(instantsOf("Pacific/Chatham", "2013-03-10")).toEqual(["2013-03-09T10:15:00.000Z", "2013-03-10T10:15:00.000Z"]);
    expect(hoursOfDay("Pacific/Chatham", 2013, 4, 7)).toBe(25);
    expect(instantsOf("UTC", "2013-12-31")[1]).toBe("2014-01-01T00:00:00.000Z");
  });
  it("are found from an instant", () => {
    const at = Date.parse("2013-03-10T04:30:00Z");
    expect(["America/New_York", "Asia/Kolkata", "Pacific/Chatham"].map((zone) => dateIn(zone, at))).toEqual(["2013-03-09", "2013-03-10", "2013-03-10"]);
  });
  it("leave no instant out and none in two, over each year and zone", () => {
    for (const zone of ["America/New_York", "Asia/Kolkata", "Pacific/Chatham"]) {
      let before = "";
      for (const { date } of year(2013, 60).flatMap((band) => band.days)) {
        const [from, to] = instantsOf(zone, date);
        if (before) expect(from, `${zone} ${date}`).toBe(before);
        expect(dateIn(zone, Date.parse(from))).toBe(date);
        expect(dateIn(zone, Date.parse(to) - 1)).toBe(date);
        before = to;
      }
    }
  });
});

describe("bands", () => {
  it("have each day once, in order, in leap years and others", () => {
    for (const [y, days] of [[2012, 366], [2013, 365], [2000, 366], [2100, 365]] as const) {
      for (const columns of [60, 30, 15, 10, 1]) {
        const dates = year(y, columns).flatMap((band) => band.days.map((day) => day.date));
        expect(dates).toHaveLength(days);
        expect(dates).toEqual([...new Set(dates)].sort());
        expect([dates[0], dates.at(-1)]).toEqual([`${y}-01-01`, `${y}-12-31`]);
      }
    }
  });
  it("are as few as fit, of whole months, as many in each", () => {
    expect([60, 30, 20, 14, 10, 6, 1].map((columns) => year(2013, columns).length)).toEqual([1, 2, 3, 4, 6, 12, 12]);
    expect(year(2013, 60)[0]!.columns).toBe(53);
    expect(year(2012, 60)[0]!.columns).toBe(54);  // a leap year that begins on a Sunday
    expect(year(2013, 30).map((band) => [band.days[0]!.date, band.columns])).toEqual([["2013-01-01", 26], ["2013-07-01", 27]]);
  });
  it("have weeks as columns", () => {
    expect(place(2013, 60, "2013-01-01")).toEqual([0, 0, 1]);
    expect(place(2013, 60, "2013-01-07")).toEqual([0, 1, 0]);
    expect(place(2013, 60, "2013-03-10")).toEqual([0, 9, 6]);
    expect(place(2013, 30, "2013-07-01")).toEqual([1, 0, 0]);
    expect(place(2012, 60, "2012-12-31")).toEqual([0, 53, 0]);
  });
  it("name their months where there is room", () => {
    expect(year(2013, 60)[0]!.months.map((month) => month.label)).toEqual(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]);
    expect(bandsOf("2012-12-20", "2013-02-10", 60)[0]!.months).toEqual([{ column: 0, label: "Dec" }, { column: 2, label: "Jan 2013" }, { column: 7, label: "Feb" }]);
    // Two days of a month have no room for its name.
    expect(bandsOf("2013-04-29", "2013-05-20", 60)[0]!.months).toEqual([{ column: 0, label: "May" }]);
    expect(bandsOf("2013-02-02", "2013-02-01", 60)).toEqual([]);
  });
});

describe("keys", () => {
  const from = (key: string, date: string) => movedBy(key, date, "2012-01-01", "2012-12-31");
  it("move by a day, a week, a month, and stop at the ends", () => {
    expect(["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"].map((key) => from(key, "2012-02-29"))).toEqual(["2012-03-01", "2012-02-28", "2012-03-07", "2012-02-22"]);
    expect(["Home", "End", "PageDown", "PageUp"].map((key) => from(key, "2012-01-31"))).toEqual(["2012-01-01", "2012-01-31", "2012-02-29", "2012-01-01"]);
    expect(from("ArrowRight", "2012-12-30")).toBe("2012-12-31");
    expect(from("x", "2012-12-30")).toBeNull();
  });
});

describe("classes", () => {
  it("share values evenly, and are fewer when values are", () => {
    const values = Array.from({ length: 100 }, (_, index) => index);
    const bounds = classBounds(values, 5);
    expect(bounds).toEqual([20, 40, 60, 80]);
    expect([0, 19, 20, 99].map((value) => classOf(value, bounds))).toEqual([0, 0, 1, 4]);
    expect(classBounds([3, 3, 3], 5)).toEqual([]);
    expect(classBounds([], 5)).toEqual([]);
    expect(classBounds([1, 2], 5)).toEqual([2]);
  });
  it("and years outside the API's are the fallback", () => {
    expect(["2013", "", "abc", "1969", "2013.5"].map((text) => yearOf(text, 2001))).toEqual([2013, 2001, 2001, 2001, 2001]);
  });
});
