import { describe, expect, it } from "vitest";

import { HEAD, LABELS, pitchOf, spanOf } from "./grid_window";

const box = (scrollLeft: number, scrollTop: number) => ({ scrollLeft, scrollTop, clientWidth: LABELS + 110, clientHeight: HEAD + 250 });
const PITCH = { x: 11, y: 25 };

describe("the part of the grid that is drawn", () => {
  it("is what is seen, whole cells, and some more around", () => {
    expect(spanOf(box(0, 0), PITCH, 1000, 500, 0)).toEqual({ top: 0, bottom: 10, left: 0, right: 10 });
    expect(spanOf(box(5, 30), PITCH, 1000, 500, 0)).toEqual({ top: 1, bottom: 12, left: 0, right: 11 });
    expect(spanOf(box(1100, 2500), PITCH, 1000, 500, 50)).toEqual({ top: 98, bottom: 112, left: 95, right: 115 });
  });
  it("ends where the grid does", () => {
    expect(spanOf(box(0, 0), PITCH, 4, 3, 100)).toEqual({ top: 0, bottom: 4, left: 0, right: 3 });
    expect(spanOf(box(9000, 99_000), PITCH, 1000, 500, 100)).toMatchObject({ bottom: 1000, right: 500 });
  });
});

describe("cells that show all of it at once", () => {
  const size = { width: LABELS + 10 + 400, height: HEAD + 4 + 500 };
  it("are as large as fits, never larger than usual nor smaller than a pixel", () => {
    expect(pitchOf(true, size, 100, 90, 0)).toEqual({ x: 4, y: 5 });
    expect(pitchOf(true, size, 1000, 500, 0)).toEqual({ x: 1, y: 1 });
    expect(pitchOf(true, size, 10, 14, 0)).toEqual(PITCH);
    expect(pitchOf(true, size, 100, 90, 100)).toEqual({ x: 4, y: 4 });
    expect(pitchOf(false, size, 1000, 500, 0)).toEqual(PITCH);
  });
});
