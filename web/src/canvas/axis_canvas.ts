import { type GridRun, runSeconds } from "@/model/grid";

import type { Colors } from "./colors";
import { drawVersionLines } from "./grid_canvas";

// Bars over the grid's columns: how long each run took, in the colour of its state.

export interface AxisPicture {
  runs: readonly GridRun[];
  columns: readonly number[];
  left: number;
  right: number;
  pitchX: number;
  height: number;
  /** Where zero is, and how high `top` seconds are. */
  base: number;
  rise: number;
  top: number;
  ticks: readonly { at: number }[];
  column: number;
  marks: readonly { column: number }[];
  now: number;
  colors: Colors;
}

export function drawAxis(context: CanvasRenderingContext2D, picture: AxisPicture): void {
  const { runs, columns, left, right, pitchX, height, base, rise, top, colors } = picture;
  const width = (right - left) * pitchX;
  if (picture.column >= left && picture.column < right) {
    context.fillStyle = colors.sel;
    context.fillRect((picture.column - left) * pitchX - 1, 0, Math.max(pitchX, 1), height);
  }
  context.fillStyle = colors.line;
  for (const tick of picture.ticks) context.fillRect(0, Math.round(base - (tick.at / top) * rise), width, 1);
  drawVersionLines(context, picture.marks.map((mark) => mark.column), pitchX, left, 6, height, colors);
  const wide = pitchX > 4 ? pitchX - 2 : pitchX;
  for (const state of ["success", "failed", "running", "queued"] as const) {
    context.fillStyle = colors.states[state].solid;
    context.globalAlpha = state === "success" ? 0.62 : 1;
    context.beginPath();
    for (let column = left; column < right; column += 1) {
      const run = runs[columns[column]!]!;
      if (run.state !== state) continue;
      const seconds = runSeconds(run, picture.now);
      // A run that has no duration yet still has its place.
      const high = seconds === null ? 2 : Math.max(2, Math.min(1, seconds / top) * rise);
      context.roundRect((column - left) * pitchX, base - high, wide, high, wide > 4 ? [1.5, 1.5, 0, 0] : 0);
    }
    context.fill();
  }
  context.globalAlpha = 1;
}
