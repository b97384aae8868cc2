import type { Span } from "@/canvas/grid_canvas";
import type { GridRow } from "@/model/grid_rows";
import { rowKey } from "@/model/grid_rows";
import { Icon } from "@/ui/icon";

import css from "./grid.module.css";
import { type Pitch, type Spot } from "./grid_window";

interface Props {
  rows: readonly GridRow[];
  span: Span;
  pitch: Pitch;
  spot: Spot;
  onFold: (group: string) => void;
}

const LINE = 17;

/** Rows whose names are shown: all where there is room; else groups and the chosen one, as they fit below each other. */
function named(rows: readonly GridRow[], span: Span, pitch: Pitch, chosen: number): number[] {
  const found: number[] = [];
  if (pitch.y >= LINE) {
    for (let row = span.top; row < span.bottom; row += 1) found.push(row);
    return found;
  }
  const groups = rows.some((row) => row.kind === "group");
  let free = -Infinity;
  for (let row = span.top; row < span.bottom; row += 1) {
    if (row !== chosen && (row * pitch.y < free || (chosen > row && (chosen - row) * pitch.y < LINE))) continue;
    if (row !== chosen && (groups ? rows[row]!.kind !== "group" : row % 10 !== 0)) continue;
    found.push(row);
    free = row * pitch.y + LINE;
  }
  return found;
}

/** Names of tasks and groups at the left; they stay when the runs scroll. */
export function GridLabels({ rows, span, pitch, spot, onFold }: Props) {
  return (
    <div className={css.labels} data-dense={pitch.y < LINE} style={{ height: rows.length * pitch.y }}>
      {named(rows, span, pitch, spot.row).map((index) => {
        const row = rows[index]!;
        const style = { top: index * pitch.y, height: Math.max(pitch.y, LINE) };
        const chosen = index === spot.row;
        if (row.kind === "group") {
          return (
            <div key={rowKey(row)} className={css.group} data-chosen={chosen} data-first={index === 0} style={style}>
              <button type="button" className={css.fold} aria-expanded={row.open} onClick={() => onFold(row.id)} title={row.id}>
                <Icon name={row.open ? "chevron" : "chevron_right"} size={12} /><span className="ellipsis">{row.id}</span>
                {!row.open && <span className={css.groupCount}>{row.tasks.length}</span>}
              </button>
            </div>
          );
        }
        return (
          <div key={rowKey(row)} className={css.label} data-chosen={chosen} data-first={index === 0} data-grouped={row.grouped} style={style} title={row.id}>
            <span className="ellipsis">{row.id}</span>
          </div>
        );
      })}
    </div>
  );
}
