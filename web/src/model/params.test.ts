import { describe, expect, it } from "vitest";

import { confOf, faultsOf, paramsOf, readParam, textOf } from "./params";

const params = paramsOf({
  days: { value: 7, description: "Days before", schema: { type: "integer", minimum: 1, maximum: 90 } },
  region: { value: "eu", description: null, schema: { type: "string", enum: ["eu", "us"] } },
  share: { value: 0.5, description: null, schema: { type: "number", minimum: 0 } },
  deep: { value: true, description: null, schema: { type: "boolean" } },
  hosts: { value: ["a", "b"], description: null, schema: { type: "array" } },
  extra: { value: {}, description: null, schema: { type: "object" } },
  day: { value: "2013-06-11", description: null, schema: { type: "date" } },
  name: { value: null, description: null, schema: { type: "string", pattern: "^[a-z]+$" } },
});

describe("a DAG's params", () => {
  it("have a field each: default, choices and limits in words", () => {
    expect(params.map(({ name, standard, choices, limits }) => [name, standard, choices, limits])).toEqual([
      ["days", "7", null, "1 to 90"],
      ["region", "eu", ["eu", "us"], null],
      ["share", "0.5", null, "at least 0"],
      ["deep", "true", null, null],
      ["hosts", '[ "a", "b" ]', null, null],
      ["extra", "{}", null, null],
      ["day", "2013-06-11", null, null],
      ["name", null, null, "matches ^[a-z]+$"],
    ]);
  });
  it("are sent where they differ from their default", () => {
    expect(confOf(params, { days: "28", region: "eu", hosts: '["c"]', name: "x", deep: "false" })).toEqual({
      conf: { days: 28, hosts: ["c"], name: "x", deep: false }, faults: {},
    });
  });
  it("say which one has no value, and which isn't of its type", () => {
    expect(confOf(params, { days: "2.5", extra: "[]" }).faults).toEqual({
      days: "isn't an integer", extra: 'an object looks like {"a": 1}', name: "has no default and needs a value",
    });
  });
  it("take an emptied field for the default, but an empty text for a text", () => {
    expect(confOf(params, { days: " ", region: "", name: "x" })).toEqual({ conf: { region: "", name: "x" }, faults: {} });
  });
});

describe("a value", () => {
  it("is read by its type, and comes back as it was", () => {
    expect(readParam("integer", "1e3")).toEqual({ value: 1000 });
    expect(readParam("number", "-0.5")).toEqual({ value: -0.5 });
    expect(readParam("string", "12")).toEqual({ value: "12" });
    expect(readParam("boolean", "yes")).toHaveProperty("fault");
    expect(readParam("array", "[1, [2]]")).toEqual({ value: [1, [2]] });
    expect(readParam("array", '{"a": 1}')).toHaveProperty("fault");
    expect(readParam("date", "11.6.2013")).toHaveProperty("fault");
    expect(readParam("timestamp", "2013-06-11T05:30:00+05:30")).toEqual({ value: "2013-06-11T05:30:00+05:30" });
    expect(readParam("timestamp", "noon")).toHaveProperty("fault");
    expect(readParam("object", textOf("object", { a: { b: [1] } }))).toEqual({ value: { a: { b: [1] } } });
  });
});

describe("what the API refuses", () => {
  it("goes to the field it names", () => {
    expect(faultsOf([
      { loc: ["body", "conf", "days"], msg: "must be at most 90, not 91" },
      { loc: ["body", "logical_date"], msg: "isn't a time" },
      { loc: ["body", "conf"], msg: "has 9 bytes too many" },
      { msg: "no" },
    ], "conf")).toEqual({
      params: { days: "must be at most 90, not 91" },
      others: ["logical_date: isn't a time", "conf: has 9 bytes too many", "no"],
    });
  });
});
