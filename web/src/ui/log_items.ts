import { useEffect, useMemo, useRef } from "react";

import { lowerBound, nextMatch } from "@/model/log_search";

import type { LevelFilter } from "./log_bar";
import type { LogScan } from "./log_scan";
import type { LogScroller } from "./log_scroller";
import type { LogSource } from "./log_source";

/** What is listed: all lines, or those of a level. An item is a place in that list, a line a number in the log. */
export interface LogItems {
  count: number;
  all: boolean;
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
    if (filter === "all") return { count: rows, all: true, lineOf: (item) => item, itemOf: (line) => Math.min(line, rows - 1), has: (line) => line < rows };
    const lines = levels?.ofLevel(filter) ?? [];
    return {
      count: lines.length,
      all: false,
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
  /** To a match. */
  match: (way: 1 | -1) => void;
  error: (which: "first" | "next") => void;
}

interface Ways {
  matches: LogScan | null;
  /** Those of its lines that are listed. */
  found: readonly number[];
  levels: LogScan | null;
  wholeLines: number;
  /** The line that the reader is at. */
  here: () => number;
  go: (line: number) => void;
  say: (text: string) => void;
}

/** Ways through what the searches found. */
export function goingThrough({ matches, found, levels, wholeLines, here, go, say }: Ways): Going {
  return {
    match(way) {
      if (!matches) return;
      const from = here();
      const last = matches.lines.at(-1) ?? -1;
      // Behind what was found so far the daemon knows more than this list.
      if (matches.state === "full" && found.length === matches.lines.length && (way > 0 ? from >= last : from > last)) {
        void matches.near(from, way).then((line) => (line === null ? say("No more matches that way.") : go(line)), () => say("The search failed. Try again."));
        return;
      }
      const at = nextMatch(found, from, way);
      if (at < 0) return say(matches.open ? "Still searching." : "Nothing that is listed matches.");
      if (found[at]! > last - 100) matches.more(wholeLines);
      go(found[at]!);
    },
    error(which) {
      const errors = levels?.ofLevel("error") ?? [];
      const at = which === "first" ? 0 : nextMatch(errors, here(), 1);
      if (errors.length && at >= 0) go(errors[at]!);
      else say(levels?.open ? "Still looking for errors." : "No line says that it is an error.");
    },
  };
}
