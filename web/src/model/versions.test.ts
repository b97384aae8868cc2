import { describe, expect, it } from "vitest";

import { type BackfillSpan, backfillOf, countWords, type Fold, foldWrites, originOf, schemaChange, schemaWords, tellWrites, type Version } from "./versions";

let id = 0;

function version(partition: string, digest: string, more: Partial<Version> = {}): Version {
  id += 1;
  return {
    id, dataset: "d", partition: `${partition}T00:00:00Z`, version: `b3:${digest}`, dag_id: "dag", run_id: "r", dag_run_id: "r", task_id: "t",
    map_index: -1, attempt: id, path: "/p", bytes: 1, files: 1, rows: null, columns: null, created_at: "2013-06-12T00:00:00Z", ...more,
  };
}

const day = (n: number) => `2013-0${1 + Math.floor(n / 28)}-${String(1 + (n % 28)).padStart(2, "0")}`;

/** 93 days written once, and again by a backfill: one of them with another content. */
function rewritten(): Version[] {
  const once = Array.from({ length: 93 }, (_, n) => version(day(n), `a${n}`, { run_id: "scheduled__x" }));
  const again = Array.from({ length: 93 }, (_, n) => version(day(n), n === 40 ? "other" : `a${n}`, { run_id: "scheduled__x", created_at: "2013-06-13T00:00:00Z" }));
  return [...once, ...again].reverse();
}
const byBackfill = (each: Version) => (each.created_at > "2013-06-12T12" ? "backfill 7" : null);

describe("what a write changed", () => {
  it("is told against the write before of its partition", () => {
    const told = tellWrites([version("2013-01-01", "b"), version("2013-01-02", "c"), version("2013-01-01", "b"), version("2013-01-01", "a")], true);
    expect(told.map((write) => write.content)).toEqual(["same", "first", "differs", "first"]);
    expect(told[0]!.before).toBe(told[2]!.version);
  });
  it("isn't known where older writes weren't read", () => {
    expect(tellWrites([version("2013-01-02", "b"), version("2013-01-01", "b")], false).map((write) => write.content)).toEqual(["unknown", "unknown"]);
  });
  it("counts rows against the same partition, else against the one just before in time", () => {
    const told = tellWrites([
      version("2013-01-02", "d", { rows: 90 }), version("2013-01-04", "c", { rows: 240 }), version("2013-01-03", "b", { rows: 120 }), version("2013-01-02", "a", { rows: 100 }),
    ], true);
    expect(told.map((write) => write.rowsChange)).toEqual([90 / 100 - 1, 1, 120 / 100 - 1, null]);
  });
  it("doesn't divide by no rows", () => {
    expect(tellWrites([version("2013-01-02", "b", { rows: 5 }), version("2013-01-01", "a", { rows: 0 })], true)[0]!.rowsChange).toBeNull();
  });
});

describe("a schema's change", () => {
  const old = [{ name: "day", type: "date" }, { name: "gust", type: "int64" }, { name: "wind_gust", type: "int64" }];
  const now = [{ name: "day", type: "date" }, { name: "holiday_flag", type: "bool" }, { name: "wind_gust", type: "double" }];
  it("is what was added, has another type, is gone", () => {
    expect(schemaWords(schemaChange(old, now)!)).toBe("+ holiday_flag, wind_gust → double, − gust");
    expect(schemaWords(schemaChange(old, old)!)).toBeNull();
    expect(schemaChange(null, now)).toBeNull();
  });
});

describe("folding", () => {
  it("leaves two writes of a backfill and says how the others compare", () => {
    const rows = foldWrites(tellWrites(rewritten(), true), byBackfill);
    expect(rows.map((row) => row.kind).slice(0, 4)).toEqual(["write", "write", "fold", "write"]);
    const fold = rows[2] as Fold;
    expect(fold.by).toBe("backfill 7");
    expect(fold.writes).toHaveLength(91);
    expect(countWords(fold.counts)).toBe("90 wrote the same content, 1 differs");
    // What wasn't by a backfill and was new stays as it is.
    expect(rows).toHaveLength(3 + 93);
  });
  it("loses no write and keeps their order", () => {
    const all = tellWrites(rewritten(), true);
    const back = foldWrites(all, byBackfill).flatMap((row) => (row.kind === "write" ? [row.write] : row.writes));
    expect(back).toEqual(all);
  });
  it("makes one line of writes that changed nothing, whoever wrote them", () => {
    const writes = tellWrites([...Array.from({ length: 5 }, () => version("2013-01-01", "a")), version("2013-01-02", "b")].reverse(), true);
    const rows = foldWrites(writes, () => null);
    // 2 January, the newest of 1 January, a line for three, the first.
    expect(rows.map((row) => (row.kind === "fold" ? row.writes.length : row.write.content))).toEqual(["first", "same", 3, "first"]);
  });
  it("doesn't fold a few", () => {
    const writes = tellWrites([1, 2, 3, 4].map((n) => version(`2013-01-0${n}`, "a")).reverse(), true);
    expect(foldWrites(writes, () => "backfill 1").every((row) => row.kind === "write")).toBe(true);
  });
  it("counts in words", () => {
    expect(countWords({ first: 1, same: 0, differs: 2, unknown: 0 })).toBe("2 differ, 1 is the first of its partition");
    expect(countWords({ first: 0, same: 9, differs: 0, unknown: 0 })).toBe("all wrote the same content");
    expect(countWords({ first: 9, same: 0, differs: 0, unknown: 0 })).toBe("each the first of its partition");
  });
});

describe("who wrote it", () => {
  const span = (n: number, from: string, to: string, created: string, completed: string | null, dates: string[] = []): BackfillSpan =>
    ({ id: n, from_date: from && `${from}T00:00:00Z`, to_date: to && `${to}T00:00:00Z`, dates, created_at: `${created}:00Z`, completed_at: completed && `${completed}:00Z` });
  const spans = [
    span(3, "2013-01-01", "2013-01-31", "2013-06-12T10:00", null),
    span(2, "2013-02-01", "2013-02-28", "2013-06-12T08:00", "2013-06-12T12:00"),
    span(1, "2013-01-01", "2013-01-31", "2013-06-12T08:00", "2013-06-12T09:00"),
  ];
  it("is the backfill of that date that was under way", () => {
    const at = (partition: string, created: string) => backfillOf(version(partition, "a", { created_at: `2013-06-12T${created}:00Z` }), spans);
    expect(at("2013-01-05", "08:30")).toBe(1);
    expect(at("2013-01-05", "09:30")).toBeNull();
    expect(at("2013-01-05", "11:00")).toBe(3);
    expect(at("2013-02-05", "11:00")).toBe(2);
    expect(at("2013-03-05", "11:00")).toBeNull();
  });
  it("is asked for the very dates where a backfill has a list", () => {
    const listed = [span(4, "", "", "2013-06-12T08:00", null, ["2013-01-05T00:00:00Z"])];
    expect(backfillOf(version("2013-01-05", "a", { created_at: "2013-06-12T09:00:00Z" }), listed)).toBe(4);
    expect(backfillOf(version("2013-01-06", "a", { created_at: "2013-06-12T09:00:00Z" }), listed)).toBeNull();
  });
  it("is told by the run's id otherwise", () => {
    expect(originOf("scheduled__2013-06-10T00:00:00+00:00")).toBe("scheduled");
    expect(originOf("my run")).toBe("my run");
  });
});
