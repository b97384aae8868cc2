import { ABSENT, type GridModel, MAPPED, NOTED, RETRIED, STATE_BITS } from "@/model/grid";
import { type GridRow, groupCell, rowCell } from "@/model/grid_rows";
import { STATES, type State } from "@/model/states";

import { type Colors, rgb } from "./colors";

// The cells of the grid. Success is quiet; a shape says where something happened, and colour never says it alone.

/** Rows and columns that are drawn: from, and up to but without. */
export interface Span {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

export interface GridPicture {
  model: GridModel;
  rows: readonly GridRow[];
  columns: readonly number[];
  span: Span;
  pitchX: number;
  pitchY: number;
  /** Chosen row and column, or -1. */
  row: number;
  column: number;
  /** Columns before which the version changes. */
  marks: readonly { column: number }[];
  colors: Colors;
}

export const PITCH_X = 11;
export const PITCH_Y = 25;
/** Below this a cell has no room for a shape. */
const LEAST_X = 9;
const LEAST_Y = 15;

interface Shape {
  width: number;
  height: number;
  /** From a row's top. */
  inset: number;
}

type Places = number[];
type Stroke = (path: Path, x: number, y: number, shape: Shape) => void;
type Path = CanvasRenderingContext2D;

const crossOf = (arm: number): Stroke => (path, x, y, { width, height }) => {
  const [cx, cy] = [x + width / 2, y + height / 2];
  path.moveTo(cx - arm, cy - arm);
  path.lineTo(cx + arm, cy + arm);
  path.moveTo(cx + arm, cy - arm);
  path.lineTo(cx - arm, cy + arm);
};
const turn: Stroke = (path, x, y, { width, height }) => {
  const [cx, cy] = [x + width / 2, y + height / 2];
  path.moveTo(cx + 2.4, cy);
  path.arc(cx, cy, 2.4, 0, 5.2);
};
const chevrons: Stroke = (path, x, y, { width, height }) => {
  const [cx, cy] = [x + width / 2, y + height / 2];
  for (const dx of [-1.9, 0.5]) {
    path.moveTo(cx + dx, cy - 2);
    path.lineTo(cx + dx + 2, cy);
    path.lineTo(cx + dx, cy + 2);
  }
};
const dots: Stroke = (path, x, y, { width, height }) => {
  for (const dy of [-3, 0, 3]) path.rect(x + width / 2 - 0.8, y + height / 2 + dy - 0.8, 1.6, 1.6);
};
const dot: Stroke = (path, x, y, { width, height }) => {
  path.moveTo(x + width / 2 + 2, y + height / 2);
  path.arc(x + width / 2, y + height / 2, 2, 0, 7);
};
const half: Stroke = (path, x, y, { width, height }) => path.rect(x + width / 2, y + 2.5, width / 2 - 2, height - 5);

interface Look {
  fill: "solid" | "tint" | "none";
  /** Width of an outline in the solid colour. */
  outline?: number;
  dash?: [number, number];
  mark?: { shape: Stroke; color: "glyph" | "solid"; filled?: boolean; width?: number };
}

/** How a state's cell looks (the cell variants of web-ui.md 2.4). */
const LOOKS: Record<State, Look> = {
  none: { fill: "none", outline: 0.8 },
  scheduled: { fill: "none", outline: 1, dash: [2, 1.6] },
  queued: { fill: "solid", mark: { shape: dots, color: "glyph", filled: true } },
  running: { fill: "tint", outline: 1.6, mark: { shape: dot, color: "solid", filled: true } },
  success: { fill: "solid" },
  failed: { fill: "solid", mark: { shape: crossOf(2), color: "glyph", width: 1.3 } },
  up_for_retry: { fill: "solid", mark: { shape: turn, color: "glyph", width: 1.3 } },
  up_for_reschedule: { fill: "none", outline: 1.4, mark: { shape: half, color: "solid", filled: true } },
  upstream_failed: { fill: "tint", outline: 1.4, mark: { shape: crossOf(1.5), color: "solid", width: 1.2 } },
  skipped: { fill: "none", outline: 1, mark: { shape: chevrons, color: "solid", width: 1 } },
  removed: { fill: "none", outline: 0.8, dash: [1, 2] },
  restarting: { fill: "tint", outline: 1.6, mark: { shape: turn, color: "solid", width: 1.2 } },
  deferred: { fill: "none", outline: 1.4, mark: { shape: half, color: "solid", filled: true } },
};

/** How much of its colour a success has, by row: what went well stays in the background. */
const QUIET = { task: 0.75, group: 0.38 };

function box(context: Path, places: Places, inset: number, { width, height }: Shape): void {
  for (let at = 0; at < places.length; at += 2) {
    context.roundRect(places[at]! + inset, places[at + 1]! + inset, width - 2 * inset, height - 2 * inset, 2);
  }
}

function drawState(context: Path, state: State, places: Places, shape: Shape, colors: Colors, alpha: number): void {
  const look = LOOKS[state];
  const { solid, tint, glyph } = colors.states[state];
  context.globalAlpha = alpha;
  const inset = (look.outline ?? 0) / 2;
  context.beginPath();
  box(context, places, inset, shape);
  if (look.fill !== "none") {
    context.fillStyle = look.fill === "solid" ? solid : tint;
    context.fill();
  }
  if (look.outline) {
    context.strokeStyle = solid;
    context.lineWidth = look.outline;
    context.setLineDash(look.dash ?? []);
    context.stroke();
    context.setLineDash([]);
  }
  context.globalAlpha = 1;
  if (!look.mark) return;
  context.beginPath();
  for (let at = 0; at < places.length; at += 2) look.mark.shape(context, places[at]!, places[at + 1]!, shape);
  const color = look.mark.color === "glyph" ? glyph : solid;
  if (look.mark.filled) {
    context.fillStyle = color;
    context.fill();
  } else {
    context.strokeStyle = color;
    context.lineWidth = look.mark.width ?? 1;
    context.lineCap = "round";
    context.stroke();
    context.lineCap = "butt";
  }
}

/** Marks that a cell has beside its state. */
interface Marks {
  retried: Places[];
  noted: Places;
  mapped: Places;
  absent: Places;
}

function drawMarks(context: Path, marks: Marks, shape: Shape, colors: Colors): void {
  // Tried more than once: a dot at the foot, in the colour that is read on the cell's own.
  marks.retried.forEach((places, index) => {
    const state = STATES[index]!;
    context.fillStyle = LOOKS[state].fill === "solid" ? colors.states[state].glyph : colors.states[state].solid;
    context.beginPath();
    for (let at = 0; at < places.length; at += 2) context.rect(places[at]! + shape.width / 2 - 1, places[at + 1]! + shape.height - 4, 2, 2);
    context.fill();
  });
  // A note: a turned corner.
  context.fillStyle = colors.ink;
  context.beginPath();
  for (let at = 0; at < marks.noted.length; at += 2) {
    const [x, y] = [marks.noted[at]! + shape.width, marks.noted[at + 1]!];
    context.moveTo(x - 4, y);
    context.lineTo(x, y);
    context.lineTo(x, y + 4);
  }
  context.fill();
  // Mapped: the cell is cut, as if others lay behind it.
  context.fillStyle = colors.surface;
  context.beginPath();
  for (let at = 0; at < marks.mapped.length; at += 2) context.rect(marks.mapped[at]!, marks.mapped[at + 1]! + 2.5, shape.width, 1);
  context.fill();
  context.fillStyle = colors.line2;
  context.beginPath();
  for (let at = 0; at < marks.absent.length; at += 2) context.rect(marks.absent[at]! + shape.width / 2 - 1, marks.absent[at + 1]! + shape.height / 2 - 0.5, 2, 1);
  context.fill();
}

function drawGround(context: Path, picture: GridPicture): void {
  const { span, pitchX, pitchY, colors, row, column } = picture;
  const width = (span.right - span.left) * pitchX;
  const height = (span.bottom - span.top) * pitchY;
  context.fillStyle = colors.sel;
  if (column >= span.left && column < span.right) context.fillRect((column - span.left) * pitchX - 1, 0, pitchX, height);
  if (row >= span.top && row < span.bottom) context.fillRect(0, (row - span.top) * pitchY, width, pitchY);
  context.fillStyle = colors.line;
  context.globalAlpha = 0.7;
  context.beginPath();
  for (let each = Math.max(1, span.top); each < span.bottom; each += 1) context.rect(0, (each - span.top) * pitchY, width, 1);
  context.fill();
  context.globalAlpha = 1;
}

export function drawVersionLines(context: Path, columns: readonly number[], pitchX: number, left: number, top: number, bottom: number, colors: Colors): void {
  context.strokeStyle = colors.ink3;
  context.lineWidth = 1;
  context.setLineDash([2, 3]);
  context.beginPath();
  for (const column of columns) {
    const x = (column - left) * pitchX - 1.5;
    context.moveTo(x, top);
    context.lineTo(x, bottom);
  }
  context.stroke();
  context.setLineDash([]);
}

function drawCells(context: Path, picture: GridPicture): void {
  const { model, rows, columns, span, pitchX, pitchY, colors } = picture;
  const shape = { width: pitchX - 2, height: pitchY - 8, inset: 4 };
  const tasks: Places[] = STATES.map(() => []);
  const groups: Places[] = STATES.map(() => []);
  const marks: Marks = { retried: STATES.map(() => []), noted: [], mapped: [], absent: [] };
  for (let row = span.top; row < span.bottom; row += 1) {
    const entry = rows[row]!;
    const y = (row - span.top) * pitchY + shape.inset;
    const places = entry.kind === "group" ? groups : tasks;
    for (let column = span.left; column < span.right; column += 1) {
      const x = (column - span.left) * pitchX;
      const cell = rowCell(model, entry, columns[column]!);
      if (cell & ABSENT) {
        marks.absent.push(x, y);
        continue;
      }
      const state = cell & STATE_BITS;
      places[state]?.push(x, y);
      if (entry.kind === "group") continue;
      if (cell & RETRIED) marks.retried[state]?.push(x, y);
      if (cell & NOTED) marks.noted.push(x, y);
      if (cell & MAPPED) marks.mapped.push(x, y);
    }
  }
  STATES.forEach((state, index) => {
    if (tasks[index]!.length) drawState(context, state, tasks[index]!, shape, colors, state === "success" ? QUIET.task : 1);
    if (groups[index]!.length) drawState(context, state, groups[index]!, shape, colors, state === "success" ? QUIET.group : 0.75);
  });
  drawMarks(context, marks, shape, colors);
}

/** Colours of the sixteen states as 32-bit pixels, success as quiet as its cells. */
function pixelsOf(colors: Colors, quiet: number): Uint32Array {
  const ground = rgb(colors.surface);
  return Uint32Array.from({ length: 16 }, (_, index) => {
    const state = STATES[index] ?? "none";
    const share = state === "success" ? quiet : state === "none" || state === "removed" ? 0.35 : 1;
    const [r, g, b] = rgb(colors.states[state].solid).map((part, at) => Math.round(part * share + ground[at]! * (1 - share)));
    return (255 << 24) | (b! << 16) | (g! << 8) | r!;
  });
}

let scratch: HTMLCanvasElement | null = null;

/** Too small for shapes: an image with a pixel for each cell, stretched to the pitch. */
function drawPixels(context: Path, picture: GridPicture): void {
  const { model, rows, columns, span, pitchX, pitchY, colors } = picture;
  const [width, height] = [span.right - span.left, span.bottom - span.top];
  if (width <= 0 || height <= 0) return;
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const [task, group] = [pixelsOf(colors, QUIET.task), pixelsOf(colors, QUIET.group)];
  for (let row = 0; row < height; row += 1) {
    const entry = rows[span.top + row]!;
    const palette = entry.kind === "group" ? group : task;
    for (let column = 0; column < width; column += 1) {
      const run = columns[span.left + column]!;
      const cell = entry.kind === "task" ? model.cells[run * model.tasks.length + entry.task]! : groupCell(model, entry.tasks, run);
      pixels[row * width + column] = cell & ABSENT ? 0 : palette[cell & STATE_BITS]!;
    }
  }
  scratch ??= document.createElement("canvas");
  scratch.width = width;
  scratch.height = height;
  scratch.getContext("2d")!.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, 0, 0, width * pitchX, height * pitchY);
}

/** Draws the span at the context's origin. */
export function drawGrid(context: CanvasRenderingContext2D, picture: GridPicture): void {
  const { span, pitchX, pitchY, marks, colors } = picture;
  if (pitchX < LEAST_X || pitchY < LEAST_Y) {
    drawPixels(context, picture);
    return;
  }
  drawGround(context, picture);
  drawVersionLines(context, marks.map((mark) => mark.column), pitchX, span.left, 0, (span.bottom - span.top) * pitchY, colors);
  drawCells(context, picture);
}
