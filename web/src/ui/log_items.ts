import { useEffect, useMemo, useRef } from "react";

import { lowerBound, nextMatch } from "@/model/log_search";

import type { LevelFilter } from "./log_bar";
import type { LogScan } from "./log_scan";
import type { LogScroller } from "./log_scroller";
import type { LogSource } from "./log_source";

/** What is listed: all lines, or those of a level. An item is a place in that list, a line a number in the log. */
export interface LogItems {
  count: number;
  lineOf: (item: number) => number;
  /** The first item at or behind a line. */
  itemOf: (line: number) => number;
  /** Whether the list has that line. */
  has: (line: number) => boolean;
}

export function useLogItems(source: LogSource, levels: LogScan | null, filter: LevelFilter): LogItems {
  const { rows } = source;
  const version = levels?.version ?? 0;
  return useMemo(() => {
    if (filter === "all") return { count: rows, lineOf: (item) => item, itemOf: (line) => Math.min(line, rows - 1), has: (line) => line < rows };
    const lines = levels?.ofLevel(filter) ?? [];
    return {
      count: lines.length,
      lineOf: (item) => lines[item]!,
      itemOf: (line) => Math.min(lowerBound(lines, line), lines.length - 1),
      has: (line) => lines[lowerBound(lines, line)] === line,
    };
  }, [rows, levels, version, filter]);
}

/** Keeps the reader's line in view when the list is another one. */
export function useFilterChange(scroller: LogScroller, items: LogItems, filter: LevelFilter): void {
  const shown = useRef({ filter, items });
  useEffect(() => {
    const before = shown.current;
    shown.current = { filter, items };
    if (before.filter === filter) return;
    const wasAtEnd = scroller.following;
    const line = before.items.count ? before.items.lineOf(Math.min(scroller.anchor.item, before.items.count - 1)) : 0;
    scroller.replace(items.count, wasAtEnd ? null : { item: Math.max(0, items.itemOf(line)), px: 0 });
  }, [scroller, items, filter]);
}

export interface Going {
  /** To a match; `from`: the line that the reader is at. */
  match: (way: 1 | -1) => void;
  error: (which: "first" | "next") => void;
}

/** Ways through what the searches found. `go`: shows a line. */
export function goingThrough(
  matches: LogScan | null, levels: LogScan | null, here: () => number, wholeLines: number, go: (line: number) => void, say: (text: string) => void,
): Going {
  return {
    match(way) {
      if (!matches) return;
      const from = here();
      const last = matches.lines.at(-1) ?? -1;
      // Behind what was found so far the daemon knows more than this list.
      if (matches.state === "full" && (way > 0 ? from >= last : from > last)) {
        void matches.near(from, way).then((line) => (line === null ? say("No more matches that way.") : go(line)));
        return;
      }
      const at = nextMatch(matches.lines, from, way);
      if (at < 0) return say(matches.open ? "Still searching." : "Nothing in this log matches.");
      if (at > matches.lines.length - 100) matches.more(wholeLines);
      go(matches.lines[at]!);
    },
    error(which) {
      const errors = levels?.ofLevel("error") ?? [];
      const at = which === "first" ? 0 : nextMatch(errors, here(), 1);
      if (errors.length && at >= 0) go(errors[at]!);
      else say(levels?.open ? "Still looking for errors." : "No line says that it is an error.");
    },
  };
}
