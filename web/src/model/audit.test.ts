import { describe, expect, it } from "vitest";

import { changesOf, fieldChanges, touchedWords } from "./audit";

const row = {
  changes: [
    { object: "backfill", key: { id: 1 }, before: null, after: { state: "running", note: "", sources: [], total: 42 } },
    { object: "backfill", key: { id: 1 }, before: { queued: 42 }, after: { queued: 36 } },
    { object: "dag_run", key: { id: 7 }, before: null, after: { state: "running" } },
    { object: "dag_run", key: { id: 8 }, before: { state: "running" }, after: null },
    { left_out: 30 },
  ],
};

describe("a row of the audit log", () => {
  it("says what was made, changed and taken away", () => {
    const { changes, leftOut } = changesOf(row);
    expect(changes.map(({ name, how }) => `${name} ${how}`)).toEqual(["backfill 1 created", "backfill 1 changed", "dag_run 7 created", "dag_run 8 deleted"]);
    expect(changes[0]!.fields).toEqual([{ field: "state", before: null, after: "running" }, { field: "total", before: null, after: "42" }]);
    expect(changes[1]!.fields).toEqual([{ field: "queued", before: "42", after: "36" }]);
    expect(changes[3]!.fields).toEqual([{ field: "state", before: "running", after: null }]);
    expect(leftOut).toBe(30);
  });
  it("is said in short", () => {
    expect(touchedWords(row)).toBe("backfill 1, 2 × dag_run, 30 more");
    expect(touchedWords({ changes: [] })).toBe("nothing");
  });
});

it("shows what differs, objects as JSON", () => {
  expect(fieldChanges({ a: 1, b: { c: [1] }, d: "x", gone: true }, { a: 1, b: { c: [2] }, d: null })).toEqual([
    { field: "b", before: '{"c":[1]}', after: '{"c":[2]}' }, { field: "d", before: "x", after: "null" }, { field: "gone", before: "true", after: null },
  ]);
});
