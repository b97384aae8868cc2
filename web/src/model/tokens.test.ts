import { describe, expect, it } from "vitest";

import { type TokenForm, tokenFaults, tokenWish } from "./tokens";

const form: TokenForm = { name: "ci", role: "operator", dags: "flights_*, etl", lifetime: "2592000" };

describe("the form of a new token", () => {
  it("asks for what is in it", () => {
    expect(tokenWish(form)).toEqual({ name: "ci", role: "operator", scope: { dags: ["flights_*", "etl"] }, expires_in: 2_592_000 });
    expect(tokenWish({ ...form, dags: " ", lifetime: "" })).toEqual({ name: "ci", role: "operator" });
  });
  it("limits no author or admin, whatever was typed before", () => {
    expect(tokenWish({ ...form, role: "admin" })).toEqual({ name: "ci", role: "admin", expires_in: 2_592_000 });
    expect(tokenFaults({ ...form, role: "author", dags: "a/b" })).toEqual({});
  });
  it("says what is wrong before the API does", () => {
    expect(tokenFaults(form)).toEqual({});
    expect(tokenFaults({ ...form, name: "a b" })).toHaveProperty("name");
    expect(tokenFaults({ ...form, name: "" })).toHaveProperty("name");
    expect(tokenFaults({ ...form, dags: "ok a/b" }).dags).toMatch(/^a\/b /);
  });
});
