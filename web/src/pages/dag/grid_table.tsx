import type { ReactNode } from "react";

import { ABSENT, cellWords, type GridModel, stateOf } from "@/model/grid";
import { type GridRow, rowCell, rowKey } from "@/model/grid_rows";
import { count, executionDate } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { CardBody } from "@/ui/surface";

import css from "./grid.module.css";
import type { Spot } from "./grid_window";

interface Props {
  model: GridModel;
  rows: readonly GridRow[];
  columns: readonly number[];
  zone: string;
  spot: Spot;
  tools: ReactNode;
  onSpot: (spot: Spot) => void;
}

const COLUMNS = 14;
const ROWS = 300;

/** The grid as a table that says the same: the chosen run and those before it. */
export function GridTable({ model, rows, columns, zone, spot, tools, onSpot }: Props) {
  const end = spot.column < 0 ? columns.length : Math.min(columns.length, Math.max(spot.column + 4, COLUMNS));
  const from = Math.max(0, end - COLUMNS);
  const shown = columns.slice(from, end);
  const top = rows.length > ROWS && spot.row >= ROWS ? spot.row - ROWS + 1 : 0;
  const part = rows.slice(top, top + ROWS);
  return (
    <>
      <div className={css.tableHead}>
        <span className={css.tools}>{tools}</span>
        <span className="dim small">
          {shown.length < columns.length ? `${shown.length} of ${count(columns.length)} runs, up to the chosen one` : `${count(columns.length)} runs`}
          {part.length < rows.length && `; ${count(part.length)} of ${count(rows.length)} rows: filter to see others`}
        </span>
      </div>
      <CardBody label="Tasks by runs, as a table">
        <table className={`list ${css.table}`}>
          <caption className="hidden">The state of each task in each run</caption>
          <thead>
            <tr>
              <th scope="col">Task</th>
              {shown.map((run, index) => (
                <th key={run} scope="col" aria-current={from + index === spot.column ? "true" : undefined} className={css.turned}>
                  <span>{executionDate(model.runs[run]!.execution_date, zone).slice(5)}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {part.map((row, index) => (
              <tr key={rowKey(row)} aria-selected={top + index === spot.row}>
                <th scope="row" className={row.kind === "task" && row.grouped ? css.inGroup : undefined}>{row.id}{row.kind === "group" && <span className="dim"> group</span>}</th>
                {shown.map((run, column) => {
                  const cell = rowCell(model, row, run);
                  return (
                    <td key={run}>
                      <button type="button" className={css.tableCell} aria-pressed={top + index === spot.row && from + column === spot.column} onClick={() => onSpot({ row: top + index, column: from + column })}>
                        {cell & ABSENT ? <span aria-hidden>·</span> : <Glyph state={stateOf(cell)} label="" />}
                        <span className="hidden">{cellWords(cell)}</span>
                      </button>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </CardBody>
    </>
  );
}
