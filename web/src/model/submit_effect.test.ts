import { describe, expect, it } from "vitest";

import { effectOf, movedOn } from "./submit_effect";

const known = { version_number: 3, is_stale: false, hash: "h3", fileName: "api" };

describe("what a submit does", () => {
  it("makes a new DAG where none of that name is, or where it was deleted", () => {
    expect(effectOf(null, "h", null)).toEqual({ kind: "new" });
    expect(effectOf({ ...known, is_stale: true }, "h3", 3)).toEqual({ kind: "new" });
  });
  it("makes a version, goes back to one, or changes nothing", () => {
    expect(effectOf(known, "h4", null)).toEqual({ kind: "next", since: 3 });
    expect(effectOf(known, "h1", 1)).toEqual({ kind: "back", to: 1, since: 3 });
    expect(effectOf(known, "h3", 3)).toEqual({ kind: "same", as: 3 });
  });
  it("is refused where a file of the folder says what is in force", () => {
    expect(effectOf({ ...known, fileName: "etl.yaml" }, "h3", 3)).toEqual({ kind: "folder", file: "etl.yaml" });
  });
});

describe("a version that came meanwhile", () => {
  it("is one that the text wasn't begun as", () => {
    expect(movedOn(3, "etl", "etl", known)).toBeNull();
    expect(movedOn(2, "etl", "etl", known)).toBe(3);
    expect(movedOn(3, "etl", "etl", null)).toBeNull();
  });
  it("is any version of a DAG that wasn't the one to edit", () => {
    expect(movedOn(3, "other", "etl", known)).toBe(3);
    expect(movedOn(null, "etl", "", known)).toBe(3);
    expect(movedOn(null, "etl", "", null)).toBeNull();
  });
});
