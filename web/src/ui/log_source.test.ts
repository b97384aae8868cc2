import { afterEach, describe, expect, it, vi } from "vitest";

import { CHUNK_BYTES, CHUNKS_KEPT } from "@/model/log_chunks";

import type { LogApi, SearchAnswer } from "./log_api";
import { LogScan } from "./log_scan";
import { LogSource } from "./log_source";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A daemon with one log in its memory, that answers as docs/logs.md says. */
class Daemon {
  log: Uint8Array;
  file = "1";
  asked = 0;
  sent = 0;
  /** Bytes that a call for the index scans. */
  scans = Infinity;
  readonly api: LogApi;

  constructor(text: string | Uint8Array, readonly every = 256) {
    this.log = typeof text === "string" ? bytes(text) : text;
    this.api = { url: "/log", index: (from) => this.index(from), bytes: (from, to) => this.bytes(from, to), search: (wish) => this.search(wish) };
  }

  append(text: string): void {
    const more = bytes(text);
    const log = new Uint8Array(this.log.length + more.length);
    log.set(this.log);
    log.set(more, this.log.length);
    this.log = log;
  }

  private scanned = 0;
  private async index(from: number) {
    this.asked += 1;
    this.scanned = Math.min((this.scanned > this.log.length ? 0 : this.scanned) + this.scans, this.log.length);
    const offsets = [0];
    let lines = 0;
    for (let at = this.log.indexOf(10); at >= 0 && at < this.scanned; at = this.log.indexOf(10, at + 1)) {
      lines += 1;
      if (lines % this.every === 0) offsets.push(at + 1);
    }
    return { every: this.every, lines, bytes: this.scanned, offsets: offsets.slice(from) };
  }

  private async bytes(from: number, to: number) {
    this.asked += 1;
    if (from >= this.log.length) return null;
    const piece = this.log.slice(from, Math.min(to, this.log.length));
    this.sent += piece.length;
    return { from, bytes: piece, size: this.log.length, file: this.file };
  }

  private async search({ q = "", from = "1", limit = 100 }: { q?: string; from?: string; limit?: number }): Promise<SearchAnswer> {
    this.asked += 1;
    const lines = new TextDecoder().decode(this.log).split("\n");
    if (lines.at(-1) === "") lines.pop();
    const matches: SearchAnswer["matches"] = [];
    let line = Number(from.split(".")[0]);
    for (; line <= lines.length && matches.length < limit; line += 1) if (lines[line - 1]!.includes(q)) matches.push({ line, text: lines[line - 1]! });
    return { matches, next: line <= lines.length ? `${line}.0.0` : null, searched: 0, size: this.log.length };
  }
}

/** Waits for whatever the source is about to do by itself. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
async function shown(source: LogSource, lines: number[]): Promise<(string | undefined)[]> {
  source.want(lines);
  for (let turn = 0; turn < 200 && lines.some((line) => source.text(line) === null); turn += 1) {
    await quiet();
    source.want(lines);
  }
  return lines.map((line) => source.text(line)?.text);
}
async function opened(daemon: Daemon): Promise<LogSource> {
  const source = new LogSource(daemon.api);
  await source.open();
  return source;
}
function lineOf(line: number): string {
  return `line ${line} ${"é".repeat(line % 60)}`;
}
const text = (count: number) => Array.from({ length: count }, (_, line) => `${lineOf(line)}\n`).join("");

afterEach(() => {
  vi.useRealTimers();
});

describe("the lines of a log", () => {
  it("are those of the file, in any order, over all borders", async () => {
    const daemon = new Daemon(text(30_000));
    expect(daemon.log.length).toBeGreaterThan(3 * CHUNK_BYTES);
    const source = await opened(daemon);
    expect([source.status, source.rows, source.size]).toEqual(["open", 30_000, daemon.log.length]);
    for (const first of [29_990, 0, 15_000, 255, 256, 4_090]) {
      const lines = Array.from({ length: 10 }, (_, i) => first + i);
      expect(await shown(source, lines)).toEqual(lines.map(lineOf));
    }
    expect(await shown(source, [...Array(30_000).keys()].filter((line) => line % 97 === 0))).toEqual([...Array(30_000).keys()].filter((line) => line % 97 === 0).map(lineOf));
  });

  it("are read where somebody looks, and nowhere else", async () => {
    const daemon = new Daemon(text(200_000));
    const source = await opened(daemon);
    await shown(source, [199_999, 199_998]);
    expect(daemon.sent).toBeLessThan(2 * CHUNK_BYTES);
    expect(daemon.asked).toBeLessThan(5);
  });

  it("of a megabyte each come from the nearer end", async () => {
    const size = 1_000_000;
    const count = 40;
    const log = new Uint8Array(size * count).fill(120);
    for (let line = 1; line <= count; line += 1) log[line * size - 1] = 10;
    const daemon = new Daemon(log);
    const source = await opened(daemon);
    expect((await shown(source, [count - 1]))[0]!.length).toBe(4096);
    expect(source.text(count - 1)!.whole).toBe(size - 1);
    expect(daemon.sent).toBeLessThan(14 * CHUNK_BYTES);
  });

  it("stay in bounds of memory over a walk through all of it", async () => {
    const daemon = new Daemon(new Uint8Array((CHUNKS_KEPT + 40) * CHUNK_BYTES).fill(10));
    const source = await opened(daemon);
    for (let line = 0; line < source.rows; line += 200_000) await shown(source, [line]);
    const kept = (source as unknown as { lines: { chunks: { count: number }; texts: Map<number, unknown>; blocks: Map<number, unknown> } }).lines;
    expect(kept.chunks.count).toBe(CHUNKS_KEPT);
    expect(kept.texts.size).toBeLessThanOrEqual(3_000);
    expect(kept.blocks.size).toBeLessThanOrEqual(128);
  });

  it("are there when the index takes several calls", async () => {
    const daemon = new Daemon(text(20_000));
    daemon.scans = 100_000;
    const source = await opened(daemon);
    expect(source.rows).toBe(20_000);
    expect(await shown(source, [0, 10_000, 19_999])).toEqual([lineOf(0), lineOf(10_000), lineOf(19_999)]);
  });

  it("have the colours that were left open before them", async () => {
    const source = await opened(new Daemon(`\u001B[31mred\nstill\n\u001B[0mplain\n`));
    await shown(source, [0, 1, 2]);
    expect([0, 1, 2].map((line) => source.text(line)!.spans[0]!.look)).toEqual(["fg-red", "fg-red", ""]);
  });
});

describe("a log that grows", () => {
  it("begins empty, and has a line without an end", async () => {
    const daemon = new Daemon("");
    const source = await opened(daemon);
    expect([source.rows, source.size]).toEqual([0, 0]);
    daemon.append("first");
    await source.grew();
    expect([source.rows, source.wholeLines]).toEqual([1, 0]);
    expect(await shown(source, [0])).toEqual(["first"]);
    daemon.append(" line\nsecond");
    await source.grew();
    expect([source.rows, source.wholeLines]).toEqual([2, 1]);
    expect(await shown(source, [0, 1])).toEqual(["first line", "second"]);
    daemon.append("\n");
    await source.grew();
    expect([source.rows, source.wholeLines]).toEqual([2, 2]);
  });

  it("gives every line as written, however the writes fell", async () => {
    const whole = text(3_000);
    const daemon = new Daemon("", 16);
    const source = await opened(daemon);
    for (let at = 0, step = 1; at < whole.length; at += step, step = (step * 7 + 3) % 9_001) {
      daemon.append(whole.slice(at, at + step));
      await source.grew();
      const last = source.rows - 1;
      if (last >= 1) expect((await shown(source, [last - 1]))[0]).toBe(lineOf(last - 1));
    }
    expect(source.rows).toBe(3_000);
    expect(await shown(source, [...Array(3_000).keys()])).toEqual([...Array(3_000).keys()].map(lineOf));
  });

  it("by more than a chunk is read at its end alone", async () => {
    const daemon = new Daemon(text(1_000));
    const source = await opened(daemon);
    daemon.append(text(100_000));
    const { sent } = daemon;
    await source.grew();
    expect(source.rows).toBe(101_000);
    expect(await shown(source, [100_999])).toEqual([lineOf(99_999)]);
    expect(daemon.sent - sent).toBeLessThan(4 * CHUNK_BYTES);
  });

  it("quickly never shows a line at its end without its text", async () => {
    const daemon = new Daemon(text(1_000));
    const source = await opened(daemon);
    const blank: number[] = [];
    source.subscribe(() => {
      for (let line = source.rows - 40; line < source.rows; line += 1) if (source.text(line) === null) blank.push(line);
    });
    for (let round = 0; round < 8; round += 1) {
      daemon.append(text(9_000 + round));
      await source.grew();
    }
    expect(source.rows).toBe(1_000 + 8 * 9_000 + 28);
    expect(blank).toEqual([]);
  });

  it("asks once at a time, and once more for all that came meanwhile", async () => {
    const daemon = new Daemon("a\n");
    const source = await opened(daemon);
    daemon.append("b\n");
    const { asked } = daemon;
    await Promise.all([source.grew(), source.grew(), source.grew(), source.grew()]);
    expect(daemon.asked - asked).toBe(2);
    expect(source.rows).toBe(2);
  });

  it("says when it was cut, or is another file", async () => {
    const daemon = new Daemon(text(1_000));
    const source = await opened(daemon);
    daemon.log = daemon.log.slice(0, 100);
    await source.grew();
    expect([source.note, source.size]).toEqual(["cut", 100]);
    daemon.file = "2";
    daemon.append(text(50));
    await source.grew();
    expect(source.note).toBe("replaced");
    expect(source.size).toBe(daemon.log.length);
  });

  it("says when the runner dropped the rest", async () => {
    const source = await opened(new Daemon("x\n\n[millrace: log reached 1073741824 bytes; the rest was dropped]\n"));
    await shown(source, [0, 1, 2]);
    expect(source.limitReached).toBe(1_073_741_824);
  });
});

describe("what can't be read", () => {
  it("is said, and tried again", async () => {
    const daemon = new Daemon(text(10));
    const { index } = daemon.api;
    daemon.api.index = () => Promise.reject(new Error("no"));
    const source = await opened(daemon);
    expect([source.status, String(source.error)]).toEqual(["failed", "Error: no"]);
    daemon.api.index = index;
    source.retry();
    await quiet();
    expect([source.status, source.error, source.rows]).toEqual(["open", null, 10]);
  });

  it("of what is looked at leaves the rest on the screen", async () => {
    const daemon = new Daemon(text(60_000));
    const source = await opened(daemon);
    const { bytes: read } = daemon.api;
    daemon.api.bytes = () => Promise.reject(new Error("gone"));
    source.want([0]);
    await quiet();
    expect([source.status, String(source.error)]).toEqual(["open", "Error: gone"]);
    daemon.api.bytes = read;
    source.retry();
    expect(await shown(source, [0])).toEqual([lineOf(0)]);
    expect(source.error).toBeNull();
  });

  it("is of no interest after the end", async () => {
    const daemon = new Daemon(text(10));
    const source = new LogSource(daemon.api);
    const opening = source.open();
    source.close();
    await opening;
    expect(source.status).toBe("closed");
  });
});

it("copies lines as plain text", async () => {
  const source = await opened(new Daemon("a\n\u001B[31m1%\r2%\u001B[0m\r\nc"));
  expect(await source.copy(0, 1, 1_000)).toBe("a\n2%\n");
  expect(await source.copy(1, 1, 1_000)).toBe("2%");
  expect(await source.copy(0, 99, 1_000)).toBe("a\n2%\nc\n");
  expect(await source.copy(0, 2, 3)).toBeNull();
});

describe("a search", () => {
  it("takes all pages, and goes on with the log: an unfinished line is looked at again", async () => {
    const daemon = new Daemon("auc 1\nno\nau");
    const scan = new LogScan(daemon.api, { q: "auc" });
    await scan.start(2);
    expect([scan.lines, scan.state]).toEqual([[0], "done"]);
    daemon.append("c 2\nauc 3\n");
    scan.grew(4);
    expect([scan.state, scan.open]).toEqual(["running", false]);
    await quiet();
    expect(scan.lines).toEqual([0, 2, 3]);
  });

  it("stops at its bound, goes on when asked, and finds what lies behind", async () => {
    const daemon = new Daemon("auc\n".repeat(25_000));
    const scan = new LogScan(daemon.api, { q: "auc" });
    await scan.start(25_000);
    expect([scan.lines.length, scan.state, scan.open]).toEqual([10_000, "full", true]);
    expect(await scan.near(20_000, 1)).toBe(20_001);
    expect(await scan.near(20_000, -1)).toBe(19_999);
    expect(await scan.near(24_999, 1)).toBeNull();
    scan.more(25_000);
    await vi.waitFor(() => expect(scan.lines.length).toBe(20_000));
    scan.more(25_000);
    await vi.waitFor(() => expect([scan.lines.length, scan.state]).toEqual([25_000, "done"]));
  });
});
