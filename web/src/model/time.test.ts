import { describe, expect, it } from "vitest";

import { bytes, duration, executionDate, fullInstant, hoursOfDay, offsetText, relative, shortInstant, startOfDay } from "./time";

const NEW_YORK = "America/New_York";
const ms = Date.parse;

// Run under several zones of the process as well (TZ): nothing here may depend on it.
describe("execution dates", () => {
  it("are dates of the DAG's zone, whatever the reader's is", () => {
    expect(executionDate("2013-06-11T04:00:00Z", NEW_YORK)).toBe("2013-06-11");
    expect(executionDate("2013-06-11T00:00:00Z", "UTC")).toBe("2013-06-11");
    expect(executionDate("2013-06-10T18:30:00Z", "Asia/Kolkata")).toBe("2013-06-11");
    expect(executionDate("2013-06-10T11:15:00Z", "Pacific/Chatham")).toBe("2013-06-11");
  });
  it("have a time when it isn't midnight", () => {
    expect(executionDate("2013-06-11T00:00:00Z", NEW_YORK)).toBe("2013-06-10 20:00");
    expect(executionDate(null, "UTC")).toBe("none");
  });
});

describe("days where clocks change", () => {
  it("have 23 and 25 hours", () => {
    expect(hoursOfDay(NEW_YORK, 2013, 3, 10)).toBe(23);
    expect(hoursOfDay(NEW_YORK, 2013, 3, 11)).toBe(24);
    expect(hoursOfDay(NEW_YORK, 2013, 11, 3)).toBe(25);
    expect(hoursOfDay("Australia/Lord_Howe", 2013, 4, 7)).toBe(24.5);
    expect(hoursOfDay("UTC", 2013, 3, 10)).toBe(24);
  });
  it("begin when the zone says, also where midnight doesn't exist", () => {
    expect(startOfDay(NEW_YORK, 2013, 3, 10)).toBe(ms("2013-03-10T05:00:00Z"));
    expect(startOfDay(NEW_YORK, 2013, 3, 11)).toBe(ms("2013-03-11T04:00:00Z"));
    expect(startOfDay(NEW_YORK, 2013, 11, 4)).toBe(ms("2013-11-04T05:00:00Z"));
    expect(startOfDay("America/Sao_Paulo", 2013, 10, 20)).toBe(ms("2013-10-20T03:00:00Z"));
    expect(hoursOfDay("America/Sao_Paulo", 2013, 10, 20)).toBe(23);
  });
});

describe("instants", () => {
  const at = ms("2013-06-12T09:41:12Z");
  it("say their zone when shown in full", () => {
    expect(fullInstant(at, "UTC")).toBe("2013-06-12 09:41:12 UTC");
    expect(fullInstant(at, NEW_YORK)).toBe("2013-06-12 05:41:12 −04");
    expect(fullInstant(at, "Asia/Kolkata")).toBe("2013-06-12 15:11:12 +05:30");
    expect(offsetText("Pacific/Chatham", at)).toBe("+12:45");
  });
  it("are as short as today, this year or another allows", () => {
    expect(shortInstant(at, "UTC", ms("2013-06-12T23:00:00Z"))).toBe("09:41");
    expect(shortInstant(at, "UTC", ms("2013-06-14T00:00:00Z"))).toBe("12 Jun 09:41");
    expect(shortInstant(at, "UTC", ms("2014-06-14T00:00:00Z"))).toBe("12 Jun 2013");
  });
  it("have an age and a time to go", () => {
    expect(relative(at + 38_000, at)).toBe("in 38 s");
    expect(relative(at - 150_000, at)).toBe("2 min ago");
    expect(relative(at - 3_700_000, at)).toBe("1 h 1 m ago");
    expect(relative(at, at)).toBe("now");
  });
});

describe("durations and sizes", () => {
  it("have two units at most", () => {
    expect([0.004, 0.4, 9.96, 38, 161, 840, 7800, 338_400, null].map(duration)).toEqual([
      "4 ms", "0.4 s", "10 s", "38 s", "2m 41s", "14m 00s", "2h 10m", "3 d 22 h", "–",
    ]);
    expect([0, 1023, 1024, 2_202_009, 150_000_000_000].map(bytes)).toEqual(["0 B", "1023 B", "1.0 KiB", "2.1 MiB", "140 GiB"]);
  });
});
