import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";

// A picture of a page as a PNG of 256 colours: a third of the bytes, and no colour further off than a comparison lets pass.

interface Picture {
  width: number;
  height: number;
  /** Four bytes a pixel. */
  data: Uint8Array;
}

const COLORS = 256;

const distance = (a: number, b: number) => Math.max(Math.abs((a & 255) - (b & 255)), Math.abs(((a >> 8) & 255) - ((b >> 8) & 255)), Math.abs(((a >> 16) & 255) - ((b >> 16) & 255)));

/** The colours that are there most often, none closer to another than the step that leaves so many. */
function paletteOf(byCount: readonly number[]): number[] {
  for (let step = 0; ; step += 1) {
    const chosen: number[] = [];
    for (const color of byCount) {
      if (!chosen.some((other) => distance(other, color) <= step)) chosen.push(color);
      if (chosen.length > COLORS) break;
    }
    if (chosen.length <= COLORS) return chosen;
  }
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

export function palettePng({ width, height, data }: Picture): Buffer {
  const pixels = new Uint32Array(data.buffer, data.byteOffset, width * height);
  const counts = new Map<number, number>();
  for (const pixel of pixels) counts.set(pixel & 0xffffff, (counts.get(pixel & 0xffffff) ?? 0) + 1);
  const byCount = [...counts].sort(([a, m], [b, n]) => n - m || a - b).map(([color]) => color);
  const palette = paletteOf(byCount);
  const places = new Map(byCount.map((color) => {
    const near = palette.map((other) => distance(other, color));
    return [color, near.indexOf(Math.min(...near))];
  }));
  const rows = Buffer.alloc((width + 1) * height);
  pixels.forEach((pixel, at) => {
    rows[Math.floor(at / width) * (width + 1) + 1 + (at % width)] = places.get(pixel & 0xffffff)!;
  });
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  const colors = Buffer.from(palette.flatMap((color) => [color & 255, (color >> 8) & 255, (color >> 16) & 255]));
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", head), chunk("PLTE", colors),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })), chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Makes those of a folder small that aren't yet. */
export function shrinkAll(folder: string, read: (bytes: Buffer) => Picture): void {
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    const isPalette = bytes[25] === 3;
    if (!isPalette) writeFileSync(join(folder, name), palettePng(read(bytes)));
  }
}
