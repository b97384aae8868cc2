import { describe, expect, it } from "vitest";

import { atEnd, endOf, fromScrollTop, isExact, type Layout, MOST_PX, move, reveal, ROW_PX, scrolled, scrollHeight, toScrollTop } from "./log_scroll";

const VIEW = 600;
const log = (count: number): Layout => ({ count, view: VIEW });
const pixels = ({ item, px }: { item: number; px: number }) => item * ROW_PX + px;

describe("a log that fits into a scroll bar", () => {
  it("is moved pixel by pixel", () => {
    const layout = log(1000);
    expect(isExact(layout)).toBe(true);
    expect(scrollHeight(layout)).toBe(18_500);
    for (const top of [0, 1, 18.5, 100, 9_999.5, 17_900]) expect(toScrollTop(layout, fromScrollTop(layout, top))).toBeCloseTo(top, 6);
  });

  it("that is shorter than the view doesn't scroll", () => {
    expect(endOf(log(3))).toEqual({ item: 0, px: 0 });
    expect(toScrollTop(log(3), { item: 0, px: 0 })).toBe(0);
    expect(atEnd(log(3), { item: 0, px: 0 })).toBe(true);
    expect(endOf(log(0))).toEqual({ item: 0, px: 0 });
  });
});

describe.each([870_222, 10_000_000])("a log of %i lines", (count) => {
  const layout = log(count);

  it("is compressed into what a browser can scroll", () => {
    expect(isExact(layout)).toBe(false);
    expect(scrollHeight(layout)).toBe(MOST_PX);
  });

  it("maps every line to the scroll bar and back", () => {
    for (let line = 0; line < count - VIEW / ROW_PX; line += 9_973) {
      const anchor = { item: line, px: (line % 37) / 2 };
      const back = fromScrollTop(layout, toScrollTop(layout, anchor));
      expect(Math.abs(pixels(back) - pixels(anchor))).toBeLessThan(0.01);
    }
  });

  it("meets both ends", () => {
    expect(fromScrollTop(layout, 0)).toEqual({ item: 0, px: 0 });
    expect(fromScrollTop(layout, MOST_PX - VIEW)).toEqual(endOf(layout));
    expect(toScrollTop(layout, endOf(layout))).toBe(MOST_PX - VIEW);
    expect(pixels(endOf(layout)) + VIEW).toBeCloseTo(count * ROW_PX, 3);
  });

  it("reaches each line with the wheel, and any line with the bar", () => {
    const start = { item: 5_000, px: 0 };
    const top = toScrollTop(layout, start);
    expect(pixels(scrolled(layout, start, top, top + 100)) - pixels(start)).toBeCloseTo(100, 6);
    expect(pixels(scrolled(layout, start, top, top - 100)) - pixels(start)).toBeCloseTo(-100, 6);
    const far = scrolled(layout, start, top, (MOST_PX - VIEW) / 2);
    expect(Math.abs(far.item - count / 2)).toBeLessThan(40);
  });

  it("shows a line a third from the top, the last ones at the end", () => {
    const { item } = reveal(layout, 400_000);
    expect((400_000 - item) * ROW_PX).toBeGreaterThan(VIEW / 4);
    expect((400_000 - item) * ROW_PX).toBeLessThan(VIEW / 2);
    expect(reveal(layout, count - 1)).toEqual(endOf(layout));
    expect(reveal(layout, 0)).toEqual({ item: 0, px: 0 });
  });
});

it("a log that grows doesn't move who isn't at its end", () => {
  const anchor = { item: 864_000, px: 3 };
  for (const count of [864_500, 864_900, 900_000, 2_000_000]) expect(move(log(count), anchor, 0)).toEqual(anchor);
});

describe("wrapped lines", () => {
  // Each third line takes three rows, each tenth of these thirty.
  const heightOf = (item: number) => (item % 30 === 0 ? 30 : item % 3 === 0 ? 3 : 1) * ROW_PX;
  const layout: Layout = { count: 5_000, view: VIEW, heightOf };

  it("move by the heights that were measured", () => {
    expect(move(layout, { item: 1, px: 0 }, 2 * ROW_PX)).toEqual({ item: 3, px: 0 });
    expect(move(layout, { item: 3, px: 0 }, 2 * ROW_PX)).toEqual({ item: 3, px: 2 * ROW_PX });
    expect(move(layout, { item: 4, px: 5 }, -10)).toEqual({ item: 3, px: 3 * ROW_PX - 5 });
    expect(move(layout, { item: 31, px: 0 }, -1)).toEqual({ item: 30, px: 30 * ROW_PX - 1 });
  });

  it("come back to where they were, there and back in any steps", () => {
    let anchor = { item: 1_000, px: 7 };
    for (const by of [100, 33, 333, -66, -200, -200]) anchor = move(layout, anchor, by);
    expect(anchor.item).toBe(1_000);
    expect(anchor.px).toBeCloseTo(7, 6);
  });

  it("end with the last one at the bottom", () => {
    const end = endOf(layout);
    let px = -end.px;
    for (let item = end.item; item < layout.count; item += 1) px += heightOf(item);
    expect(px).toBeCloseTo(VIEW, 6);
    expect(move(layout, end, 1_000)).toEqual(end);
    expect(atEnd(layout, move(layout, end, -20))).toBe(false);
  });

  it("have room in the scroll bar, and meet both its ends", () => {
    const room = scrollHeight(layout) - VIEW;
    expect(room).toBeGreaterThan(5_000 * ROW_PX);
    expect(toScrollTop(layout, endOf(layout))).toBe(room);
    expect(fromScrollTop(layout, room)).toEqual(endOf(layout));
    for (const top of [0, 1_000, 40_000, room * 0.77]) expect(toScrollTop(layout, fromScrollTop(layout, top))).toBeCloseTo(top, 3);
  });

  it("that all fit don't scroll", () => {
    const few: Layout = { count: 4, view: VIEW, heightOf: () => 2 * ROW_PX };
    expect(scrollHeight(few)).toBe(VIEW);
    expect(endOf(few)).toEqual({ item: 0, px: 0 });
  });

  it("that are few but high do", () => {
    const high: Layout = { count: 4, view: VIEW, heightOf: () => 20 * ROW_PX };
    expect(endOf(high)).toEqual({ item: 2, px: 40 * ROW_PX - VIEW });
    expect(scrollHeight(high)).toBeGreaterThan(VIEW);
  });
});
