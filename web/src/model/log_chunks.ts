// Pieces of a log in memory: 256 KiB each, at most 64 of them, the one used last stays longest. Never the whole log.

export const CHUNK_BYTES = 256 * 1024;
export const CHUNKS_KEPT = 64;

/** What is there of a chunk: bytes `from` to `to` of the log, without a gap. */
interface Chunk {
  bytes: Uint8Array;
  from: number;
  to: number;
}

export class ChunkCache {
  private chunks = new Map<number, Chunk>();

  constructor(readonly size: number = CHUNK_BYTES, readonly kept: number = CHUNKS_KEPT) {}

  /** Bytes that were read at `offset`; they may begin and end within a chunk. */
  put(offset: number, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const at = offset + done;
      const index = Math.floor(at / this.size);
      const length = Math.min(bytes.length - done, (index + 1) * this.size - at);
      this.putPiece(index, at, bytes.subarray(done, done + length));
      done += length;
    }
  }

  private putPiece(index: number, from: number, piece: Uint8Array): void {
    const base = index * this.size;
    const to = from + piece.length;
    let chunk = this.chunks.get(index);
    // A piece that doesn't touch what is there would leave a hole: the new one is what somebody waits for.
    if (chunk && (from > chunk.to || to < chunk.from)) chunk = undefined;
    chunk ??= { bytes: new Uint8Array(this.size), from, to: from };
    chunk.bytes.set(piece, from - base);
    chunk.from = Math.min(chunk.from, from);
    chunk.to = Math.max(chunk.to, to);
    this.use(index, chunk);
    while (this.chunks.size > this.kept) this.chunks.delete(this.chunks.keys().next().value!);
  }

  private use(index: number, chunk: Chunk): void {
    this.chunks.delete(index);
    this.chunks.set(index, chunk);
  }

  /** The chunks that bytes `from` to `to` still lack, first to last. */
  missing(from: number, to: number): number[] {
    const out: number[] = [];
    for (let index = Math.floor(from / this.size); index * this.size < to; index += 1) {
      const chunk = this.chunks.get(index);
      const begin = Math.max(from, index * this.size);
      const end = Math.min(to, (index + 1) * this.size);
      if (!chunk || chunk.from > begin || chunk.to < end) out.push(index);
    }
    return out;
  }

  /** Bytes `from` to `to`, a copy only where they lie in more than one chunk; null when some aren't there. */
  slice(from: number, to: number): Uint8Array | null {
    if (to <= from) return new Uint8Array(0);
    if (this.missing(from, to).length) return null;
    const first = Math.floor(from / this.size);
    const last = Math.floor((to - 1) / this.size);
    for (let index = first; index <= last; index += 1) this.use(index, this.chunks.get(index)!);
    if (first === last) return this.chunks.get(first)!.bytes.subarray(from - first * this.size, to - first * this.size);
    const out = new Uint8Array(to - from);
    for (let index = first; index <= last; index += 1) {
      const base = index * this.size;
      const begin = Math.max(from, base);
      out.set(this.chunks.get(index)!.bytes.subarray(begin - base, Math.min(to, base + this.size) - base), begin - from);
    }
    return out;
  }

  /** What is there from `offset` on, up to the end of its chunk. */
  behind(offset: number): Uint8Array {
    const chunk = this.chunks.get(Math.floor(offset / this.size));
    if (!chunk || offset < chunk.from || offset >= chunk.to) return new Uint8Array(0);
    const base = Math.floor(offset / this.size) * this.size;
    return chunk.bytes.subarray(offset - base, chunk.to - base);
  }

  get count(): number {
    return this.chunks.size;
  }
}
