import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Dated } from "@/model/backfill_calendar";
import type { ItemState } from "@/model/backfill_states";
import { begunDates, columnsOfDates, taskProgress } from "@/model/backfill_tasks";
import type { GridModel } from "@/model/grid";
import { count } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { ErrorNote, Loading } from "@/ui/notes";
import { Bar, Card, CardBody } from "@/ui/surface";

import { type Backfill, GRID_RUNS } from "./live";
import css from "./one.module.css";

interface Props {
  backfill: Backfill;
  grid: UseQueryResult<GridModel>;
  dates: readonly Dated<ItemState>[];
}

/** How far each task has come over the dates: out of the same grid as the DAG's page. */
export function ByTask({ backfill, grid, dates }: Props) {
  const model = grid.data;
  const columns = useMemo(() => (model ? columnsOfDates(model, begunDates(dates)) : []), [model, dates]);
  const tasks = useMemo(() => (model ? taskProgress(model, columns) : []), [model, columns]);
  const begun = backfill.counts.total - backfill.counts.queued;
  const isPart = model !== undefined && model.runs.length >= GRID_RUNS && columns.length < begun;
  const whole = isPart ? columns.length : backfill.counts.total;
  const about = isPart ? `of the newest ${count(columns.length)} runs` : `of ${count(backfill.counts.total)} dates`;
  return (
    <Card title="By task" tools={<span className="dim small">{about}</span>} className={css.byTask}>
      {grid.error ? <ErrorNote error={grid.error} onRetry={() => void grid.refetch()} />
        : !model ? (begun ? <Loading lines={7} /> : <p className={css.nothing}>No run has begun.</p>)
        : (
          <CardBody label="Tasks">
            <ul className={css.tasks}>
              {tasks.map((task) => (
                <li key={task.id}>
                  <span className="ellipsis" title={task.id}>{task.id}</span>
                  <Bar
                    label={`${task.id}: ${task.success} success, ${task.failed} failed, ${task.upstream} upstream failed, ${task.other} skipped, ${task.running} under way of ${whole}`}
                    parts={[
                      { value: task.success, color: "var(--success)" }, { value: task.other, color: "var(--skipped)" }, { value: task.failed, color: "var(--failed)" },
                      { value: task.upstream, color: "var(--upstream_failed)" },
                      { value: task.running, color: "var(--running)" }, { value: Math.max(0, whole - task.success - task.other - task.failed - task.upstream - task.running), color: "transparent" },
                    ]}
                  />
                  <span className={css.number}>{count(task.done)}</span>
                  <span className={css.failed}>{task.failed > 0 && <><Glyph state="failed" size={11} label="failed" />{count(task.failed)}</>}</span>
                </li>
              ))}
            </ul>
          </CardBody>
        )}
    </Card>
  );
}
