import { describe, expect, it } from "vitest";

import { isBadLine, plainLines } from "./log_tail";

describe("the last lines of a log", () => {
  it("are plain text without colours and links", () => {
    expect(plainLines("\u001b[36m[1]\u001b[0m loss \u001b[1;35m0.5\u001b[m\n\u001b]8;;http://x\u0007here\u001b]8;;\u0007\n", 9)).toEqual(["[1] loss 0.5", "here"]);
  });
  it("are as many as asked for, without a line that was cut", () => {
    expect(plainLines("a\nb\nc\n\nd", 3)).toEqual(["c", "", "d"]);
    expect(plainLines("half\nwhole\n", 9, true)).toEqual(["whole"]);
    expect(plainLines("", 9)).toEqual([]);
  });
  it("of a progress bar are its last state", () => {
    expect(plainLines("10%\r50%\r100%\r\ndone\r\n", 9)).toEqual(["100%", "done"]);
  });
});

describe("a bad line", () => {
  it("says so near its beginning", () => {
    expect(["ERROR no rows", "11:05:31 ERROR x", "2013-06-10 11:05:31 FATAL x", "Traceback (most recent call last):", "ValueError: no", "[ERROR] x"].map(isBadLine)).toEqual(Array(6).fill(true));
    expect(["INFO 0 errors", "  at ErrorHandler", "it went on well without any ERROR"].map(isBadLine)).toEqual([false, false, false]);
  });
});
