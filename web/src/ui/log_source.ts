import { CHUNK_BYTES } from "@/model/log_chunks";
import { LineIndex } from "@/model/log_index";
import { LogLines } from "@/model/log_lines";
import { type LineText, plainText } from "@/model/log_text";

import type { LogApi, LogBytes } from "./log_api";
import { Told } from "./told";

// A log of any length as numbered lines, of which only what is looked at is read and kept. Not React: it tells when it has more.

const AT_ONCE = 4; // requests
const TAIL_BYTES = 48 * 1024; // of the end: a screen of lines, and what their colours are looked for in
const AHEAD = 120; // lines before and after what is shown, whose bytes come before they are needed

export type LogStatus = "opening" | "open" | "failed" | "closed";

/** Something that happened to the file, which a reader should know. */
export type LogNote = "cut" | "replaced" | null;

export class LogSource extends Told {
  status: LogStatus = "opening";
  error: unknown = null;
  note: LogNote = null;
  size = 0;
  private file = "";
  private lines = new LogLines();
  private loading = new Map<number, Promise<void>>();
  private shown: readonly number[] = [];
  private lacking = new Set<number>();
  private stop = new AbortController();
  private growing = false;
  private grewAgain = false;

  constructor(readonly api: LogApi) {
    super();
  }

  get rows(): number {
    return this.lines.rows;
  }

  get wholeLines(): number {
    return this.lines.wholeLines;
  }

  get stampCharacters(): number {
    return this.lines.stampCharacters;
  }

  get limitReached(): number | null {
    return this.lines.limitReached;
  }

  /** A line as it is shown; null: its bytes aren't here yet, want() brings them. */
  text(line: number): LineText | null {
    return this.lines.text(line, this.lacking);
  }

  /** Reads where the lines are; also after a close(). */
  async open(): Promise<void> {
    if (this.stop.signal.aborted) this.stop = new AbortController();
    const { signal } = this.stop;
    this.status = "opening";
    try {
      await this.catchUp();
    } catch (error) {
      return this.failed(error, signal);
    }
    if (signal.aborted) return;
    this.status = "open";
    this.tell();
    if (this.grewAgain) void this.grew();
  }

  close(): void {
    this.status = "closed";
    this.stop.abort();
  }

  retry(): void {
    this.error = null;
    if (this.status === "failed") void this.open();
    else this.pass();
    this.tell();
  }

  private failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.error = error;
    if (this.status === "opening") this.status = "failed";
    this.tell();
  }

  /**
   * The index up to the log's end, and the bytes there; only then are the lines told: who follows a quick log would see lines without
   * text otherwise.
   */
  private async catchUp(): Promise<void> {
    let index = this.lines.index.copy();
    for (let before = -1; index.bytes > before;) {
      before = index.bytes;
      const from = before > 0 ? index.entries : 0;
      const answer = await this.api.index(from, this.stop.signal);
      if (answer.bytes < before) return this.restart("cut");
      if (!index.take(answer, from)) {
        index = new LineIndex();
        before = -1;
      }
      if (answer.bytes === 0) return;
    }
    const missing = this.lines.chunks.missing(Math.max(0, index.bytes - TAIL_BYTES), index.bytes);
    await Promise.all(missing.map((chunk) => this.load(chunk)));
    this.lines.adopt(index);
    this.size = Math.max(this.size, this.lines.index.bytes);
  }

  private async restart(note: LogNote): Promise<void> {
    this.lines = new LogLines();
    this.size = 0;
    this.file = "";
    this.note = note;
    await this.catchUp();
  }

  private take(got: LogBytes): void {
    this.file ||= got.file;
    this.lines.take(got.from, got.bytes);
    this.size = Math.max(this.lines.index.bytes, got.size);
  }

  /** The log has grown: reads what is new; when that is much, only where its lines begin. */
  async grew(): Promise<void> {
    if (this.status === "failed") return this.open();
    if (this.growing || this.status !== "open") {
      this.grewAgain = true;
      return;
    }
    this.growing = true;
    const { signal } = this.stop;
    try {
      do {
        this.grewAgain = false;
        await this.readOn();
        this.error = null;
      } while (this.grewAgain && !signal.aborted);
    } catch (error) {
      this.failed(error, signal);
    }
    this.growing = false;
    this.tell();
  }

  private async readOn(): Promise<void> {
    // One byte that is known already: a range that begins at the end would be refused as long as nothing new is there.
    const from = Math.max(0, this.lines.index.bytes - 1);
    if (this.lines.index.bytes === 0) return this.catchUp();
    const got = await this.api.bytes(from, from + CHUNK_BYTES, this.stop.signal);
    if (got === null) return this.restart("cut");
    if (this.file && got.file !== this.file) return this.restart("replaced");
    this.take(got);
    if (this.size > this.lines.index.bytes) await this.catchUp();
  }

  /** What is on the screen: the lines whose bytes are wanted now. */
  want(lines: readonly number[]): void {
    this.shown = lines;
    this.pass();
  }

  private pass(): void {
    this.lacking.clear();
    // From the last on: a block of very long lines is read from its end, and shows as it comes.
    for (let at = this.shown.length - 1; at >= 0; at -= 1) this.text(this.shown[at]!);
    if (!this.lacking.size && this.shown.length) {
      this.lines.range(Math.max(0, this.shown[0]! - AHEAD), this.lacking);
      this.lines.range(Math.min(this.rows - 1, this.shown.at(-1)! + AHEAD), this.lacking);
    }
    for (const chunk of this.lacking) {
      if (this.loading.size >= AT_ONCE) break;
      if (this.loading.has(chunk) || this.error) continue;
      const { signal } = this.stop;
      void this.load(chunk).then(() => {
        this.pass();
        this.tell();
      }, (error: unknown) => this.failed(error, signal));
    }
  }

  private load(chunk: number): Promise<void> {
    const known = this.loading.get(chunk);
    if (known) return known;
    const from = chunk * CHUNK_BYTES;
    const reading = this.api.bytes(from, from + CHUNK_BYTES, this.stop.signal).finally(() => this.loading.delete(chunk)).then((got) => {
      if (got === null) return this.restart("cut");
      if (this.file && got.file !== this.file) return this.restart("replaced");
      return this.take(got);
    });
    this.loading.set(chunk, reading);
    return reading;
  }

  /** The bytes of some lines, first to last (0 on, both included), read for a copy and not kept. Null: more than `most`. */
  async read(first: number, last: number, most: number): Promise<Uint8Array[] | null> {
    const begin = await this.find(first);
    const end = await this.find(Math.min(last, this.rows - 1));
    if (!begin || !end || end.to - begin.from > most) return null;
    if (end.to === begin.from) return [new Uint8Array(0)];
    const got = await this.api.bytes(begin.from, end.to, this.stop.signal);
    if (!got) return null;
    const lines: Uint8Array[] = [];
    for (let at = 0; at <= got.bytes.length;) {
      const newline = got.bytes.indexOf(10, at);
      const stop = newline < 0 ? got.bytes.length : newline;
      lines.push(got.bytes.subarray(at, stop));
      at = stop + 1;
    }
    return lines;
  }

  /** Lines as plain text, for a clipboard. */
  async copy(first: number, last: number, most: number): Promise<string | null> {
    const lines = await this.read(first, last, most);
    return lines && `${lines.map(plainText).join("\n")}${lines.length > 1 ? "\n" : ""}`;
  }

  private async find(line: number): Promise<{ from: number; to: number } | null> {
    for (let tries = 0; tries < 20_000; tries += 1) {
      const lacking = new Set<number>();
      const found = this.lines.range(line, lacking);
      if (found || !lacking.size) return found;
      await Promise.all([...lacking].map((chunk) => this.load(chunk)));
    }
    return null;
  }
}
