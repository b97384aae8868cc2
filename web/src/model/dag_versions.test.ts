import { describe, expect, it } from "vitest";

import { authorOf, beforeOf, chosenVersions, type DagVersion, type EventLine, rewiredOf, rowIdOf, sameStructure, versionRows } from "./dag_versions";

const version = (id: string, version_number: number) =>
  ({ id: `00000000-0002-7000-8000-${id}`, version_number, created_at: `2026-01-0${version_number}T00:00:00Z`, hash: "abc", file_name: "etl.yaml" }) as DagVersion;
const event = (event_log_id: number, to: string, cause: string | null) => ({ event_log_id, to, cause }) as unknown as EventLine;

describe("versions", () => {
  it("are found in the record by the number in their id", () => {
    expect(rowIdOf("00000000-0002-7000-8000-00000000001f")).toBe(31);
    expect(rowIdOf("00000000-0002-7000-8001-000000000002")).toBe(2 ** 48 + 2);
  });
  it("have an author where the record says", () => {
    expect(["submitted by ana", "changed by dag folder", "unpaused by ana", null, "changed by by me"].map(authorOf)).toEqual(["ana", "the watched folder", "", "", "by me"]);
  });
  it("are newest first, with who put each in force first", () => {
    const rows = versionRows(
      [version("000000000005", 1), version("00000000000a", 2), version("00000000000b", 3)],
      [event(9, "5", "changed by bo"), event(3, "10", "changed by dag folder"), event(1, "5", "submitted by ana"), event(12, "5", null)], 1,
    );
    expect(rows.map(({ number, by, current }) => [number, by, current])).toEqual([[3, "", false], [2, "the watched folder", false], [1, "ana", true]]);
  });
  it("are those of the URL that exist, else the one in force alone", () => {
    const chosen = (v: string, diff: string) => chosenVersions(v, diff, [3, 2, 1], 2);
    expect(chosen("", "")).toEqual({ version: 2, against: null });
    expect(chosen("3", "1")).toEqual({ version: 3, against: 1 });
    expect(chosen("9", "1")).toEqual({ version: 2, against: 1 });
    expect(chosen("3", "3")).toEqual({ version: 3, against: null });
    expect(chosen("x", "0")).toEqual({ version: 2, against: null });
    expect([beforeOf(3, [3, 1]), beforeOf(1, [3, 1])]).toEqual([1, null]);
  });
});

describe("what differs", () => {
  const same = { from: 1, to: 2, added: [], removed: [], changed: [], rewired: [] };
  it("is told as edges gained and lost", () => {
    expect(rewiredOf({ ...same, rewired: [{ task_id: "c", upstream_before: ["a", "b"], upstream_after: ["b", "x"] }] })).toEqual([{ task: "c", gained: ["x"], lost: ["a"] }]);
  });
  it("may be nothing of the structure", () => {
    expect(sameStructure(same)).toBe(true);
    expect(sameStructure({ ...same, changed: ["a"] })).toBe(false);
  });
});
