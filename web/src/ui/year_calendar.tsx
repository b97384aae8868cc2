import { type CSSProperties, type KeyboardEvent, type MouseEvent, type ReactNode, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { type BandDay, bandsOf, dayInWords, dayNumber, movedBy } from "@/model/calendar";
import { duration } from "@/model/time";

import { useGo } from "./url";
import { useWidth } from "./use_width";
import css from "./year_calendar.module.css";

/** How a day is drawn. A tone is a state's token, or `ink` for what isn't a state. */
export interface CalendarCell {
  /** `solid`: it happened; `pale`: it's there and not the matter; `tint`: it happens now; `outline` and `dashed`: not yet, or not at all. */
  look: "solid" | "pale" | "tint" | "outline" | "dashed";
  tone: string;
  /** Instead of the tone's colour: ink, more of it from 0 to 4, for amounts. */
  heat?: Heat;
  /** The second sign beside the colour. */
  mark?: CalendarMark;
  /** What is said after the date, and shown beside the pointer. */
  says: string;
  /** Where a click leads. */
  href?: string;
  /** Shift and an arrow go from one of these to the next. */
  notable?: boolean;
}
export type Heat = 0 | 1 | 2 | 3 | 4;
export type CalendarMark = keyof typeof MARKS;

interface Props {
  label: string;
  /** First and last date. */
  from: string;
  to: string;
  cell: (date: string) => CalendarCell | null;
  /** Days that haven't 24 hours, where clocks change: they are marked. */
  hours?: ReadonlyMap<string, number> | undefined;
  today?: string | undefined;
  picked?: string | null;
  onPick?: (date: string) => void;
}

const MARKS = {
  cross: "M1.5 1.5l5 5M6.5 1.5l-5 5",
  plus: "M4 .5v7M.5 4h7",
  retry: "M7 3A3.2 3.2 0 1 0 7 5.2M7.2 .6V3H4.8",
  dots: "M.8 4h.01M4 4h.01M7.2 4h.01",
  bars: "M2.5 1v6M5.5 1v6",
  clock: "M4 .7a3.3 3.3 0 1 1 0 6.6a3.3 3.3 0 1 1 0-6.6M4 2.6V4.2l1.1 .7",
  ring: "M4 .7a3.3 3.3 0 1 1-3.3 3.3M4 4h.01",
} as const;
const MIN = 24;
const MAX = 30;
const LEFT = 34;

export function Mark({ mark, size = 8 }: { mark: CalendarMark; size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 8 8" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden>
      <path d={MARKS[mark]} />
    </svg>
  );
}

/** The look of a day, as it stands in a legend. */
export function CalendarKey({ cell, children }: { cell: Pick<CalendarCell, "look" | "tone" | "heat" | "mark">; children: ReactNode }) {
  return (
    <span className="row gap6 nowrap">
      <i className={`${css.key} ${classOfLook(cell)}`} data-heat={cell.heat} style={styleOf(cell)}>{cell.mark && <Mark mark={cell.mark} size={7} />}</i>
      {children}
    </span>
  );
}

/** A year of successes is a quiet sight. */
function classOfLook(cell: Pick<CalendarCell, "look" | "tone" | "heat">): string {
  if (cell.heat !== undefined) return css.heat!;
  return `${css[cell.look]} ${cell.look === "solid" && cell.tone === "success" ? css.quiet : ""}`;
}

function styleOf({ tone }: Pick<CalendarCell, "tone">): CSSProperties {
  const colors = tone === "ink"
    ? { "--tone": "var(--ink-2)", "--on": "var(--bg)", "--words": "var(--ink-2)", "--tint": "var(--sunken)" }
    : { "--tone": `var(--${tone})`, "--on": `var(--${tone}-g)`, "--words": `var(--${tone}-t)`, "--tint": `var(--${tone}-b)` };
  return colors as CSSProperties;
}

/** What the reader points at or has focused, beside it. */
function Pointed({ text, at }: { text: string; at: HTMLElement | null }) {
  const tip = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = tip.current;
    if (!box || !at) return;
    // The day may be gone: another year, other bands.
    box.hidden = !at.isConnected;
    if (box.hidden) return;
    const cell = at.getBoundingClientRect();
    const above = cell.top - box.offsetHeight - 5;
    box.style.top = `${above > 4 ? above : cell.bottom + 5}px`;
    box.style.left = `${Math.max(8, Math.min(innerWidth - box.offsetWidth - 8, cell.left + cell.width / 2 - box.offsetWidth / 2))}px`;
  });
  return at ? <div ref={tip} className={css.tip} aria-hidden>{text}</div> : null;
}

/** Days from one date to another: weeks as columns, a band for as many months as fit. One tab stop; arrows move by day and week. */
export function YearCalendar({ label, from, to, cell, hours, today, picked, onPick }: Props) {
  const [box, width] = useWidth<HTMLDivElement>();
  const grid = useRef<HTMLDivElement>(null);
  const go = useGo();
  const fit = Math.max(1, Math.floor((width - LEFT) / MIN));
  const bands = useMemo(() => bandsOf(from, to, fit), [from, to, fit]);
  const most = Math.max(1, ...bands.map((band) => band.columns));
  const size = Math.max(MIN, Math.min(MAX, Math.floor((width - LEFT) / most)));
  const inside = (date: string | null | undefined) => date && date >= from && date <= to ? date : null;
  const [at, setAt] = useState<string | null>(null);
  const current = inside(at) ?? inside(picked) ?? inside(today) ?? from;
  const [pointed, setPointed] = useState<HTMLElement | null>(null);
  const wantsFocus = useRef(false);
  useEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    grid.current?.querySelector<HTMLElement>(`[data-date="${current}"]`)?.focus();
  }, [current]);

  const words = (date: string) => {
    const day = cell(date);
    const long = hours?.get(date);
    return `${dayInWords(date)}${long === undefined ? "" : `, a day of ${duration(long * 3600).replace(/ 00m$/, "")}: clocks change`}${date === today ? ", today" : ""}: ${day?.says ?? "no run"}`;
  };
  const jump = (key: string, date: string) => {
    for (let next = movedBy(key, date, from, to); next; ) {
      if (cell(next)?.notable) return next;
      const further = movedBy(key, next, from, to);
      if (further === next) return null;
      next = further;
    }
    return null;
  };
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (event.key === " " && target.dataset.date) {
      event.preventDefault();
      target.click();
      return;
    }
    const next = event.shiftKey ? jump(event.key, current) : movedBy(event.key, current, from, to);
    if (!next) return;
    event.preventDefault();
    wantsFocus.current = true;
    setAt(next);
  };
  const click = (event: MouseEvent) => {
    const target = (event.target as HTMLElement).closest<HTMLElement>("[data-date]");
    if (!target) return;
    const date = target.dataset.date!;
    setAt(date);
    const href = target.getAttribute("href");
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (href) {
      event.preventDefault();
      go(href);
    } else onPick?.(date);
  };
  const point = (event: { target: EventTarget; type: string }) => {
    const day = (event.target as HTMLElement).closest<HTMLElement>("[data-date]");
    setPointed(day);
    if (day && event.type === "focus") setAt(day.dataset.date!);
  };

  return (
    <div ref={box} className={css.box} style={{ "--size": `${size}px`, "--left": `${LEFT}px` } as CSSProperties}>
      {width > 0 && (
        <div
          ref={grid} role="grid" tabIndex={-1} aria-label={label} aria-readonly className={css.grid} onKeyDown={press} onClick={click} onFocus={point} onBlur={() => setPointed(null)}
          onPointerOver={point} onPointerLeave={() => setPointed(null)}
        >
          {bands.map((band) => (
            <div key={band.days[0]!.date} role="rowgroup" className={css.band}>
              {band.months.map((month) => <b key={month.column} className={css.month} style={{ gridColumn: `${month.column + 2} / span 4` }} aria-hidden>{month.label}</b>)}
              {["Mon", "", "Wed", "", "Fri", "", "Sun"].map((name, row) => (
                <div key={row} role="row" className={css.week}>
                  <span className={css.weekday} style={{ gridRow: row + 2 }} aria-hidden>{name}</span>
                  {band.days.filter((day) => day.row === row).map((day) => (
                    <Day
                      key={day.date} day={day} cell={cell(day.date)} says={words(day.date)} hours={hours?.get(day.date)}
                      reached={day.date === current} picked={day.date === picked} today={today} pickable={Boolean(onPick)}
                    />
                  ))}
                </div>
              ))}
            </div>
          ))}
        </div>
      )}
      <Pointed text={pointed?.dataset.date ? words(pointed.dataset.date) : ""} at={pointed} />
    </div>
  );
}

interface DayProps {
  day: BandDay;
  cell: CalendarCell | null;
  says: string;
  hours: number | undefined;
  reached: boolean;
  picked: boolean;
  today: string | undefined;
  pickable: boolean;
}

function Day({ day, cell, says, hours, reached, picked, today, pickable }: DayProps) {
  const late = today !== undefined && dayNumber(day.date) > dayNumber(today);
  const facts = {
    "data-date": day.date, tabIndex: reached ? 0 : -1, "aria-label": says, style: cell ? styleOf(cell) : undefined,
    className: `${css.day} ${cell ? classOfLook(cell) : css.none}`, "data-later": late && !cell, "data-today": day.date === today,
    "data-picked": picked, "data-heat": cell?.heat,
  };
  const inner = (
    <>
      <span aria-hidden>{Number(day.date.slice(8))}</span>
      {hours !== undefined && <small data-hours={`${hours} h`} />}
      {cell?.mark && <Mark mark={cell.mark} />}
    </>
  );
  return (
    <div role="gridcell" className={css.cell} style={{ gridColumn: day.column + 2, gridRow: day.row + 2 }} aria-selected={pickable ? picked : undefined}>
      {cell?.href ? <a href={cell.href} {...facts}>{inner}</a> : pickable ? <button type="button" {...facts}>{inner}</button> : <span role="img" {...facts}>{inner}</span>}
    </div>
  );
}
