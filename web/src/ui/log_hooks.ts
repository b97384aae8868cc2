import { type RefObject, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import type { StreamEvent } from "@/api/events";
import { useStreamStatus, useTopic } from "@/api/stream";
import { hashOf, parseHash } from "@/model/log_search";

import { type Shortcut, useKeys } from "./keys";
import { type LogApi, logApi, type LogName } from "./log_api";
import { LogScan } from "./log_scan";
import type { LogScroller } from "./log_scroller";
import { LogSource } from "./log_source";
import { setQuery, useParam } from "./url";

/** Anything that is told of by a version: LogSource, LogScroller, LogScan. */
interface Told {
  subscribe: (tell: () => void) => () => void;
  version: number;
}
const nobody = () => () => {};

/** Draws anew whenever it tells. Returns the version. */
export function useTold(told: Told | null): number {
  return useSyncExternalStore(told?.subscribe ?? nobody, () => told?.version ?? 0);
}

export function useLogApi({ dagId, runId, taskId, mapIndex, tryNumber }: LogName): LogApi {
  return useMemo(() => logApi({ dagId, runId, taskId, mapIndex, tryNumber }), [dagId, runId, taskId, mapIndex, tryNumber]);
}

/** The lines of a log while the component is there. */
export function useLogSource(api: LogApi): LogSource {
  const source = useMemo(() => new LogSource(api), [api]);
  useEffect(() => {
    void source.open();
    return () => source.close();
  }, [source]);
  useTold(source);
  return source;
}

/** Whether the reader can see an element: its tab is in front and it is in the window. */
function useSeen(element: RefObject<HTMLElement | null>): boolean {
  const [front, setFront] = useState(() => !document.hidden);
  const [inside, setInside] = useState(true);
  useEffect(() => {
    const told = () => setFront(!document.hidden);
    document.addEventListener("visibilitychange", told);
    return () => document.removeEventListener("visibilitychange", told);
  }, []);
  useEffect(() => {
    if (!element.current) return;
    const watch = new IntersectionObserver((entries) => setInside(entries.at(-1)!.isIntersecting));
    watch.observe(element.current);
    return () => watch.disconnect();
  }, [element]);
  return front && inside;
}

const POLL_MS = 3_000; // without the stream

/** Reads on when the daemon says that the log has grown, only while somebody sees it. `live`: its task may still write. */
export function useGrowth(name: LogName, source: LogSource, live: boolean, element: RefObject<HTMLElement | null>): void {
  const seen = useSeen(element);
  const missed = useRef(false);
  const grown = useCallback(() => {
    if (seen) void source.grew();
    else missed.current = true;
  }, [seen, source]);
  const mine = (event: StreamEvent) => event.type === "reset" || (event.type === "log" && event.data.task_id === name.taskId
    && event.data.map_index === name.mapIndex && event.data.try_number === name.tryNumber);
  useTopic(live ? `run:${name.dagId}/${name.runId}` : null, (events) => {
    if (events.some(mine)) grown();
  });
  useEffect(() => {
    if (!seen || !missed.current) return;
    missed.current = false;
    void source.grew();
  }, [seen, source]);
  // What came between the opening and the stream, and what was written last of all.
  useEffect(grown, [live, grown]);
  const lost = useStreamStatus().liveness === "offline";
  useEffect(() => {
    if (!live || !lost) return;
    const timer = setInterval(grown, POLL_MS);
    return () => clearInterval(timer);
  }, [live, lost, grown]);
}

/** The value when it has stayed the same for a moment: one search a word, not one a letter. */
export function useSettled(value: string, ms: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/** A search that goes on with the log; null when there is nothing to search for. */
export function useScan(api: LogApi, source: LogSource, wish: { q?: string; level?: string } | null): LogScan | null {
  const wanted = wish !== null;
  const q = wish?.q ?? "";
  const level = wish?.level ?? "";
  const scan = useMemo(() => (wanted ? new LogScan(api, { ...(q ? { q } : {}), ...(level ? { level } : {}) }) : null), [api, wanted, q, level]);
  useTold(scan);
  useEffect(() => {
    void scan?.start(source.wholeLines);
    return () => scan?.stop();
  }, [scan, source]);
  const { wholeLines, size } = source;
  useEffect(() => {
    if (!scan) return;
    // A search looks through what is new: once a second is enough for a count.
    const timer = setTimeout(() => scan.grew(wholeLines), 1_000);
    return () => clearTimeout(timer);
  }, [scan, wholeLines, size]);
  return scan;
}

export interface Lines {
  first: number;
  last: number;
}

/** The lines that the address names (`#L120-L140`), and how to name others. */
export function useLineHash(tryNumber: number): [Lines | null, (lines: Lines | null) => void] {
  const hash = useSyncExternalStore((tell) => {
    window.addEventListener("hashchange", tell);
    window.addEventListener("popstate", tell);
    return () => {
      window.removeEventListener("hashchange", tell);
      window.removeEventListener("popstate", tell);
    };
  }, () => location.hash);
  const lines = useMemo(() => parseHash(hash), [hash]);
  const set = useCallback((next: Lines | null) => {
    const url = new URL(location.href);
    url.hash = next ? hashOf(next) : "";
    // A line is one of a try: the link must show that one, whichever is the newest when it is opened.
    if (next) url.searchParams.set("try", String(tryNumber));
    history.replaceState(history.state, "", url);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  }, [tryNumber]);
  return [lines, set];
}

/** Keys of a log, which may itself be in a drawer: only what lies over that takes them away. */
export function useLogKeys(log: RefObject<HTMLElement | null>, list: readonly Shortcut[]): void {
  useKeys(list.map((shortcut) => ({
    ...shortcut,
    act: (event: globalThis.KeyboardEvent) => {
      const over = [...document.querySelectorAll("[role=dialog], [role=menu]")].at(-1);
      if (!over || over.contains(log.current)) shortcut.act(event);
    },
  })), { inDialog: true });
}

/** A parameter of the address that leaves the chosen lines in it. */
export function useLogParam(name: string): [string, (value: string | null) => void] {
  const [value] = useParam(name);
  const set = useCallback((next: string | null) => {
    const { hash } = location;
    setQuery({ [name]: next });
    if (hash && !location.hash) history.replaceState(history.state, "", location.pathname + location.search + hash);
  }, [name]);
  return [value, set];
}

interface Places {
  scroll?: Record<string, number>;
}
const KEPT_MS = 300;

/** The line at which the reader left this log, when he comes back to this entry of the history; null: at its end. */
export function keptLine(url: string): number | null {
  return (history.state as Places | null)?.scroll?.[url] ?? null;
}

/** Notes where the reader is in the history's entry: "back" returns there. */
export function useKeptLine(url: string, scroller: LogScroller, topLine: () => number): void {
  const newest = useRef(topLine);
  useEffect(() => {
    newest.current = topLine;
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = scroller.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        const { scroll = {}, ...state } = (history.state ?? {}) as Places;
        const { [url]: before, ...others } = scroll;
        const line = scroller.following ? undefined : newest.current();
        if (line !== before) history.replaceState({ ...state, scroll: line === undefined ? others : { ...others, [url]: line } }, "");
      }, KEPT_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [url, scroller]);
}

interface LogChoices {
  wrap: boolean;
  stamps: boolean;
}
const KEY = "millrace.log";

function kept(): LogChoices {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<LogChoices>;
    return { wrap: found.wrap === true, stamps: found.stamps !== false };
  } catch {
    return { wrap: false, stamps: true };
  }
}

/** How this reader likes logs, in this browser. */
export function useLogChoices(): [LogChoices, (changes: Partial<LogChoices>) => void] {
  const [choices, setChoices] = useState(kept);
  const change = useCallback((changes: Partial<LogChoices>) => setChoices((before) => {
    const next = { ...before, ...changes };
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Kept for this page alone.
    }
    return next;
  }), []);
  return [choices, change];
}
