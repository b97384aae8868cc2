import { describe, expect, it } from "vitest";

import { PLAIN } from "./ansi";
import { stampOf } from "./log_time";
import { END_BYTES, lastState, lineText, longLineText, plainText, SHOWN_BYTES, wholeCharacters } from "./log_text";
import { levelOf } from "./log_level";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("the level", () => {
  // The same lines as in the daemon's own test (tests/unit/api/log_lines_test.cc).
  it.each([
    ["2026-11-27 01:00:00,123 - root - ERROR - no info", "error"], ["[info] retry after error", "info"], ["ValueError: x", "error"],
    ["java.lang.NullPointerException", "error"], ["WARNING: old", "warning"], ["Traceback (most recent call last):", "error"],
    ["DEBUG x", "debug"], ["errors: 0 informed", null], ["", null], ["09:41:02 \u001B[33mWARN\u001B[0m no error yet", "warning"],
    ["\u001B[1;34mINFO\u001B[0m retry after error", "info"], ["\u001B[38:5:9mERROR", "error"], ["\u001B[31m", null], ["\u001B[", null], ["\u001B", null],
  ])("%j", (line, level) => expect(levelOf(line)).toBe(level));

  it("stands near the beginning", () => {
    expect(levelOf(`${"1".repeat(250)} ERROR`)).toBe("error");
    expect(levelOf(`${"1".repeat(256)} ERROR`)).toBeNull();
  });
});

describe("the time stamp", () => {
  it.each([
    ["2013-06-12 09:41:02,123 - root", "09:41:02.123", "2013-06-12 09:41:02,123"], ["2013-06-12T09:41:02.123456Z x", "09:41:02.123", "2013-06-12T09:41:02.123456Z"],
    ["[2013-06-12 09:41:02] x", "09:41:02", "2013-06-12 09:41:02"], ["2013/06/12 09:41:02 go", "09:41:02", "2013/06/12 09:41:02"],
    ["09:41:02 x", "09:41:02", "09:41:02"], ["Jun 12 09:41:02 host", "09:41:02", "Jun 12 09:41:02"], ["2013-06-12T09:41:02+02:00 x", "09:41:02", "2013-06-12T09:41:02+02:00"],
  ])("%j", (line, clock, whole) => expect(stampOf(line)).toMatchObject({ clock, whole }));

  it.each(["step 09:41:02", "09:41 x", "1:09:41:02", "09:41:022 x", "2013-06-12 x", ""])("isn't in %j", (line) => expect(stampOf(line)).toBeNull());
});

describe("a line", () => {
  it("is shown without its stamp, which stands apart, colours and all", () => {
    const line = lineText(bytes("\u001B[2m09:41:02\u001B[0m \u001B[33mWARN\u001B[0m 64 rows dropped"), PLAIN);
    expect(line).toMatchObject({ stamp: { clock: "09:41:02" }, text: "WARN 64 rows dropped", level: "warning", whole: 0 });
    expect(line.spans).toEqual([{ text: "WARN", look: "fg-yellow" }, { text: " 64 rows dropped", look: "" }]);
  });

  it("has replacements where its bytes aren't UTF-8, and characters where they are", () => {
    expect(lineText(new Uint8Array([0x61, 0xff, 0xe2, 0x82, 0x20, 0xe2, 0x82, 0xac]), PLAIN).text).toBe("a\uFFFD\uFFFD €");
  });

  it("that is a progress bar is its last state", () => {
    const bar = Array.from({ length: 101 }, (_, i) => `\r\u001B[32m${i}%\u001B[0m of it`).join("");
    expect(lineText(bytes(bar), PLAIN).text).toBe("100% of it");
    expect(lineText(bytes("50%\r"), PLAIN).text).toBe("50%");
    expect(lineText(bytes("windows\r"), PLAIN).text).toBe("windows");
    expect(lineText(bytes("\u001B[31m10%\r20%"), PLAIN).spans).toEqual([{ text: "20%", look: "fg-red" }]);
    expect(lastState("a\rb\r\r")).toEqual({ text: "b", before: "a" });
  });

  it("that is long is cut between characters, and says how long it is", () => {
    const long = lineText(bytes("€".repeat(3000)), PLAIN);
    expect(long.whole).toBe(9000);
    expect(long.text).toBe("€".repeat(Math.floor(SHOWN_BYTES / 3)));
    const longer = bytes("z".repeat(1_000_000));
    expect(longLineText(longer.subarray(0, SHOWN_BYTES), longer.subarray(longer.length - END_BYTES), longer.length, PLAIN)).toMatchObject({ whole: 1_000_000, text: "z".repeat(SHOWN_BYTES) });
  });

  it("that is a progress bar of a megabyte is its last state too", () => {
    const bar = bytes(Array.from({ length: 100_000 }, (_, i) => `\r${i} done`).join(""));
    expect(longLineText(bar.subarray(0, SHOWN_BYTES), bar.subarray(bar.length - END_BYTES), bar.length, PLAIN)).toMatchObject({ text: "99999 done", whole: 0 });
  });

  it("is copied as plain text", () => {
    expect(plainText(bytes("1%\r2%\r\u001B[31m09:41:02 done\u001B[0m\r"))).toBe("09:41:02 done");
  });
});

it("a piece never ends within a character", () => {
  const text = bytes("a€😀");
  expect([1, 2, 3, 4, 5, 6, 7, 8].map((length) => wholeCharacters(text.subarray(0, length)).length)).toEqual([1, 1, 1, 4, 4, 4, 4, 8]);
});
