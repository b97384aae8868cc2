import { describe, expect, it } from "vitest";

import { placeOf, problemsOf, unitsOf } from "./dag_problems";

const text = 'dag_id: x\ntaks: {}\ntasks:\n  a: {command: ["ä€😀"], timeout: 5, "q r": 1}\n';
const marked = (line: number, column: number) => {
  const [problem] = problemsOf([{ line, column, msg: "m" }], text);
  return text.slice(problem!.from, problem!.to);
};

describe("places", () => {
  it("count bytes in the daemon and UTF-16 units here", () => {
    const line = '  a: {command: ["ä€😀"], timeout: 5}';
    expect(unitsOf(line, 1)).toBe(0);
    expect(line[unitsOf(line, 40)]).toBe("5");
    expect(unitsOf(line, 400)).toBe(line.length);
  });
  it("mark the word, a quoted one whole, or one letter", () => {
    expect(marked(2, 1)).toBe("taks");
    expect(marked(4, 40)).toBe("5");
    expect(marked(4, 43)).toBe('"q r"');
    expect(marked(4, 6)).toBe("{command: [\"ä€😀\"], timeout: 5, \"q r\": 1}");
    expect(marked(2, 5)).toBe(": {}");
  });
  it("stay within the text: beyond its end, in an empty line", () => {
    expect(problemsOf([{ line: 9, column: 4, msg: "m" }], "a\n\nb")).toMatchObject([{ line: 3, from: 4, to: 4 }]);
    expect(problemsOf([{ line: 2, column: 1, msg: "m" }], "a\n\nb")).toMatchObject([{ line: 2, from: 2, to: 3 }]);
    expect(problemsOf([{ line: 1, msg: "m" }], "")).toMatchObject([{ line: 1, column: null, from: 0, to: 0 }]);
  });
});

describe("problems", () => {
  it("are in the file's order, each once, those of the whole first", () => {
    const found = problemsOf([
      { line: 4, column: 40, msg: "late" }, { line: 2, column: 1, msg: "early", hint: "did you mean 'tags'?" }, { msg: "whole" }, { line: 2, column: 1, msg: "early" },
    ], text);
    expect(found.map(({ message, hint }) => [message, hint])).toEqual([["whole", ""], ["early", "did you mean 'tags'?"], ["late", ""]]);
    expect(found.map(placeOf)).toEqual(["the file as a whole", "line 2, column 1", "line 4, column 40"]);
    expect(placeOf({ line: 3, column: null })).toBe("line 3");
  });
});
