import { describe, expect, it } from "vitest";

import { BlockLines, LineIndex } from "./log_index";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Finds line `k` as the viewer does: in the pieces that wanted() names. Returns how many bytes that took. */
function find(lines: BlockLines, log: Uint8Array, k: number, chunk: number): { range: { from: number; to: number } | null; looked: number } {
  let looked = 0;
  for (let wanted = lines.wanted(k, chunk); wanted; wanted = lines.wanted(k, chunk)) {
    looked += wanted.to - wanted.from;
    lines.scan(wanted.from, log.subarray(wanted.from, wanted.to));
  }
  return { range: lines.range(k), looked };
}

/** Lengths of lines, the same each time. */
function* lengths(seed: number, most: number): Generator<number> {
  for (let x = seed; ; x = (x * 1103515245 + 12345) % 2147483648) yield x % most;
}

function someLog(count: number, seed: number, most: number, ended: boolean): { log: Uint8Array; starts: number[] } {
  const next = lengths(seed, most);
  const starts: number[] = [];
  let text = "";
  for (let line = 0; line < count; line += 1) {
    starts.push(text.length);
    text += "x".repeat(next.next().value! as number) + (line < count - 1 || ended ? "\n" : "end");
  }
  return { log: bytes(text), starts };
}

describe("the lines of a block", () => {
  it.each([[1, true], [2, true], [7, false], [64, true], [256, false]])("are found from either end, in pieces of any size: %i lines, ended: %s", (count, ended) => {
    for (const chunk of [1, 3, 16, 100_000]) {
      const { log, starts } = someLog(count, 7 + count, 40, ended);
      const lines = new BlockLines(0, log.length, count);
      // From the outside to the middle, then all: what was found one way holds for the other.
      const order = [count - 1, 0, Math.floor(count / 2), ...starts.keys()];
      for (const k of order) {
        expect(find(lines, log, k, chunk).range).toEqual({ from: starts[k], to: starts[k + 1] ?? log.length });
      }
    }
  });

  it("are looked for from the nearer end: the last of many long ones costs its own bytes", () => {
    const log = bytes(`${"y".repeat(1000)}\n`.repeat(256));
    const lines = new BlockLines(0, log.length, 256);
    expect(find(lines, log, 255, 100).looked).toBeLessThan(1300);
    expect(find(lines, log, 2, 100).looked).toBeLessThan(3200);
  });

  it("may be empty", () => {
    const log = bytes("\n\n\n");
    const lines = new BlockLines(0, 3, 3);
    expect([0, 1, 2].map((k) => find(lines, log, k, 2).range)).toEqual([{ from: 0, to: 1 }, { from: 1, to: 2 }, { from: 2, to: 3 }]);
  });
});

describe("the index", () => {
  it("grows over bytes as the daemon's does", () => {
    const { log, starts } = someLog(1000, 3, 30, true);
    const index = new LineIndex();
    index.every = 16;
    for (let at = 0; at < log.length; at += 77) index.grow(log.subarray(at, at + 77));
    expect([index.lines, index.bytes, index.entries]).toEqual([1000, log.length, 63]);
    for (const line of [0, 15, 16, 500, 999]) {
      const { first, from, to, count } = index.block(index.blockOf(line), 1000);
      expect(from).toBe(starts[first]);
      expect(to).toBe(starts[first + count] ?? log.length);
    }
  });

  it("takes answers that go on where it ended, and begins anew when the distance has doubled", () => {
    const index = new LineIndex();
    expect(index.take({ every: 256, lines: 600, bytes: 6000, offsets: [0, 2560, 5120] }, 0)).toBe(true);
    expect(index.take({ every: 256, lines: 800, bytes: 8000, offsets: [7680] }, 3)).toBe(true);
    expect(index.block(2, 800)).toEqual({ first: 512, count: 256, from: 5120, to: 7680 });
    expect(index.block(3, 801)).toEqual({ first: 768, count: 33, from: 7680, to: 8000 });
    expect(index.take({ every: 512, lines: 900, bytes: 9000, offsets: [] }, 4)).toBe(false);
    expect(index.take({ every: 512, lines: 900, bytes: 9000, offsets: [0, 5120] }, 0)).toBe(true);
    expect(index.blockOf(899)).toBe(1);
  });

  it("counts on through a log of ten million lines", () => {
    const index = new LineIndex();
    const line = bytes("INFO step\n".repeat(10_000));
    for (let i = 0; i < 1000; i += 1) index.grow(line);
    expect(index.lines).toBe(10_000_000);
    expect(index.entries).toBe(39_063);
    expect(index.block(index.blockOf(9_999_999), 10_000_000)).toEqual({ first: 9_999_872, count: 128, from: 99_998_720, to: 100_000_000 });
  });
});
