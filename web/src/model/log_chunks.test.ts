import { expect, it } from "vitest";

import { ChunkCache } from "./log_chunks";

const bytes = (text: string) => new TextEncoder().encode(text);
const said = (found: Uint8Array | null) => found && new TextDecoder().decode(found);

it("puts pieces together over the borders of chunks", () => {
  const cache = new ChunkCache(4, 8);
  cache.put(0, bytes("abcdefgh"));
  cache.put(8, bytes("ij"));
  expect(said(cache.slice(2, 9))).toBe("cdefghi");
  expect(said(cache.slice(4, 8))).toBe("efgh");
  expect(cache.slice(8, 11)).toBeNull();
  expect(cache.missing(6, 14)).toEqual([2, 3]);
  expect(said(cache.slice(5, 5))).toBe("");
});

it("grows the last chunk, and takes a part that begins within one", () => {
  const cache = new ChunkCache(4, 8);
  cache.put(4, bytes("e"));
  cache.put(5, bytes("fg"));
  expect(said(cache.slice(4, 7))).toBe("efg");
  cache.put(2, bytes("cd"));
  expect(said(cache.slice(2, 7))).toBe("cdefg");
  expect(cache.missing(0, 4)).toEqual([0]);
  cache.put(0, bytes("ab"));
  expect(said(cache.slice(0, 7))).toBe("abcdefg");
});

it("has no holes: a piece that doesn't touch the one before takes its place", () => {
  const cache = new ChunkCache(8, 8);
  cache.put(0, bytes("ab"));
  cache.put(5, bytes("fg"));
  expect(cache.slice(0, 7)).toBeNull();
  expect(said(cache.slice(5, 7))).toBe("fg");
});

it("gives what is there behind a place, within its chunk", () => {
  const cache = new ChunkCache(4, 8);
  cache.put(5, bytes("fgh"));
  expect([4, 5, 7, 8].map((at) => said(cache.behind(at)))).toEqual(["", "fgh", "h", ""]);
});

it("forgets the chunk that was used longest ago", () => {
  const cache = new ChunkCache(2, 3);
  for (const at of [0, 2, 4]) cache.put(at, bytes("xy"));
  expect(cache.slice(0, 2)).not.toBeNull();
  cache.put(6, bytes("xy"));
  expect(cache.count).toBe(3);
  expect(cache.slice(2, 4)).toBeNull();
  expect(cache.slice(0, 2)).not.toBeNull();
});

it("never keeps more than its bound of a long log", () => {
  const cache = new ChunkCache(1024, 4);
  for (let at = 0; at < 1_000_000; at += 1500) cache.put(at, new Uint8Array(1500));
  expect(cache.count).toBe(4);
});
