// Where the reader is in a log of any length. The place is an anchor: the first item that reaches into the view, and how much of it is
// above the view's top. A browser's scroll bar has room for some 16 million pixels (Firefox clamps near 17.9 M): a longer log is
// compressed into them. Then, and with wrapped lines, whose heights are known only where they were measured, a small movement is
// taken as so many pixels and a big one as a share of the whole; the scroll bar is put right when the movement has ended.

export const ROW_PX = 18.5;
export const MOST_PX = 16_000_000;

export interface Anchor {
  item: number;
  px: number;
}
/** `heightOf`: of an item, when items differ (wrapped lines); else each has ROW_PX. */
export interface Layout {
  count: number;
  view: number;
  heightOf?: (item: number) => number;
}

const heightIn = (layout: Layout, item: number) => layout.heightOf?.(item) ?? ROW_PX;

/** Whether scrollTop and place are the same pixels. */
export function isExact(layout: Layout): boolean {
  return !layout.heightOf && layout.count * ROW_PX <= MOST_PX;
}

/** The height of what scrolls. */
export function scrollHeight(layout: Layout): number {
  const px = layout.count * ROW_PX;
  // Wrapped lines are higher than they look from here: room to scroll in, so that a wheel doesn't meet the end of the bar at once.
  if (layout.heightOf) return fits(layout) ? layout.view : Math.min(Math.max(px * 8, layout.view * 4), MOST_PX);
  return Math.min(px, MOST_PX);
}

function fits(layout: Layout): boolean {
  if (layout.count * ROW_PX > layout.view) return false;
  let px = 0;
  for (let item = 0; item < layout.count; item += 1) px += heightIn(layout, item);
  return px <= layout.view;
}

/** The anchor `by` pixels further down (up: less than 0), within the log. */
export function move(layout: Layout, anchor: Anchor, by: number): Anchor {
  if (!layout.heightOf) return clamp(layout, normal((anchor.item * ROW_PX) + anchor.px + by));
  let { item } = anchor;
  let px = anchor.px + by;
  while (px < 0 && item > 0) {
    item -= 1;
    px += heightIn(layout, item);
  }
  while (item < layout.count - 1 && px >= heightIn(layout, item)) {
    px -= heightIn(layout, item);
    item += 1;
  }
  return clamp(layout, { item, px: Math.max(0, px) });
}

function normal(px: number): Anchor {
  const item = Math.max(0, Math.floor(px / ROW_PX));
  return { item, px: Math.max(0, px - item * ROW_PX) };
}

/** The anchor at which the last item ends at the view's bottom. */
export function endOf(layout: Layout): Anchor {
  if (!layout.heightOf) return normal(Math.max(0, layout.count * ROW_PX - layout.view));
  let left = layout.view;
  for (let item = layout.count - 1; item >= 0; item -= 1) {
    const height = heightIn(layout, item);
    if (height >= left) return { item, px: height - left };
    left -= height;
  }
  return { item: 0, px: 0 };
}

function isAfter(a: Anchor, b: Anchor): boolean {
  return a.item > b.item || (a.item === b.item && a.px > b.px);
}

function clamp(layout: Layout, anchor: Anchor): Anchor {
  const end = endOf(layout);
  return isAfter(anchor, end) ? end : anchor;
}

export function atEnd(layout: Layout, anchor: Anchor): boolean {
  const end = endOf(layout);
  return !isAfter(end, { item: anchor.item, px: anchor.px + 1 });
}

/** In items, with a share of the one at the top. */
function length(layout: Layout, anchor: Anchor): number {
  return anchor.item + anchor.px / heightIn(layout, anchor.item);
}

export function toScrollTop(layout: Layout, anchor: Anchor): number {
  const room = scrollHeight(layout) - layout.view;
  if (room <= 0) return 0;
  if (isExact(layout)) return anchor.item * ROW_PX + anchor.px;
  const all = length(layout, endOf(layout));
  return all > 0 ? Math.min(1, length(layout, anchor) / all) * room : 0;
}

export function fromScrollTop(layout: Layout, scrollTop: number): Anchor {
  const room = scrollHeight(layout) - layout.view;
  if (room <= 0) return { item: 0, px: 0 };
  if (isExact(layout)) return clamp(layout, normal(Math.max(0, scrollTop)));
  const share = Math.min(1, Math.max(0, scrollTop / room));
  if (share === 1) return endOf(layout);
  const at = share * length(layout, endOf(layout));
  const item = Math.floor(at);
  return clamp(layout, { item, px: (at - item) * heightIn(layout, item) });
}

/** After the reader moved the scroll bar from `before` to `after`. */
export function scrolled(layout: Layout, anchor: Anchor, before: number, after: number): Anchor {
  if (isExact(layout)) return fromScrollTop(layout, after);
  const by = after - before;
  return Math.abs(by) <= Math.max(2_000, layout.view * 4) ? move(layout, anchor, by) : fromScrollTop(layout, after);
}

/** An anchor that shows `item` a third from the top. */
export function reveal(layout: Layout, item: number): Anchor {
  return move(layout, { item: Math.max(0, Math.min(item, layout.count - 1)), px: 0 }, -Math.floor(layout.view / 3 / ROW_PX) * ROW_PX);
}
