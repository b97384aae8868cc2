import { CARRY_BYTES, stateBefore } from "@/model/ansi";
import { CHUNK_BYTES, ChunkCache } from "@/model/log_chunks";
import { BlockLines, LineIndex } from "@/model/log_index";
import { END_BYTES, type LineText, lineText, longLineText, plainText, READ_BYTES, SHOWN_BYTES } from "@/model/log_text";

import type { LogApi, LogBytes } from "./log_api";

// A log of any length as numbered lines, of which only what is looked at is read and kept. Not React: it tells when it has more.

const TEXTS_KEPT = 3_000;
const BLOCKS_KEPT = 128;
const AT_ONCE = 4; // requests
const AHEAD = 120; // lines before and after what is shown, whose bytes come before they are needed

export type LogStatus = "opening" | "open" | "failed" | "closed";

/** Something that happened to the file, which a reader should know. */
export type LogNote = "cut" | "replaced" | null;

export class LogSource {
  status: LogStatus = "opening";
  error: unknown = null;
  note: LogNote = null;
  /** Of the longest time stamp seen: the width of their column. It never shrinks: text that jumps sideways can't be read. */
  stampCharacters = 0;
  /** Grows with whatever changes: what useSyncExternalStore compares. */
  version = 0;
  size = 0;
  private file = "";
  private index = new LineIndex();
  private endsOpen = false;
  private chunks = new ChunkCache();
  private blocks = new Map<number, BlockLines>();
  private texts = new Map<number, LineText>();
  private loading = new Map<number, Promise<void>>();
  private shown: readonly number[] = [];
  private lacking = new Set<number>();
  private stop = new AbortController();
  private growing = false;
  private grewAgain = false;
  private readonly told = new Set<() => void>();

  constructor(readonly api: LogApi) {}

  readonly subscribe = (tell: () => void): (() => void) => {
    this.told.add(tell);
    return () => this.told.delete(tell);
  };

  private tell(): void {
    this.version += 1;
    for (const each of this.told) each();
  }

  /** The size at which the runner has cut the log; null: it is all that was written. */
  get limitReached(): number | null {
    // The marker is a line of its own at the end (docs/logs.md).
    for (const line of [this.rows - 1, this.rows - 2]) {
      const found = /^\[millrace: log reached (\d+) bytes; the rest was dropped\]$/.exec(this.texts.get(line)?.text ?? "");
      if (found) return Number(found[1]);
    }
    return null;
  }

  /** Lines there are, one without an end included. */
  get rows(): number {
    return this.index.lines + (this.endsOpen ? 1 : 0);
  }

  /** Lines that have an end: they won't change. */
  get wholeLines(): number {
    return this.index.lines;
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

  /** The index up to the log's end, and its last bytes: with them it is known whether the last line has an end. */
  private async catchUp(): Promise<void> {
    for (let before = -1; this.index.bytes > before;) {
      before = this.index.bytes;
      const from = before > 0 ? this.index.entries : 0;
      const answer = await this.api.index(from, this.stop.signal);
      if (answer.bytes < before) return this.restart("cut");
      if (!this.index.take(answer, from)) {
        this.index = new LineIndex();
        before = -1;
      }
      if (answer.bytes === 0) return;
    }
    this.size = this.index.bytes;
    const last = Math.floor((this.index.bytes - 1) / CHUNK_BYTES);
    await this.load(last);
  }

  private async restart(note: LogNote): Promise<void> {
    this.index = new LineIndex();
    this.chunks.clear();
    this.blocks.clear();
    this.texts.clear();
    this.size = 0;
    this.endsOpen = false;
    this.file = "";
    this.note = note;
    await this.catchUp();
  }

  /** Keeps what was read; bytes behind those of the index make it longer. */
  private take(got: LogBytes): void {
    this.file ||= got.file;
    this.chunks.put(got.from, got.bytes);
    const end = got.from + got.bytes.length;
    if (got.from <= this.index.bytes && end >= this.index.bytes) {
      if (end > this.index.bytes) {
        this.forgetLast();
        this.index.grow(got.bytes.subarray(this.index.bytes - got.from));
      }
      if (got.bytes.length) this.endsOpen = got.bytes.at(-1) !== 10;
    }
    this.size = Math.max(this.index.bytes, got.size);
  }

  /** The block at the end becomes longer, and a line without an end another one. */
  private forgetLast(): void {
    this.blocks.delete(this.index.blockOf(this.index.lines));
    this.texts.delete(this.index.lines);
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
    const from = Math.max(0, this.index.bytes - 1);
    if (this.index.bytes === 0) return this.catchUp();
    const got = await this.api.bytes(from, from + CHUNK_BYTES, this.stop.signal);
    if (got === null) return this.restart("cut");
    if (this.file && got.file !== this.file) return this.restart("replaced");
    this.take(got);
    if (this.size <= this.index.bytes) return;
    this.forgetLast();
    await this.catchUp();
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
      this.range(Math.max(0, this.shown[0]! - AHEAD));
      this.range(Math.min(this.rows - 1, this.shown.at(-1)! + AHEAD));
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

  private blockLines(block: number): BlockLines {
    let known = this.blocks.get(block);
    const { from, to, count } = this.index.block(block, this.rows);
    if (!known || known.to !== to || known.count !== count) known = new BlockLines(from, to, count);
    this.blocks.delete(block);
    this.blocks.set(block, known);
    if (this.blocks.size > BLOCKS_KEPT) this.blocks.delete(this.blocks.keys().next().value!);
    return known;
  }

  /** Bytes of the log, or null with what is lacking noted. */
  private slice(from: number, to: number): Uint8Array | null {
    const bytes = this.chunks.slice(from, to);
    if (!bytes) for (const chunk of this.chunks.missing(from, to)) this.lacking.add(chunk);
    return bytes;
  }

  /** Where a line's bytes are, without its line end; null: not known yet. */
  private range(line: number): { from: number; to: number } | null {
    if (line < 0 || line >= this.rows) return null;
    const block = this.index.blockOf(line);
    const lines = this.blockLines(block);
    const k = line - this.index.block(block, this.rows).first;
    for (;;) {
      const found = lines.range(k);
      if (found) return { from: found.from, to: line < this.index.lines ? found.to - 1 : found.to };
      const wanted = lines.wanted(k, CHUNK_BYTES);
      if (!wanted) return null;
      const bytes = this.slice(wanted.from, wanted.to);
      if (!bytes) {
        // A block longer than a chunk is read through: the next ones come together with this.
        for (let ahead = 1; ahead < AT_ONCE; ahead += 1) {
          const at = wanted.from + ahead * wanted.way * CHUNK_BYTES;
          if (at >= lines.from && at < lines.to) for (const chunk of this.chunks.missing(at, at + 1)) this.lacking.add(chunk);
        }
        return null;
      }
      lines.scan(wanted.from, bytes);
    }
  }

  /** A line as it is shown; null: its bytes aren't here yet. */
  text(line: number): LineText | null {
    const known = this.texts.get(line);
    if (known) return known;
    const at = this.range(line);
    const before = at && this.slice(Math.max(0, at.from - CARRY_BYTES), at.from);
    if (!before) return null;
    const length = at.to - at.from;
    let text: LineText;
    if (length <= READ_BYTES) {
      const bytes = this.slice(at.from, at.to);
      if (!bytes) return null;
      text = lineText(bytes, stateBefore(before));
    } else {
      const head = this.slice(at.from, at.from + SHOWN_BYTES);
      const tail = this.slice(at.to - END_BYTES, at.to);
      if (!head || !tail) return null;
      text = longLineText(head, tail, length, stateBefore(before));
    }
    this.texts.set(line, text);
    this.stampCharacters = Math.max(this.stampCharacters, text.stamp?.clock.length ?? 0);
    if (this.texts.size > TEXTS_KEPT) this.texts.delete(this.texts.keys().next().value!);
    return text;
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
      this.lacking.clear();
      const found = this.range(line);
      if (found || !this.lacking.size) return found;
      await Promise.all([...this.lacking].map((chunk) => this.load(chunk)));
    }
    return null;
  }
}
