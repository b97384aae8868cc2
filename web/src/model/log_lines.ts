import { CARRY_BYTES, stateBefore } from "./ansi";
import { CHUNK_BYTES, ChunkCache } from "./log_chunks";
import { BlockLines, LineIndex } from "./log_index";
import { END_BYTES, type LineText, lineText, longLineText, READ_BYTES, SHOWN_BYTES } from "./log_text";

// What is known of a log's lines: where they begin, the bytes that were read, the texts made of them. Says what it lacks; who reads
// that gives it.

const TEXTS_KEPT = 3_000;
const BLOCKS_KEPT = 128;
/** Chunks of a long block that are asked for together. */
const TOGETHER = 4;

export class LogLines {
  index = new LineIndex();
  readonly chunks = new ChunkCache();
  /** Of the longest time stamp seen: the width of their column. It never shrinks: text that jumps sideways can't be read. */
  stampCharacters = 0;
  private endsOpen = false;
  private blocks = new Map<number, BlockLines>();
  private texts = new Map<number, LineText>();

  /** Lines there are, one without an end included. */
  get rows(): number {
    return this.index.lines + (this.endsOpen ? 1 : 0);
  }

  /** Lines that have an end: they won't change. */
  get wholeLines(): number {
    return this.index.lines;
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

  /** Bytes that were read at `from`; those behind the index make it longer. */
  take(from: number, bytes: Uint8Array): void {
    this.chunks.put(from, bytes);
    const end = from + bytes.length;
    if (from > this.index.bytes || end <= this.index.bytes) return;
    this.forgetLast();
    this.index.grow(bytes.subarray(this.index.bytes - from));
    this.endsOpen = bytes.at(-1) !== 10;
  }

  /** An index that goes further, and what is there of the bytes behind it. */
  adopt(index: LineIndex): void {
    this.forgetLast();
    if (index.bytes > this.index.bytes) this.index = index;
    this.index.grow(this.chunks.behind(this.index.bytes));
    const last = this.chunks.slice(this.index.bytes - 1, this.index.bytes);
    if (last) this.endsOpen = last[0] !== 10;
  }

  /** The block at the end becomes longer, and a line without an end another one. */
  private forgetLast(): void {
    this.blocks.delete(this.index.blockOf(this.index.lines));
    this.texts.delete(this.index.lines);
  }

  private blockLines(block: number): BlockLines {
    let known = this.blocks.get(block);
    const { from, to, count } = this.index.block(block, this.rows);
    if (!known || known.from !== from || known.to !== to || known.count !== count) known = new BlockLines(from, to, count);
    this.blocks.delete(block);
    this.blocks.set(block, known);
    if (this.blocks.size > BLOCKS_KEPT) this.blocks.delete(this.blocks.keys().next().value!);
    return known;
  }

  /** Bytes of the log, or null with the chunks that are lacking noted. */
  private slice(from: number, to: number, lacking: Set<number>): Uint8Array | null {
    const bytes = this.chunks.slice(from, to);
    if (!bytes) for (const chunk of this.chunks.missing(from, to)) lacking.add(chunk);
    return bytes;
  }

  /** Where a line's bytes are, without its line end; null: not known yet. */
  range(line: number, lacking: Set<number>): { from: number; to: number } | null {
    if (line < 0 || line >= this.rows) return null;
    const block = this.index.blockOf(line);
    const lines = this.blockLines(block);
    const k = line - this.index.block(block, this.rows).first;
    for (;;) {
      const found = lines.range(k);
      if (found) return { from: found.from, to: line < this.index.lines ? found.to - 1 : found.to };
      const wanted = lines.wanted(k, CHUNK_BYTES);
      if (!wanted) return null;
      const bytes = this.slice(wanted.from, wanted.to, lacking);
      if (!bytes) {
        // A block longer than a chunk is read through: the next ones come together with this.
        for (let ahead = 1; ahead < TOGETHER; ahead += 1) {
          const at = wanted.from + ahead * wanted.way * CHUNK_BYTES;
          if (at >= lines.from && at < lines.to) for (const chunk of this.chunks.missing(at, at + 1)) lacking.add(chunk);
        }
        return null;
      }
      lines.scan(wanted.from, bytes);
    }
  }

  /** A line as it is shown; null: its bytes aren't here yet. */
  text(line: number, lacking: Set<number>): LineText | null {
    const known = this.texts.get(line);
    if (known) return known;
    const at = this.range(line, lacking);
    const before = at && this.slice(Math.max(0, at.from - CARRY_BYTES), at.from, lacking);
    if (!before) return null;
    const length = at.to - at.from;
    let text: LineText;
    if (length <= READ_BYTES) {
      const bytes = this.slice(at.from, at.to, lacking);
      if (!bytes) return null;
      text = lineText(bytes, stateBefore(before));
    } else {
      const head = this.slice(at.from, at.from + SHOWN_BYTES, lacking);
      const tail = this.slice(at.to - END_BYTES, at.to, lacking);
      if (!head || !tail) return null;
      text = longLineText(head, tail, length, stateBefore(before));
    }
    this.texts.set(line, text);
    this.stampCharacters = Math.max(this.stampCharacters, text.stamp?.clock.length ?? 0);
    if (this.texts.size > TEXTS_KEPT) this.texts.delete(this.texts.keys().next().value!);
    return text;
  }
}
