import { describe, expect, it } from "vitest";

import { changesOf, type DiffLine, foldSame, inPairs, lineDiff } from "./line_diff";

const SIGNS = { same: " ", gone: "-", new: "+" } as const;
const said = (lines: readonly DiffLine[]) => lines.map((line) => (line.kind === "folded" ? `… ${line.count}` : `${SIGNS[line.kind]}${line.text}`));

/** Either text again, from what the diff says. */
function back(lines: readonly DiffLine[], side: "a" | "b"): string[] {
  return lines.flatMap((line) => (side in line ? [(line as { text: string }).text] : []));
}

describe("a diff", () => {
  it("is the shortest one, what is gone first", () => {
    expect(said(lineDiff("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n"))).toEqual([" a", "-b", "+x", " c", " d", "+e"]);
    expect(said(lineDiff("a\nb\nc\na\nb\nb\na", "c\nb\na\nb\na\nc"))).toHaveLength(4 + 5);
  });
  it("numbers the lines of both", () => {
    expect(lineDiff("a\nb\nc\n", "a\nc\nd\n")).toEqual([
      { kind: "same", a: 1, b: 1, text: "a" }, { kind: "gone", a: 2, text: "b" }, { kind: "same", a: 3, b: 2, text: "c" }, { kind: "new", b: 3, text: "d" },
    ]);
  });
  it("of equal texts has no change, whether or not the last line has an end", () => {
    expect(changesOf(lineDiff("a\nb\n", "a\nb"))).toEqual({ added: 0, gone: 0 });
    expect(lineDiff("", "")).toEqual([]);
    expect(said(lineDiff("", "a\n"))).toEqual(["+a"]);
  });
  it("gives both texts back, whatever they are", () => {
    // A small generator, the same each time: tests must not fail by luck.
    let seed = 7;
    const random = (below: number) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % below;
    for (let round = 0; round < 200; round += 1) {
      const make = () => Array.from({ length: random(14) }, () => "abc"[random(3)]!);
      const [a, b] = [make(), make()];
      const lines = lineDiff(a.join("\n"), b.join("\n"));
      expect(back(lines, "a")).toEqual(a);
      expect(back(lines, "b")).toEqual(b);
      const numbers = (side: "a" | "b") => lines.flatMap((line) => (side in line ? [(line as Record<string, unknown>)[side]] : []));
      expect(numbers("a")).toEqual(a.map((_, index) => index + 1));
      expect(numbers("b")).toEqual(b.map((_, index) => index + 1));
    }
  });
  it("gives up on texts that have little in common, in little time", () => {
    const many = (letter: string) => Array.from({ length: 5_000 }, (_, index) => `${letter} ${index}`).join("\n");
    const lines = lineDiff(many("a"), many("b"));
    expect(changesOf(lines)).toEqual({ added: 5_000, gone: 5_000 });
  });
});

describe("folding", () => {
  const lines = lineDiff(`${"s\n".repeat(20)}a\n${"t\n".repeat(20)}`, `${"s\n".repeat(20)}b\n${"t\n".repeat(20)}`);
  it("leaves what is around a change", () => {
    expect(said(foldSame(lines, 3))).toEqual(["… 17", " s", " s", " s", "-a", "+b", " t", " t", " t", "… 17"]);
  });
  it("doesn't hide a single line behind a line that says so", () => {
    expect(said(foldSame(lineDiff("x\ns\ny\n", "x2\ns\ny2\n"), 0))).toEqual(["-x", "+x2", " s", "-y", "+y2"]);
  });
});

describe("side by side", () => {
  it("puts what is new beside what is gone", () => {
    const pairs = inPairs(lineDiff("a\nb\nc\nd", "a\nx\nd\ne"));
    expect(pairs.map(([left, right]) => `${left && "text" in left ? left.text : ""}|${right && "text" in right ? right.text : ""}`)).toEqual(["a|a", "b|x", "c|", "d|d", "|e"]);
  });
});
