// Where lines begin. The daemon gives the offset of every 256th line; the lines between two of these ("a block") are found in the
// bytes themselves, from the nearer end: a block of 256 lines of a megabyte is 256 MB, and its last line must not cost all of that.

const NEWLINE = 10;

/** What `…/logs/{try}/index` answers, from entry `from` on. */
export interface IndexAnswer {
  every: number;
  lines: number;
  bytes: number;
  offsets: ArrayLike<number>;
}

export class LineIndex {
  every = 256;
  /** Line ends in the first `bytes` bytes. */
  lines = 0;
  bytes = 0;
  private offsets: number[] = [0];

  get entries(): number {
    return this.offsets.length;
  }

  copy(): LineIndex {
    const copy = new LineIndex();
    copy.every = this.every;
    copy.lines = this.lines;
    copy.bytes = this.bytes;
    copy.offsets = [...this.offsets];
    return copy;
  }

  /** Takes an answer that was asked from entry `from` on. False: it has another distance between entries; ask from 0. */
  take(answer: IndexAnswer, from: number): boolean {
    if (answer.every !== this.every && from > 0) return false;
    this.every = answer.every;
    this.lines = answer.lines;
    this.bytes = answer.bytes;
    this.offsets.length = Math.min(from, this.offsets.length);
    for (let i = 0; i < answer.offsets.length; i += 1) this.offsets.push(answer.offsets[i]!);
    if (!this.offsets.length) this.offsets.push(0);
    return true;
  }

  /** Goes on over bytes that follow those it knows. */
  grow(bytes: Uint8Array): void {
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
      this.lines += 1;
      if (this.lines % this.every === 0) this.offsets.push(this.bytes + at + 1);
    }
    this.bytes += bytes.length;
  }

  blockOf(line: number): number {
    return Math.min(Math.floor(line / this.every), this.offsets.length - 1);
  }

  /** The bytes and lines of a block; `rows`: lines with the one that has no end yet. */
  block(block: number, rows: number): { first: number; count: number; from: number; to: number } {
    const first = block * this.every;
    const next = this.offsets[block + 1];
    return { first, count: (next === undefined ? rows : first + this.every) - first, from: this.offsets[block]!, to: next ?? this.bytes };
  }
}

/** The beginnings of the lines of one block, as far as they were looked for. Offsets are those of the log. */
export class BlockLines {
  private starts: Float64Array;
  private front = 0; // lines from the block's beginning whose start is known
  private frontAt: number;
  private back: number;
  private backAt: number;

  constructor(readonly from: number, readonly to: number, readonly count: number) {
    this.starts = new Float64Array(count + 1).fill(-1);
    this.starts[0] = from;
    this.starts[count] = to;
    this.frontAt = from;
    this.back = count;
    this.backAt = to;
  }

  /** Line `k` of the block with its line end, if it has one; null: not found yet. */
  range(k: number): { from: number; to: number } | null {
    const from = this.starts[k]!;
    const to = this.starts[k + 1]!;
    return from < 0 || to < 0 ? null : { from, to };
  }

  /** The bytes to look at next for line `k`: at most `most`, not over a border of chunks of `most`; which way it goes on. Null: it is known. */
  wanted(k: number, most: number): { from: number; to: number; way: 1 | -1 } | null {
    if (this.range(k) || this.frontAt >= this.backAt) return null;
    if (k + 1 - this.front <= this.back - k) {
      const border = (Math.floor(this.frontAt / most) + 1) * most;
      return { from: this.frontAt, to: Math.min(border, this.backAt), way: 1 };
    }
    const border = (Math.ceil(this.backAt / most) - 1) * most;
    return { from: Math.max(border, this.frontAt), to: this.backAt, way: -1 };
  }

  /** The bytes that wanted() named. */
  scan(from: number, bytes: Uint8Array): void {
    if (from === this.frontAt) {
      for (let at = bytes.indexOf(NEWLINE); at >= 0 && this.front < this.back - 1; at = bytes.indexOf(NEWLINE, at + 1)) {
        this.front += 1;
        this.starts[this.front] = from + at + 1;
      }
      this.frontAt = from + bytes.length;
      return;
    }
    for (let at = bytes.lastIndexOf(NEWLINE); at >= 0 && this.back > this.front + 1; at = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1)) {
      if (from + at + 1 === this.to) continue; // the end of the last line begins none
      this.back -= 1;
      this.starts[this.back] = from + at + 1;
    }
    this.backAt = from;
  }
}
