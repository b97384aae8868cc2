import { type ReactNode, useLayoutEffect, useMemo, useRef } from "react";

import { drawAxis } from "@/canvas/axis_canvas";
import { prepare, readColors } from "@/canvas/colors";
import type { Span } from "@/canvas/grid_canvas";
import { type GridModel, type GridRun, runSeconds } from "@/model/grid";
import { type AxisLabel, dateLabels, durationTicks, fullLabel } from "@/model/grid_axis";
import { versionMarks } from "@/model/grid_rows";
import { useTheme } from "@/ui/theme";
import { useNow } from "@/ui/zone";

import css from "./grid.module.css";
import { HEAD, LABELS, type Pitch, type Spot } from "./grid_window";

interface Props {
  model: GridModel;
  columns: readonly number[];
  span: Span;
  pitch: Pitch;
  spot: Spot;
  zone: string;
  tools: ReactNode;
}

const BASE = 88;
const RISE = 67;
/** Pixels that a date needs. */
const DATE = 44;

/** The longest ended run; one that is going on may be half as long again, and beyond that it leaves the picture to the others. */
function longestOf(runs: readonly GridRun[], now: number): number {
  const most = (ended: boolean) => runs.reduce((longest, run) => ((run.duration_s !== null) === ended ? Math.max(longest, runSeconds(run, now) ?? 0) : longest), 0);
  const [ended, running] = [most(true), most(false)];
  return ended ? Math.max(ended, Math.min(running, 1.5 * ended)) : running;
}

interface Placed {
  column: number;
  text: string;
  x: number;
  lean: "start" | "middle" | "end";
}

const LETTER = 5.8;

/** The chosen run's date, and those of others that leave it room. At the ends they lean to where there is room. */
function placeDates(dates: readonly AxisLabel[], chosen: string | null, spot: number, count: number, pitch: number): Placed[] {
  const whole = count * pitch;
  const place = (column: number, text: string): Placed & { from: number; to: number } => {
    const size = text.length * LETTER;
    const middle = (column + 0.5) * pitch - 1;
    if (middle < size / 2) return { column, text, x: 0, lean: "start", from: 0, to: size };
    if (middle > whole - size / 2) return { column, text, x: whole, lean: "end", from: whole - size, to: whole };
    return { column, text, x: middle, lean: "middle", from: middle - size / 2, to: middle + size / 2 };
  };
  const first = chosen === null ? null : place(spot, chosen);
  let free = -Infinity;
  const others = dates.map(({ column, text }) => place(column, text)).filter((each) => {
    if (each.from < free || (first && each.to + 8 > first.from && each.from < first.to + 8)) return false;
    free = each.to + 6;
    return true;
  });
  return first ? [...others, first] : others;
}

/** Above the cells: how long each run took, when it was for, and where the DAG changed. */
export function GridAxis({ model, columns, span, pitch, spot, zone, tools }: Props) {
  const theme = useTheme();
  const now = useNow();
  const canvas = useRef<HTMLCanvasElement>(null);
  const marks = useMemo(() => versionMarks(model.runs, columns), [model.runs, columns]);
  const running = columns.some((column) => model.runs[column]!.state === "running");
  const moment = running ? now : 0;
  const ticks = useMemo(
    () => durationTicks(longestOf(columns.map((column) => model.runs[column]!), moment)),
    [model.runs, columns, moment],
  );
  const dates = useMemo(() => dateLabels(model.runs, columns, zone, Math.ceil(DATE / pitch.x)), [model.runs, columns, zone, pitch.x]);
  useLayoutEffect(() => {
    const context = prepare(canvas.current!, (span.right - span.left) * pitch.x, HEAD, 128);
    drawAxis(context, {
      runs: model.runs, columns, left: span.left, right: span.right, pitchX: pitch.x, height: HEAD, base: BASE, rise: RISE, top: ticks.top,
      ticks: ticks.ticks, column: spot.column, marks, now: moment, colors: readColors(),
    });
  }, [model.runs, columns, span.left, span.right, pitch.x, spot.column, marks, moment, ticks, theme]);
  const shown = (column: number) => column >= span.left && column < span.right;
  const run = model.runs[columns[spot.column] ?? -1];
  const chosen = useMemo(() => (run ? fullLabel(run, zone) : null), [run, zone]);
  const placed = placeDates(dates, chosen, spot.column, columns.length, pitch.x);
  return (
    <div className={css.axis}>
      <canvas ref={canvas} className={css.bars} aria-hidden style={{ left: LABELS + span.left * pitch.x }} />
      {marks.filter(({ column }) => shown(column)).map(({ column, version }) => (
        <span key={column} className={css.version} style={{ left: LABELS + column * pitch.x - 1.5 }}>v{version}</span>
      ))}
      {placed.filter(({ column }) => shown(column)).map(({ column, text, lean, x }) => (
        <span key={column} className={css.date} data-chosen={column === spot.column || undefined} data-lean={lean} style={{ left: LABELS + x }}>{text}</span>
      ))}
      <div className={css.corner}>
        <span className={css.cornerTitle}>Run duration</span>
        {ticks.ticks.map((tick) => <span key={tick.at} className={css.tick} style={{ top: BASE - (tick.at / ticks.top) * RISE - 8 }}>{tick.label}</span>)}
        <div className={css.tools}>{tools}</div>
      </div>
    </div>
  );
}
