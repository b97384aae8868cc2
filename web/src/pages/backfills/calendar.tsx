import { type KeyboardEvent, memo, type ReactNode, useState } from "react";

import { type Cell, type Day, monthName, type Weeks } from "@/model/backfill_calendar";
import { useWidth } from "@/ui/use_width";

import css from "./calendar.module.css";

/** How a kind of day is drawn: the same in the calendar and its legend. */
export interface Paint {
  fill?: string;
  /** Of the fill. */
  opacity?: number;
  line?: string;
  dash?: boolean;
  /** Of the day's number and the mark. */
  ink: string;
  /** In a box of 10 × 10. */
  mark?: ReactNode;
}

const NOTHING: Paint = { line: "var(--line)", ink: "var(--ink-3)" };
const WEEKDAYS = ["Mon", "", "Wed", "", "Fri", "", "Sun"];
const GAP = 2.5;

function Square({ paint, x = 0, y = 0, size }: { paint: Paint; x?: number; y?: number; size: number }) {
  const inset = paint.line ? 0.75 : 0;
  return (
    <rect
      x={x + inset} y={y + inset} width={size - 2 * inset} height={size - 2 * inset} rx={size > 16 ? 4 : 2.5} fill={paint.fill ?? "none"}
      fillOpacity={paint.opacity ?? 1} stroke={paint.line} strokeWidth={paint.line ? 1.5 : 0} strokeDasharray={paint.dash ? "3 2.2" : undefined}
    />
  );
}

export function LegendEntry({ paint, children }: { paint: Paint; children: ReactNode }) {
  return (
    <span className="row gap6 nowrap">
      <svg width="12" height="12" aria-hidden><Square paint={paint} size={12} /></svg>
      {children}
    </span>
  );
}

interface Props<K extends string> {
  weeks: Weeks<K>;
  label: string;
  paint: (kind: K) => Paint;
  /** What a day says: for the pointer and for screen readers. */
  says: (day: Day<K>) => string;
  onOpen?: (day: Day<K>) => void;
  /** Pixels of a day at most, where there is room. */
  largest?: number;
}

interface Place {
  x: number;
  y: number;
}

interface DayCellProps {
  day: Day<string>;
  at: Place;
  size: number;
  paint: (kind: string) => Paint;
  says: (day: Day<string>) => string;
  onOpen: ((day: Day<string>) => void) | undefined;
  numbers: boolean;
}

/** Few days change with an event; the others are left as they are drawn. */
const isSameCell = (a: DayCellProps, b: DayCellProps) =>
  a.day.name === b.day.name && a.day.kind === b.day.kind && a.day.total === b.day.total && a.size === b.size && a.at.x === b.at.x && a.at.y === b.at.y &&
  (a.day.total < 2 || JSON.stringify(a.day.counts) === JSON.stringify(b.day.counts));

const DayCell = memo(function DayCell({ day, at, size, paint, says, onOpen, numbers }: DayCellProps) {
  const kinds = Object.entries(day.counts) as [string, number][];
  const main = day.kind === null ? NOTHING : paint(day.kind);
  // Several kinds in one day: as shares of its square, side by side.
  const mixed = kinds.length > 1;
  let used = 0;
  return (
    <g className={onOpen && day.total ? css.link : undefined} onClick={() => day.total && onOpen?.(day)}>
      <title>{day.total ? says(day) : day.name}</title>
      {mixed && kinds.map(([kind, number]) => {
        const width = (size * number) / day.total;
        const { fill, line, opacity } = paint(kind);
        const left = used;
        used += width;
        return <rect key={kind} x={at.x + left} y={at.y} width={width} height={size} fill={fill ?? line} fillOpacity={fill ? (opacity ?? 1) : 0.35} />;
      })}
      {!mixed && <Square paint={main} x={at.x} y={at.y} size={size} />}
      {numbers && <text x={at.x + 4} y={at.y + 11.5} fontSize="9.5" fill={mixed ? "var(--ink)" : main.ink} opacity={day.kind === null ? 0.75 : 1}>{day.day}</text>}
      {size >= 19 && !mixed && main.mark && (
        <g transform={`translate(${at.x + size - (numbers ? 13.5 : size / 2 + 5)} ${at.y + size - (numbers ? 13.5 : size / 2 + 5)})`} color={main.ink}>{main.mark}</g>
      )}
      {day.hours !== 24 && day.total > 0 && size >= 12 && <circle cx={at.x + size - 4} cy={at.y + 4} r="1.8" fill={mixed ? "var(--ink)" : main.ink} />}
    </g>
  );
}, isSameCell);

/** Weeks as columns; on a narrow page as rows, so that nothing has to scroll sideways. */
function geometry(width: number, weeks: number, largest: number) {
  const down = width < 560;
  const [left, top] = down ? [38, 16] : [34, 18];
  const cell = down ? Math.min(46, (width - left) / 7) : Math.min(largest, (width - left) / weeks);
  return {
    down, left, top, cell, size: Math.max(3, cell - GAP),
    width: down ? left + 7 * cell : left + weeks * cell,
    height: down ? top + weeks * cell : top + 7 * cell,
    place: (week: number, weekday: number): Place => (down ? { x: left + weekday * cell, y: top + week * cell } : { x: left + week * cell, y: top + weekday * cell }),
  };
}

export function Calendar<K extends string>({ weeks, label, paint, says, onOpen, largest = 34 }: Props<K>) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const shape = geometry(width, weeks.count, largest);
  const withDates = weeks.cells.filter((cell) => cell.day.total > 0);
  const [chosen, setChosen] = useState<string | null>(null);
  const current: Cell<K> | undefined = withDates.find((cell) => cell.day.name === chosen) ?? withDates[0];
  const move = (event: KeyboardEvent) => {
    if (!current) return;
    if (event.key === "Enter" && onOpen) {
      onOpen(current.day);
      return;
    }
    const step = { ArrowLeft: shape.down ? -1 : -7, ArrowRight: shape.down ? 1 : 7, ArrowUp: shape.down ? -7 : -1, ArrowDown: shape.down ? 7 : 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const index = weeks.cells.indexOf(current);
    // To the next day that has dates in that direction.
    for (let next = index + step; next >= 0 && next < weeks.cells.length; next += step) {
      const cell = weeks.cells[next]!;
      if (cell.day.total > 0) {
        setChosen(cell.day.name);
        return;
      }
    }
  };
  const focus = current && shape.place(current.week, current.weekday);
  return (
    <div ref={ref} className={css.calendar}>
      {width > 0 && (
        <div className={css.box} style={{ width: shape.width, height: shape.height }} role="grid" aria-label={label} aria-colcount={shape.down ? 7 : weeks.count} aria-rowcount={shape.down ? weeks.count : 7}>
          <svg width={shape.width} height={shape.height} fontSize="11" fill="var(--ink-3)" aria-hidden>
            {WEEKDAYS.map((name, weekday) => name && !shape.down && <text key={weekday} x="0" y={shape.top + weekday * shape.cell + shape.cell / 2 + 3.5} fontSize={shape.cell < 15 ? 9.5 : 11}>{name}</text>)}
            {shape.down && ["M", "T", "W", "T", "F", "S", "S"].map((name, weekday) => <text key={weekday} x={shape.left + weekday * shape.cell + shape.size / 2} y="11" textAnchor="middle">{name}</text>)}
            {weeks.months.map(({ month, week }) => (
              <text key={month} x={shape.down ? 0 : shape.left + week * shape.cell} y={shape.down ? shape.top + week * shape.cell + 13 : 11} fontWeight="550" fill="var(--ink-2)">{monthName(month, true)}</text>
            ))}
            {weeks.cells.map((cell) => {
              return (
                <DayCell
                  key={cell.day.name} day={cell.day} at={shape.place(cell.week, cell.weekday)} size={shape.size} numbers={shape.size >= 19}
                  paint={paint as (kind: string) => Paint} says={says as (day: Day<string>) => string} onOpen={onOpen as ((day: Day<string>) => void) | undefined}
                />
              );
            })}
          </svg>
          {current && focus && (
            <div role="row">
              {/* One real element stands for the cell that the keyboard is on. */}
              <div
                role="gridcell" tabIndex={0} className={css.cursor} aria-label={says(current.day)} onKeyDown={move}
                aria-colindex={(shape.down ? current.weekday : current.week) + 1} aria-rowindex={(shape.down ? current.week : current.weekday) + 1}
                style={{ left: focus.x, top: focus.y, width: shape.size, height: shape.size }}
              />
            </div>
          )}
        </div>
      )}
    </div>
  );
}

