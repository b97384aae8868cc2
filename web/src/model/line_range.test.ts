import { expect, it } from "vitest";

import { hashOfLines, linesOfHash } from "./line_range";

it("reads lines of a hash, in either order, and nothing else", () => {
  expect(linesOfHash("#L12")).toEqual({ first: 12, last: 12 });
  expect(linesOfHash("#L20-L12")).toEqual({ first: 12, last: 20 });
  expect(linesOfHash("#L12-20")).toEqual({ first: 12, last: 20 });
  expect(["", "#", "#L0", "#L", "#L1-", "#L-2", "#main", "L3", "#L1.5"].map(linesOfHash)).toEqual(Array.from({ length: 9 }, () => null));
});

it("writes what it reads", () => {
  for (const hash of ["#L1", "#L7-L9"]) expect(hashOfLines(linesOfHash(hash)!)).toBe(hash);
});
