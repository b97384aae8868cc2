import { beforeEach, describe, expect, it, vi } from "vitest";

import { MOST_PX, ROW_PX } from "@/model/log_scroll";

import { LogScroller } from "./log_scroller";

const VIEW = 10 * ROW_PX;

/** An element that scrolls as a phone's browser does: within its height, to thirds of a pixel. */
function boxOf(scroller: LogScroller) {
  let top = 0;
  const box = {
    get scrollTop() {
      return top;
    },
    set scrollTop(to: number) {
      top = Math.round(3 * Math.max(0, Math.min(to, Math.max(scroller.height, VIEW) - VIEW))) / 3;
    },
  };
  scroller.attach(box as HTMLElement);
  return {
    box,
    /** What the reader does with a wheel or the bar, and the drawing after it. */
    scrollTo(to: number) {
      box.scrollTop = to;
      scroller.onScroll();
      scroller.sync();
    },
  };
}

function grown(scroller: LogScroller, count: number): void {
  scroller.fit(count, VIEW);
  scroller.sync();
}

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

describe("who is at the end", () => {
  it("stays there while the log grows", () => {
    const scroller = new LogScroller();
    const { box } = boxOf(scroller);
    for (const count of [5, 100, 101, 5_000, 900_000, 2_000_000]) {
      grown(scroller, count);
      expect(scroller.following).toBe(true);
      expect(scroller.anchor.item).toBe(Math.max(0, count - 10));
      expect(box.scrollTop).toBeCloseTo(Math.max(0, scroller.height - VIEW), -1);
      expect(scroller.unseen).toBe(0);
    }
  });

  it("leaves it by scrolling up, isn't moved by what comes, and is told how much that is", () => {
    const scroller = new LogScroller();
    const { box, scrollTo } = boxOf(scroller);
    grown(scroller, 100);
    scrollTo(box.scrollTop - 50);
    const { anchor } = scroller;
    expect(scroller.following).toBe(false);
    for (const count of [101, 214, 314]) {
      grown(scroller, count);
      expect(scroller.anchor).toEqual(anchor);
      expect(scroller.unseen).toBe(count - 100);
    }
  });

  it.each([100, 900_000])("leaves it by the first third of a pixel that a finger moves, in %i lines", (count) => {
    const scroller = new LogScroller();
    const { box, scrollTo } = boxOf(scroller);
    grown(scroller, count);
    const before = box.scrollTop;
    for (let step = 1; step <= 30; step += 1) {
      scrollTo(box.scrollTop - 1 / 3);
      expect(scroller.following).toBe(false);
    }
    expect(box.scrollTop).toBeCloseTo(before - 10, 3);
    for (let step = 1; step <= 30; step += 1) scrollTo(box.scrollTop + 1 / 3);
    expect(scroller.following).toBe(true);
  });

  it("comes back by scrolling down to it, or by going there", () => {
    const scroller = new LogScroller();
    const { box, scrollTo } = boxOf(scroller);
    grown(scroller, 100);
    scrollTo(box.scrollTop - 50);
    grown(scroller, 120);
    scrollTo(1e9);
    expect([scroller.following, scroller.unseen]).toEqual([true, 0]);
    scrollTo(0);
    scroller.toEnd();
    scroller.sync();
    grown(scroller, 130);
    expect(scroller.anchor.item).toBe(120);
  });

  it("leaves it for a line that is shown, and is not held there by a log that fits", () => {
    const scroller = new LogScroller();
    boxOf(scroller);
    grown(scroller, 100);
    scroller.reveal(99);
    grown(scroller, 200);
    expect([scroller.following, scroller.unseen]).toEqual([false, 100]);
    const few = new LogScroller();
    boxOf(few);
    grown(few, 4);
    few.reveal(2);
    grown(few, 6);
    expect([few.following, few.unseen]).toEqual([true, 0]);
  });
});

it("in a log of ten million lines the wheel goes line by line, and the bar is put right when it rests", () => {
  const scroller = new LogScroller();
  const { box, scrollTo } = boxOf(scroller);
  grown(scroller, 10_000_000);
  scroller.reveal(5_000_000);
  scroller.sync();
  const start = scroller.anchor.item;
  for (let step = 0; step < 20; step += 1) scrollTo(box.scrollTop + 37);
  expect(scroller.anchor.item).toBe(start + 40);
  vi.advanceTimersByTime(1_000);
  expect(Math.abs(box.scrollTop - (scroller.anchor.item / 9_999_990) * (MOST_PX - VIEW))).toBeLessThan(2);
  scrollTo(MOST_PX / 4);
  expect(Math.abs(scroller.anchor.item - 2_500_000)).toBeLessThan(40);
  scrollTo(0);
  expect(scroller.anchor).toEqual({ item: 0, px: 0 });
});

it("keeps the end in view when its lines wrap, whatever their heights turn out to be", () => {
  const scroller = new LogScroller();
  boxOf(scroller);
  grown(scroller, 100);
  scroller.wrap(true);
  expect(scroller.drawn.last).toBe(100);
  scroller.measured(Array.from({ length: 30 }, (_, i): [number, number] => [70 + i, 4 * ROW_PX]));
  expect(scroller.anchor).toEqual({ item: 97, px: 2 * ROW_PX });
  scroller.by(-3 * ROW_PX);
  expect(scroller.anchor).toEqual({ item: 96, px: 3 * ROW_PX });
  expect(scroller.following).toBe(false);
  scroller.widthChanged();
  expect(scroller.anchor.item).toBe(96);
});

it("tells whoever draws, and nobody when nothing has changed", () => {
  const scroller = new LogScroller();
  const tell = vi.fn();
  const stop = scroller.subscribe(tell);
  grown(scroller, 100);
  expect(tell).toHaveBeenCalledTimes(1);
  grown(scroller, 100);
  scroller.onScroll();
  scroller.wrap(false);
  expect(tell).toHaveBeenCalledTimes(1);
  stop();
  grown(scroller, 200);
  expect(tell).toHaveBeenCalledTimes(1);
});
