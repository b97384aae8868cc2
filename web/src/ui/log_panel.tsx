import { type KeyboardEvent, type MouseEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";

import { foundText, hashOf, lowerBound, parseGoTo } from "@/model/log_search";
import { ROW_PX } from "@/model/log_scroll";
import { bytes, count } from "@/model/time";

import { Button } from "./controls";
import { Icon } from "./icon";
import { useKeys } from "./keys";
import type { LogApi, LogName } from "./log_api";
import { LogBar, type LevelFilter } from "./log_bar";
import { copySelection } from "./log_copy";
import { LogFoot, topLineOf } from "./log_foot";
import { keptLine, useKeptLine, useLineHash, useLogChoices, useLogKeys, useLogParam, useScan, useSettled, useTold } from "./log_hooks";
import { goingThrough, type LogItems, useFilterChange, useLogItems } from "./log_items";
import { LogRows, useFit } from "./log_rows";
import type { LogScan } from "./log_scan";
import { LogScroller } from "./log_scroller";
import type { LogSource } from "./log_source";
import { LogStrip, type StripMark } from "./log_strip";
import css from "./log_view.module.css";
import { WholeLine } from "./log_whole";
import { toast } from "./toast";

const COUNTED_BYTES = 256 * 1024 * 1024; // of a bigger log, levels are counted when somebody asks
const COPIED_BYTES = 10 * 1024 * 1024;
const READ_OUT = 20;

interface Props {
  name: LogName;
  api: LogApi;
  source: LogSource;
  live: boolean;
}

export function LogPanel({ name, api, source, live }: Props) {
  const [scroller] = useState(() => new LogScroller());
  const [choices, choose] = useLogChoices();
  const [query, setQuery] = useLogParam("find");
  const [levelParam, setLevel] = useLogParam("level");
  const filter: LevelFilter = levelParam === "warning" || levelParam === "error" ? levelParam : "all";
  const [counted, setCounted] = useState(() => filter !== "all" || source.size <= COUNTED_BYTES);
  const levels = useScan(api, source, counted ? { level: "warning" } : null);
  const searched = useSettled(parseGoTo(query) ? "" : query.trim(), 200);
  const matches = useScan(api, source, searched ? { q: searched } : null);
  const items = useLogItems(source, levels, filter);
  useFilterChange(scroller, items, filter);
  const [chosen, setChosen] = useLineHash(name.tryNumber);
  const [current, setCurrent] = useState(-1);
  const [max, setMax] = useState(false);
  const [whole, setWhole] = useState<number | null>(null);
  const [readOut, setReadOut] = useState("");
  const heard = useRef(source.rows);
  const field = useRef<HTMLInputElement>(null);
  const log = useRef<HTMLDivElement>(null);
  useFit(log, scroller, items.count, choices.wrap);

  const show = useCallback((line: number) => {
    if (!items.has(line)) setLevel(null);
    scroller.reveal(items.has(line) ? items.itemOf(line) : line);
  }, [items, scroller, setLevel]);
  const go = (line: number) => {
    setCurrent(line);
    show(line);
  };
  const found = useMemo(() => (items.all ? (matches?.lines ?? []) : (matches?.lines ?? []).filter(items.has)), [matches, matches?.version, items]);
  // Who has scrolled away from where he was led goes on from what he sees.
  const here = () => (current >= 0 && scroller.shows(items.itemOf(current)) ? current : topLineOf(scroller, items) - 1);
  const going = goingThrough({ matches, found, levels, wholeLines: source.wholeLines, here, go, say: toast });

  // A link to lines opens there, and so does a change of the address.
  const shownHash = useRef<string | null>(null);
  useEffect(() => {
    const hash = chosen ? hashOf(chosen) : "";
    if (shownHash.current === hash) return;
    const left = shownHash.current === null ? keptLine(api.url) : null;
    shownHash.current = hash;
    if (left !== null && left < source.rows) scroller.toItem(items.itemOf(left));
    else if (chosen) show(Math.min(chosen.first, source.rows - 1));
  }, [chosen, show, source, api, items, scroller]);
  useKeptLine(api.url, scroller, () => topLineOf(scroller, items));

  const pick = (event: MouseEvent) => {
    const cell = (event.target as HTMLElement).closest(`.${css.number}`);
    if (!cell) return;
    const line = Number((cell.parentElement as HTMLElement).dataset.line);
    const next = event.shiftKey && chosen ? { first: Math.min(chosen.first, line), last: Math.max(chosen.first, line) } : { first: line, last: line };
    const same = chosen?.first === next.first && chosen.last === next.last;
    shownHash.current = same ? "" : hashOf(next);
    setChosen(same ? null : next);
  };
  const copyLines = async () => {
    const { first, last } = chosen ?? { first: 0, last: source.rows - 1 };
    const text = await source.copy(first, last, COPIED_BYTES);
    if (text === null) return toast("That is too much for the clipboard. Choose lines by their numbers (Shift+click for many), or download the log.", { kind: "bad" });
    await navigator.clipboard.writeText(text);
    toast(chosen ? `${count(last - first + 1)} ${last === first ? "line is" : "lines are"} in the clipboard.` : "The log is in the clipboard.");
  };
  const readNew = async () => {
    const first = Math.max(heard.current, source.rows - READ_OUT);
    const text = first < source.rows ? await source.copy(first, source.rows - 1, COPIED_BYTES) : "";
    heard.current = source.rows;
    setReadOut(text || "No new lines.");
  };
  const search = (text: string) => {
    setQuery(text);
    const lines = parseGoTo(text);
    if (lines && lines.first < source.rows) setChosen(lines);
  };
  const setFilter = (next: LevelFilter) => {
    setCounted(true);
    setLevel(next === "all" ? null : next);
  };
  const nextError = (which: "first" | "next") => {
    setCounted(true);
    going.error(which);
  };
  useLogKeys(log, [
    { keys: "/", says: "Log: search", act: () => field.current?.focus() },
    { keys: "e", says: "Log: first error", act: () => nextError("first") },
    { keys: "Shift+E", says: "Log: next error", act: () => nextError("next") },
    { keys: "Shift+G", says: "Log: end, and follow", act: () => scroller.toEnd() },
    { keys: "w", says: "Log: wrap lines", act: () => choose({ wrap: !choices.wrap }) },
    { keys: "f", says: "Log: fill the window", act: () => setMax(!max) },
    { keys: "n", says: "Log: read new lines out", act: () => void readNew() },
  ]);
  useKeys([{ keys: "Escape", says: "Log: back to its place", act: () => setMax(false) }], { off: !max });

  const keys = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey || (event.ctrlKey && event.key !== "Home" && event.key !== "End")) return;
    if (event.key === "Home") scroller.toStart();
    else if (event.key === "End") scroller.toEnd();
    else if (event.key === "PageUp" || event.key === "PageDown") scroller.by((event.key === "PageUp" ? -1 : 1) * Math.max(ROW_PX, scroller.view - 2 * ROW_PX));
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") scroller.by(event.key === "ArrowUp" ? -ROW_PX : ROW_PX);
    else return;
    event.preventDefault();
  };
  const atLast = useCallback(() => {
    if (filter !== "all") levels?.more(source.wholeLines);
  }, [filter, levels, source]);

  const errors = useMemo(() => levels?.ofLevel("error").length ?? null, [levels, levels?.version]);
  const warnings = useMemo(() => levels?.ofLevel("warning").length ?? null, [levels, levels?.version]);
  const marks = useMarks(items, levels, found);
  const at = current >= 0 ? lowerBound(found, current) : -1;
  const foundWords = !matches ? "" : matches.error ? "failed" : foundText({ lines: found.length, open: matches.open }, found[at] === current ? at : -1);

  return (
    <div className={max ? `${css.view} ${css.max}` : css.view}>
      <LogBar
        field={field} query={query} found={foundWords} trouble={matches?.error instanceof Error ? matches.error.message : ""} onQuery={search} onNext={going.match}
        level={filter} warnings={warnings} errors={errors} countsOpen={levels?.open ?? false} onLevel={setFilter}
        wrap={choices.wrap} onWrap={() => choose({ wrap: !choices.wrap })} stamps={choices.stamps} onStamps={() => choose({ stamps: !choices.stamps })}
        onCopy={() => void copyLines()} url={api.url} file={`${name.taskId}${name.mapIndex >= 0 ? `.${name.mapIndex}` : ""}.${name.tryNumber}.log`}
        max={max} onMax={() => setMax(!max)}
      />
      <Notices source={source} />
      <div className={css.body}>
        <button type="button" className={css.readNew} onClick={() => void readNew()}>Read new lines out</button>
        <p className="hidden" aria-live="polite">{readOut}</p>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- its keys scroll it; a click on a number has `:120` as its twin */}
        <div
          ref={log} className={choices.wrap ? `${css.log} ${css.wrapped}` : css.log} role="log" aria-live="off" tabIndex={0}
          aria-label={`Log of ${name.taskId}, attempt ${name.tryNumber}`} onScroll={scroller.onScroll} onKeyDown={keys} onClick={pick}
          onCopy={(event) => copySelection(event, source)}
        >
          <LogRows
            scroller={scroller} source={source} items={items} query={searched} chosen={chosen} current={current}
            stamps={choices.stamps} wrap={choices.wrap} onWhole={setWhole} onLast={atLast}
          />
        </div>
        {items.count === 0 && <div className={css.nothing} style={{ position: "absolute", inset: 0 }}><Nothing filter={filter} looking={levels?.open ?? false} onAll={() => setFilter("all")} /></div>}
        <LogStrip marks={marks} scroller={scroller} />
        {live && <Pill scroller={scroller} />}
      </div>
      <LogFoot
        source={source} scroller={scroller} live={live} items={items} chosen={chosen}
        onCopyLink={() => void navigator.clipboard.writeText(location.href).then(() => toast("The link is in the clipboard."))}
        onCopyLines={() => void copyLines()} onClear={() => setChosen(null)}
      />
      {whole !== null && <WholeLine source={source} line={whole} onClose={() => setWhole(null)} />}
    </div>
  );
}

/** What came while the reader looked elsewhere, and the way back to the end. */
function Pill({ scroller }: { scroller: LogScroller }) {
  useTold(scroller);
  if (scroller.following) return null;
  const { unseen } = scroller;
  return <button type="button" className={css.pill} onClick={() => scroller.toEnd()}><Icon name="chevron" size={12} />{unseen ? `${count(unseen)} new ${unseen === 1 ? "line" : "lines"}` : "Follow"}</button>;
}

/** What happened to the file, and what can't be read of it. */
function Notices({ source }: { source: LogSource }) {
  const said = source.limitReached ? `The log reached its limit of ${bytes(source.limitReached)}: what the task wrote after that was dropped.`
    : source.note === "cut" ? "The log became shorter: it was cut. What is shown is what is left of it."
    : source.note === "replaced" ? "The log is another file than before. What is shown is the new one."
    : null;
  return (
    <>
      {said && <p className={css.notice} role="status">{said}</p>}
      {source.error !== null && (
        <p className={css.notice} role="alert">
          Part of the log can't be read: {source.error instanceof Error ? source.error.message : String(source.error)}
          <Button small onClick={() => source.retry()}>Try again</Button>
        </p>
      )}
    </>
  );
}

function Nothing({ filter, looking, onAll }: { filter: LevelFilter; looking: boolean; onAll: () => void }) {
  if (looking) return <p>Looking through the log…</p>;
  return (
    <div>
      <p>No line of this log says that it is {filter === "error" ? "an error" : "a warning"}.</p>
      <Button small onClick={onAll}>Show all lines</Button>
    </div>
  );
}

/** Where warnings, errors and matches are, for the strip. */
function useMarks(items: LogItems, levels: LogScan | null, found: readonly number[]): StripMark[] {
  return useMemo(() => {
    if (!items.count) return [];
    const out: StripMark[] = found.map((line) => ({ at: items.itemOf(line) / items.count, kind: "match" }));
    if (items.all) {
      levels?.lines.forEach((line, index) => {
        const level = levels.levels[index];
        if (level === "warning" || level === "error") out.push({ at: line / items.count, kind: level });
      });
    }
    return out;
  }, [items, levels, levels?.version, found]);
}
