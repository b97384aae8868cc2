import { describe, expect, it } from "vitest";

import { dayWords, partitionDays, yearsOf } from "./partitions";

const partition = (at: string, versions = 1) => ({ partition: at, versions, newest_version: {} as never });

describe("partitions as days", () => {
  it("stand on their date in the producer's zone", () => {
    const days = partitionDays([partition("2013-06-11T04:00:00Z", 2), partition("2013-06-10T04:00:00Z")], [], "America/New_York");
    expect([...days.keys()]).toEqual(["2013-06-11", "2013-06-10"]);
    expect(dayWords(days.get("2013-06-11")!)).toBe("written 2 times");
    expect(dayWords(days.get("2013-06-10")!)).toBe("written once");
  });
  it("are several where hours are written", () => {
    const hours = Array.from({ length: 24 }, (_, hour) => partition(`2013-06-11T${String(hour).padStart(2, "0")}:00:00Z`, 2));
    expect(dayWords(partitionDays(hours, [], "UTC").get("2013-06-11")!)).toBe("24 partitions, written 48 times");
  });
  it("say why one isn't there", () => {
    const days = partitionDays([partition("2013-06-11T00:00:00Z")], ["2013-06-10", "2013-06-11", "2013-06-12"].map((date) => ({ date, state: "failed" as const })), "UTC");
    expect([...days].map(([date, day]) => `${date} ${dayWords(day)}`).sort()).toEqual([
      "2013-06-10 no partition: its run failed", "2013-06-11 written once", "2013-06-12 no partition: its run failed",
    ]);
  });
  it("have years", () => {
    expect(yearsOf([partition("2013-01-01T00:00:00Z"), partition("2012-12-31T00:00:00Z"), partition("2013-02-01T00:00:00Z")], "UTC")).toEqual([2013, 2012]);
    expect(yearsOf([partition("2013-01-01T00:00:00Z")], "America/New_York")).toEqual([2012]);
  });
});
