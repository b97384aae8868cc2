import { type MouseEvent, useEffect, useMemo, useRef, useState } from "react";

import type { Dated } from "@/model/backfill_calendar";
import type { ItemState } from "@/model/backfill_states";
import { begunDates, columnsOfDates } from "@/model/backfill_tasks";
import { ABSENT, cellOf, cellWords, type GridModel, stateOf } from "@/model/grid";
import { runPath } from "@/model/run_address";
import { toneOf } from "@/model/states";
import { count, executionDate } from "@/model/time";
import { token, useTheme } from "@/ui/theme";
import { useGo } from "@/ui/url";
import { useWidth } from "@/ui/use_width";

import { type Backfill, GRID_RUNS } from "./live";
import css from "./one.module.css";

interface Props {
  backfill: Backfill;
  zone: string;
  grid: GridModel | undefined;
  dates: readonly Dated<ItemState>[];
}

const ROW = 24;
const NAMES = 150;

/** Tasks down, dates across, a small square each. "By task" beside it has the numbers, the table each date. */
export function TaskMatrix({ backfill, zone, grid, dates }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [ref, width] = useWidth<HTMLDivElement>();
  const theme = useTheme();
  const go = useGo();
  const [pointed, setPointed] = useState<{ task: number; column: number } | null>(null);
  const columns = useMemo(() => (grid ? columnsOfDates(grid, begunDates(dates)) : []), [grid, dates]);
  const names = width < 560 ? 96 : NAMES;
  const cell = Math.max(1, Math.min(24, (width - names) / Math.max(1, columns.length)));
  const tasks = grid?.tasks ?? [];
  const height = tasks.length * ROW;
  useEffect(() => {
    const box = canvas.current;
    const context = box?.getContext("2d");
    if (!box || !context || !grid || width === 0) return;
    const scale = devicePixelRatio || 1;
    box.width = Math.max(1, Math.round((width - names) * scale));
    box.height = Math.max(1, Math.round(height * scale));
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const colors = new Map<string, string>();
    // On whole pixels: hairlines between columns would be noise.
    const gap = cell > 5 ? 2 : cell > 3 ? 1 : 0;
    const edge = (index: number) => Math.round(index * cell);
    for (let task = 0; task < grid.tasks.length; task += 1) {
      for (const [index, run] of columns.entries()) {
        const byte = cellOf(grid, task, run);
        if (byte & ABSENT) continue;
        const tone = toneOf(stateOf(byte));
        if (!colors.has(tone)) colors.set(tone, token(`--${tone === "none" ? "edge" : tone}`));
        context.fillStyle = colors.get(tone)!;
        context.globalAlpha = tone === "success" ? 0.84 : 1;
        const width = Math.max(1, edge(index + 1) - edge(index) - gap);
        if (tone === "none") context.fillRect(edge(index), task * ROW + ROW / 2, width, 1);
        else context.fillRect(edge(index), task * ROW + 2, width, ROW - 5);
      }
    }
  }, [grid, columns, width, height, names, cell, theme]);
  const at = (event: MouseEvent) => {
    const box = event.currentTarget.getBoundingClientRect();
    const [column, task] = [Math.floor((event.clientX - box.left) / cell), Math.floor((event.clientY - box.top) / ROW)];
    return columns[column] !== undefined && task >= 0 && task < tasks.length ? { task, column } : null;
  };
  const run = grid && pointed ? grid.runs[columns[pointed.column]!] : undefined;
  return (
    <div className={css.matrix} ref={ref}>
      {!columns.length && <p className={css.nothing}>{backfill.counts.total - backfill.counts.queued ? "Reading the runs…" : "No run has begun."}</p>}
      {columns.length > 0 && width > 0 && (
        <div className={css.matrixBody}>
          <ul style={{ width: names }}>{tasks.map((task) => <li key={task.id} className="ellipsis" title={task.id} style={{ height: ROW, lineHeight: `${ROW}px` }}>{task.id}</li>)}</ul>
          <canvas
            ref={canvas} role="img" aria-label={`${tasks.length} tasks of ${columns.length} runs; the numbers are beside it under "By task", each date in the table`}
            style={{ width: width - names, height }}
            onMouseMove={(event) => setPointed(at(event))} onMouseLeave={() => setPointed(null)}
            onClick={(event) => {
              const found = at(event);
              const target = found && grid?.runs[columns[found.column]!];
              if (target) go(runPath(backfill.dag_id, target, zone, { task: grid.tasks[found.task]!.id }));
            }}
          />
        </div>
      )}
      <p className={`dim small ${css.matrixSays}`}>
        {run && pointed && grid
          ? `${grid.tasks[pointed.task]!.id}, ${executionDate(run.execution_date, zone)}: ${cellWords(cellOf(grid, pointed.task, columns[pointed.column]!))}`
          : columns.length ? `${count(columns.length)} runs, oldest date left${grid && grid.runs.length >= GRID_RUNS ? "; older ones aren't shown" : ""}` : ""}
      </p>
    </div>
  );
}
