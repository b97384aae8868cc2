import { type RefObject, useEffect, useState } from "react";

import { type Shortcut, useKeys } from "./keys";

const rowsOf = (box: HTMLElement | null) => [...(box?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
const hereOf = (rows: HTMLElement[]) => rows.findIndex((row) => row.contains(document.activeElement));

function move(box: HTMLElement | null, by: 1 | -1): void {
  const rows = rowsOf(box);
  const here = hereOf(rows);
  const row = rows[Math.max(0, Math.min(rows.length - 1, here < 0 ? 0 : here + by))];
  row?.querySelector<HTMLElement>("a, button")?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: "nearest" });
}

/**
 * j and k go from row to row of what is in `box`: the focus itself moves, to the first link of each `[data-row]`, so that Enter opens it
 * and a screen reader says where it is. `more` are keys that act on the row with the focus; they get its `data-row`.
 */
export function useRowKeys(box: RefObject<HTMLElement | null>, more: { keys: string; says: string; act: (row: string) => void }[] = []): void {
  const list: Shortcut[] = [
    { keys: "j", says: "Next row", act: () => move(box.current, 1) },
    { keys: "k", says: "Row before", act: () => move(box.current, -1) },
    ...more.map(({ keys, says, act }) => ({
      keys, says,
      act: () => {
        const rows = rowsOf(box.current);
        const row = rows[hereOf(rows)]?.dataset.row;
        if (row !== undefined) act(row);
      },
    })),
  ];
  useKeys(list);
}

/** `/` puts the focus into a page's filter. */
export function useFilterKey(field: RefObject<HTMLInputElement | null>): void {
  useKeys([{ keys: "/", says: "Filter", act: () => field.current?.focus() }]);
}

/** The value as it was when it hadn't changed for `ms`: what is asked of the daemon while somebody types. */
export function useSettled<T>(value: T, ms = 150): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
