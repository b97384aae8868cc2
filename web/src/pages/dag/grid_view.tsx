import { type KeyboardEvent, type MouseEvent, type ReactNode, useLayoutEffect, useMemo, useRef, useState } from "react";

import { readColors, prepare } from "@/canvas/colors";
import { drawGrid, type Span } from "@/canvas/grid_canvas";
import { cellWords, type GridModel } from "@/model/grid";
import { type Direction, type GridRow, moveCell, rowCell, versionMarks } from "@/model/grid_rows";
import { executionDate } from "@/model/time";
import { useTheme } from "@/ui/theme";

import css from "./grid.module.css";
import { GridAxis } from "./grid_axis";
import { GridLabels } from "./grid_labels";
import { END, HEAD, LABELS, type Pitch, type Spot, useWindow } from "./grid_window";

interface ViewProps {
  dagId: string;
  model: GridModel;
  rows: readonly GridRow[];
  columns: readonly number[];
  zone: string;
  /** Chosen row and column, or -1. */
  spot: Spot;
  /** All of it in the space that there is. */
  whole: boolean;
  onSpot: (spot: Spot) => void;
  onOpen: (spot: Spot) => void;
  onFold: (group: string) => void;
  tools: ReactNode;
  /** Rows below the tasks, with their height. */
  below?: { height: number; draw: (span: Span, pitch: Pitch) => ReactNode } | null;
}

export function spotWords(model: GridModel, row: GridRow, run: number, zone: string): string {
  const cell = rowCell(model, row, run);
  const date = executionDate(model.runs[run]!.execution_date, zone);
  const name = row.kind === "group" ? `group ${row.id}, ${row.open ? "open" : "closed"}` : row.id;
  return `${name}, run ${date}, ${cellWords(cell)}`;
}

function Cells(props: { model: GridModel; rows: readonly GridRow[]; columns: readonly number[]; span: Span; pitch: Pitch; spot: Spot }) {
  const { model, rows, columns, span, pitch, spot } = props;
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = prepare(canvas.current!, (span.right - span.left) * pitch.x, (span.bottom - span.top) * pitch.y, 128);
    drawGrid(context, {
      model, rows, columns, span, pitchX: pitch.x, pitchY: pitch.y, row: spot.row, column: spot.column, marks: versionMarks(model.runs, columns), colors: readColors(),
    });
  }, [model, rows, columns, span.top, span.bottom, span.left, span.right, pitch.x, pitch.y, spot.row, spot.column, theme]);
  return <canvas ref={canvas} className={css.cells} aria-hidden style={{ left: LABELS + span.left * pitch.x, top: HEAD + span.top * pitch.y }} />;
}

const ARROWS: Record<string, Direction> = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right" };

/** Where a key leads; null: not a key of the grid. */
function keySpot(event: KeyboardEvent, { model, rows, columns, spot }: ViewProps, page: number): Spot | null {
  const direction = ARROWS[event.key];
  if (direction) return moveCell(model, rows, columns, spot, direction, event.shiftKey);
  const [last, end] = [rows.length - 1, columns.length - 1];
  switch (event.key) {
    case "Home": return { row: event.ctrlKey ? 0 : spot.row, column: 0 };
    case "End": return { row: event.ctrlKey ? last : spot.row, column: end };
    case "PageUp": return { ...spot, row: Math.max(0, spot.row - page) };
    case "PageDown": return { ...spot, row: Math.min(last, spot.row + page) };
    default: return null;
  }
}

/** The one real cell: it has the focus, and its words are those of the cell that it stands on. */
function Cursor(props: ViewProps & { pitch: Pitch; page: number }) {
  const { dagId, model, rows, columns, zone, spot, pitch } = props;
  const cell = useRef<HTMLDivElement>(null);
  const focused = useRef(false);
  const at = { row: Math.max(0, spot.row), column: spot.column < 0 ? columns.length - 1 : spot.column };
  // A new element for each place: a screen reader reads what gets the focus, not what changes its name.
  const place = `${at.row}:${at.column}`;
  useLayoutEffect(() => {
    if (focused.current) cell.current?.focus({ preventScroll: true });
  }, [place]);
  const row = rows[at.row];
  const run = columns[at.column];
  const words = useMemo(() => (row && run !== undefined ? spotWords(model, row, run, zone) : ""), [model, row, run, zone]);
  if (!row || run === undefined) return null;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey) return;
    const next = keySpot(event, { ...props, spot: at }, props.page);
    if (next) props.onSpot(next);
    else if (row.kind === "group" && (event.key === "Enter" || event.key === " ")) props.onFold(row.id);
    else if (event.key === "Enter") props.onOpen(at);
    else if (event.key === " ") props.onSpot(at);
    else return;
    event.preventDefault();
  };
  return (
    <div role="grid" aria-label={`Tasks of ${dagId} by runs`} aria-rowcount={rows.length} aria-colcount={columns.length} className={css.gridRole}>
      <div role="row" aria-rowindex={at.row + 1}>
        <div
          key={place}
          ref={cell}
          role="gridcell"
          tabIndex={0}
          data-grid-cell
          data-chosen={spot.row >= 0 && spot.column >= 0}
          aria-colindex={at.column + 1}
          aria-selected={spot.row >= 0 && spot.column >= 0}
          aria-label={words}
          className={css.cursor}
          style={{ left: LABELS + at.column * pitch.x - 2, top: HEAD + at.row * pitch.y + (pitch.y > 12 ? 2 : -2), width: pitch.x + 2, height: pitch.y > 12 ? pitch.y - 4 : pitch.y + 4 }}
          onFocus={() => (focused.current = true)}
          onBlur={(event) => (focused.current = event.relatedTarget === null && !document.hasFocus())}
          onKeyDown={onKeyDown}
        />
      </div>
    </div>
  );
}

interface Pointed {
  words: string;
  place: string;
  x: number;
  y: number;
  /** Of the box, so that the words stay in it. */
  width: number;
  height: number;
}

/** What the pointer is on, below it, or above where there is no room; its words lean to the side that has more. */
function Hover({ words, x, y, width, height }: Pointed) {
  const side = x > width / 2 ? { right: width - x - 12 } : { left: x - 4 };
  return <div className={css.hover} aria-hidden style={{ ...side, ...(y > height - 40 ? { bottom: height - y + 32 } : { top: y }) }}>{words}</div>;
}

export function GridView(props: ViewProps) {
  const { model, rows, columns, zone, spot, below } = props;
  const oldest = columns[0] === undefined ? "" : model.runs[columns[0]]!.run_id;
  const { element, pitch, span, page } = useWindow({ rows: rows.length, columns: columns.length, whole: props.whole, below: below?.height ?? 0, spot, oldest });
  const [hover, setHover] = useState<Pointed | null>(null);
  const spotAt = (event: MouseEvent): Spot | null => {
    const box = element.current!;
    const edge = box.getBoundingClientRect();
    const [x, y] = [event.clientX - edge.left, event.clientY - edge.top];
    const column = x < LABELS ? -1 : Math.floor((x - LABELS + box.scrollLeft) / pitch.x);
    const row = y < HEAD ? -1 : Math.floor((y - HEAD + box.scrollTop) / pitch.y);
    if (row >= rows.length || column >= columns.length || (row < 0 && column < 0)) return null;
    return { row, column };
  };
  const onClick = (event: MouseEvent) => {
    const at = (event.target as HTMLElement).closest("button, a") ? null : spotAt(event);
    if (!at) return;
    // On a name or a bar, the other half of the choice stays.
    props.onSpot({ row: at.row < 0 ? spot.row : at.row, column: at.column < 0 ? spot.column : at.column });
    element.current!.querySelector<HTMLElement>("[data-grid-cell]")?.focus({ preventScroll: true });
  };
  const onMove = (event: MouseEvent) => {
    const at = spotAt(event);
    const place = at ? `${at.row}:${at.column}` : "";
    if (!at || at.column < 0) setHover(null);
    else if (place !== hover?.place) {
      const run = columns[at.column]!;
      const words = at.row < 0 ? `${executionDate(model.runs[run]!.execution_date, zone)}, ${model.runs[run]!.state}` : spotWords(model, rows[at.row]!, run, zone);
      const { scrollLeft, scrollTop, clientWidth: width, clientHeight: height } = element.current!;
      setHover({
        words, place, width, height, x: LABELS + at.column * pitch.x - scrollLeft, y: (at.row < 0 ? 92 : HEAD + (at.row + 1) * pitch.y - scrollTop) + 4,
      });
    }
  };
  const onDoubleClick = (event: MouseEvent) => {
    const at = spotAt(event);
    if (at && at.row >= 0 && at.column >= 0) props.onOpen(at);
  };
  const height = HEAD + rows.length * pitch.y + (below?.height ?? 4);
  return (
    <div className={css.view}>
      {/* The cursor inside has the keys; here is only the pointer. */}
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
      <div ref={element} data-grid-scroller className={css.scroller} onClick={onClick} onMouseMove={onMove} onMouseLeave={() => setHover(null)} onDoubleClick={onDoubleClick}>
        <div className={css.content} style={{ width: LABELS + columns.length * pitch.x + END, height }}>
          <GridAxis model={model} columns={columns} span={span} pitch={pitch} spot={spot} zone={zone} tools={props.tools} />
          <GridLabels rows={rows} span={span} pitch={pitch} spot={spot} onFold={props.onFold} />
          <Cells model={model} rows={rows} columns={columns} span={span} pitch={pitch} spot={spot} />
          <Cursor {...props} pitch={pitch} page={page} />
          {below && <div className={css.below} style={{ top: HEAD + rows.length * pitch.y }}>{below.draw(span, pitch)}</div>}
        </div>
      </div>
      {hover && <Hover {...hover} />}
    </div>
  );
}
