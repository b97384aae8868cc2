import { type Anchor, atEnd, endOf, isExact, type Layout, move, reveal, ROW_PX, scrolled, scrollHeight, toScrollTop } from "@/model/log_scroll";

import { Told } from "./told";

const SETTLED_MS = 140; // after the last movement, the scroll bar is put where the place really is

/** Joins a scrolling element with a place in the log (model/log_scroll). Not React: it tells when it has moved. */
export class LogScroller extends Told {
  anchor: Anchor = { item: 0, px: 0 };
  /** At the end, and staying there while the log grows. */
  following = true;
  /** Items there were when the reader left the end. */
  seen = 0;
  count = 0;
  view = 0;
  private heights: Map<number, number> | null = null;
  private box: HTMLElement | null = null;
  private last = 0;
  private moving = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  readonly attach = (box: HTMLElement | null): void => {
    this.box = box;
    if (!box) clearTimeout(this.timer);
  };

  get wraps(): boolean {
    return this.heights !== null;
  }

  get layout(): Layout {
    const { count, view, heights } = this;
    return heights ? { count, view, heightOf: (item) => heights.get(item) ?? ROW_PX } : { count, view };
  }

  get height(): number {
    return scrollHeight(this.layout);
  }

  /** Whether an item is among those drawn in the view. */
  shows(item: number): boolean {
    return item >= this.anchor.item && item < this.drawn.last;
  }

  /** All is in the view: nothing new can be out of it. */
  private get fits(): boolean {
    return !this.heights && this.count * ROW_PX <= this.view;
  }

  get unseen(): number {
    return this.following ? 0 : Math.max(0, this.count - this.seen);
  }

  /** Items that must be drawn: those in the view; with wrapped lines some before them too, so that their heights are known in time. */
  get drawn(): { first: number; last: number } {
    const first = Math.max(0, this.anchor.item - (this.heights ? 15 : 0));
    return { first, last: Math.min(this.count, this.anchor.item + Math.ceil((this.view + this.anchor.px) / ROW_PX) + 1) };
  }

  /** `down`: the way he came. A finger begins with a third of a pixel: who moves up has left the end, however near it is. */
  private settle(anchor: Anchor, down: boolean): void {
    this.anchor = anchor;
    const ends = this.fits || (down && atEnd(this.layout, anchor));
    if (this.following && !ends) this.seen = this.count;
    this.following = ends;
  }

  /** How much there is to show, and in what room. The place stays what it is; who was at the end stays there. */
  fit(count: number, view: number): void {
    if (count === this.count && view === this.view) return;
    this.count = count;
    this.view = view;
    if (this.fits) this.following = true;
    this.anchor = this.following ? endOf(this.layout) : move(this.layout, this.anchor, 0);
    this.tell();
  }

  /** Other items in the same element: a filter. `anchor`: where to be in them. */
  replace(count: number, anchor: Anchor | null): void {
    this.heights?.clear();
    this.count = count;
    this.following = anchor === null;
    this.seen = count;
    this.anchor = anchor ? move(this.layout, anchor, 0) : endOf(this.layout);
    this.tell();
  }

  wrap(on: boolean): void {
    if (on === this.wraps) return;
    this.heights = on ? new Map() : null;
    this.anchor = this.following ? endOf(this.layout) : { item: this.anchor.item, px: 0 };
    this.tell();
  }

  /** Heights as they were drawn. */
  measured(heights: Iterable<[number, number]>): void {
    if (!this.heights) return;
    let changed = false;
    for (const [item, height] of heights) {
      if (Math.abs((this.heights.get(item) ?? -1) - height) < 0.1) continue;
      this.heights.set(item, height);
      changed = true;
    }
    if (!changed) return;
    const anchor = this.following ? endOf(this.layout) : move(this.layout, this.anchor, 0);
    if (anchor.item === this.anchor.item && Math.abs(anchor.px - this.anchor.px) < 0.1) return;
    this.anchor = anchor;
    this.tell();
  }

  /** The width has changed: wrapped lines have other heights. */
  widthChanged(): void {
    if (!this.heights?.size) return;
    this.heights.clear();
    this.tell();
  }

  readonly onScroll = (): void => {
    const box = this.box;
    if (!box || box.scrollTop === this.last) return;
    const now = box.scrollTop;
    const down = now > this.last;
    this.settle(scrolled(this.layout, this.anchor, this.last, now), down);
    this.last = now;
    if (!isExact(this.layout)) {
      // Who has come to an end is put there at once, or there would be room to scroll into nothing.
      this.moving = !(down ? this.following : this.anchor.item === 0 && this.anchor.px === 0);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => {
        this.moving = false;
        this.sync();
      }, SETTLED_MS);
    }
    this.tell();
  };

  /** Puts the scroll bar where the place is; after each drawing, when the element has its new height. */
  sync(): void {
    const box = this.box;
    if (!box || this.moving) return;
    const top = toScrollTop(this.layout, this.anchor);
    if (Math.abs(box.scrollTop - top) >= 1) box.scrollTop = top;
    this.last = box.scrollTop;
  }

  private go(anchor: Anchor): void {
    this.moving = false;
    this.settle(anchor, true);
    this.tell();
  }

  by(px: number): void {
    this.moving = false;
    this.settle(move(this.layout, this.anchor, px), px > 0);
    this.tell();
  }

  toStart(): void {
    this.go({ item: 0, px: 0 });
  }

  toEnd(): void {
    this.go(endOf(this.layout));
    this.following = true;
    this.tell();
  }

  /** Where the reader is between the beginning and the end: 0 to 1. */
  get share(): number {
    const end = endOf(this.layout);
    const all = end.item + end.px / ROW_PX;
    return all > 0 ? Math.min(1, (this.anchor.item + this.anchor.px / ROW_PX) / all) : 0;
  }

  toShare(share: number): void {
    const end = endOf(this.layout);
    const at = Math.max(0, Math.min(1, share)) * (end.item + end.px / ROW_PX);
    this.go(share >= 1 ? end : move(this.layout, { item: Math.floor(at), px: (at % 1) * ROW_PX }, 0));
  }

  /** Puts an item at the top. */
  toItem(item: number): void {
    this.go(move(this.layout, { item, px: 0 }, 0));
  }

  /** Brings an item into the view, and leaves the end: the log grows on without moving it. */
  reveal(item: number): void {
    this.go(reveal(this.layout, item));
    if (this.following && !this.fits) {
      this.following = false;
      this.seen = this.count;
    }
    this.tell();
  }
}
