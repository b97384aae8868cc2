import { useCallback, useMemo, useSyncExternalStore } from "react";

import { type LineRange, hashOfLines, linesOfHash } from "@/model/line_range";

const EVENTS = ["hashchange", "popstate", "pushState", "replaceState"];

function watch(tell: () => void): () => void {
  for (const name of EVENTS) window.addEventListener(name, tell);
  return () => {
    for (const name of EVENTS) window.removeEventListener(name, tell);
  };
}

/** The lines that the address names (`#L12`, `#L12-L20`; from 1 on), and how to name others: a link to a line is the address itself. */
export function useLineHash(): [LineRange | null, (lines: LineRange | null) => void] {
  const hash = useSyncExternalStore(watch, () => location.hash);
  const lines = useMemo(() => linesOfHash(hash), [hash]);
  const set = useCallback((next: LineRange | null) => {
    history.replaceState(history.state, "", location.pathname + location.search + (next ? hashOfLines(next) : ""));
  }, []);
  return [lines, set];
}
