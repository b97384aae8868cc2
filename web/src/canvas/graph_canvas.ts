import { type GraphLayout, NODE_HEIGHT } from "@/model/layout";
import type { State } from "@/model/states";

import type { Colors } from "./colors";
import { drawGlyph } from "./glyphs";

// The graph: what the camera sees of it, in as much detail as its zoom can show.

/** The page's point (0, 0) is the graph's (x, y); a pixel of the graph is `zoom` of the page's. */
export interface Camera {
  x: number;
  y: number;
  zoom: number;
}

export interface GraphPicture {
  laid: GraphLayout;
  camera: Camera;
  width: number;
  height: number;
  states: readonly State[];
  label: (node: number) => string;
  words: (node: number) => string;
  frameLabel: (part: number) => string;
  /** The chosen box, or -1. */
  chosen: number;
  /** Boxes that stay in the light; the others are dimmed. */
  lit: Uint8Array | null;
  colors: Colors;
}

/** Names from this zoom on; below, boxes have their state's colour. */
export const NAMES_FROM = 0.5;
const WORDS_FROM = 0.62;
const CURVES_FROM = 0.28;
const DIM = 0.22;

interface Bounds {
  edgeTop: Float32Array;
  edgeBottom: Float32Array;
}

const bounds = new WeakMap<GraphLayout, Bounds>();

function boundsOf(laid: GraphLayout): Bounds {
  const known = bounds.get(laid);
  if (known) return known;
  const edges = laid.edgeFrom.length;
  const made: Bounds = { edgeTop: new Float32Array(edges).fill(Infinity), edgeBottom: new Float32Array(edges).fill(-Infinity) };
  for (let edge = 0; edge < edges; edge += 1) {
    for (let point = laid.edgeStart[edge]!; point < laid.edgeStart[edge + 1]!; point += 1) {
      const y = laid.points[2 * point + 1]!;
      made.edgeTop[edge] = Math.min(made.edgeTop[edge]!, y);
      made.edgeBottom[edge] = Math.max(made.edgeBottom[edge]!, y);
    }
  }
  bounds.set(laid, made);
  return made;
}

interface View {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function viewOf({ camera, width, height }: GraphPicture): View {
  return { left: camera.x, top: camera.y, right: camera.x + width / camera.zoom, bottom: camera.y + height / camera.zoom };
}

function traceEdge(context: CanvasRenderingContext2D, laid: GraphLayout, edge: number, curved: boolean): void {
  const { points } = laid;
  const [first, end] = [2 * laid.edgeStart[edge]!, 2 * laid.edgeStart[edge + 1]!];
  context.moveTo(points[first]!, points[first + 1]!);
  if (!curved) {
    for (let at = first + 4; at < end - 2; at += 4) context.lineTo(points[at]!, points[at + 1]!);
    context.lineTo(points[end - 2]!, points[end - 1]!);
    return;
  }
  for (let at = first + 2; at < end; at += 2) {
    const [x, y] = [points[at]!, points[at + 1]!];
    const [x0, y0] = [points[at - 2]!, points[at - 1]!];
    if (y === y0 || ((at - first) / 2) % 2 === 1) context.lineTo(x, y);
    else {
      const middle = (x0 + x) / 2;
      context.bezierCurveTo(middle, y0, middle, y, x, y);
    }
  }
}

function drawEdges(context: CanvasRenderingContext2D, picture: GraphPicture, view: View): void {
  const { laid, camera, chosen, lit, colors, states } = picture;
  const { edgeTop, edgeBottom } = boundsOf(laid);
  const curved = camera.zoom >= CURVES_FROM;
  const hot: number[] = [];
  const groups: [number[], number[]] = [[], []];
  for (let edge = 0; edge < laid.edgeFrom.length; edge += 1) {
    const [first, last] = [2 * laid.edgeStart[edge]!, 2 * laid.edgeStart[edge + 1]! - 2];
    if (laid.points[first]! > view.right || laid.points[last]! < view.left || edgeTop[edge]! > view.bottom || edgeBottom[edge]! < view.top) continue;
    const [from, to] = [laid.edgeFrom[edge]!, laid.edgeTo[edge]!];
    if (from === chosen || to === chosen) hot.push(edge);
    else groups[lit && !(lit[from] && lit[to]) ? 1 : 0].push(edge);
  }
  context.lineWidth = curved ? 1.3 : 0.8 / camera.zoom;
  groups.forEach((edges, dimmed) => {
    context.globalAlpha = (curved ? 1 : 0.45) * (dimmed ? DIM : 1);
    context.strokeStyle = colors.edge;
    context.beginPath();
    for (const edge of edges) traceEdge(context, laid, edge, curved);
    context.stroke();
  });
  context.globalAlpha = 1;
  if (!hot.length) return;
  const state = states[chosen]!;
  context.strokeStyle = ["success", "none", "skipped", "scheduled", "removed"].includes(state) ? colors.ink2 : colors.states[state].solid;
  context.lineWidth = Math.max(2, 1.2 / camera.zoom);
  context.beginPath();
  for (const edge of hot) traceEdge(context, laid, edge, curved);
  context.stroke();
}

const fitted = new Map<string, string>();

/** Another font came: what was cut to fit was measured in the one before. */
export function forgetWidths(): void {
  fitted.clear();
}

/** The text, or as much of it as the width holds and an ellipsis. The context has the font already. */
function fit(context: CanvasRenderingContext2D, text: string, width: number, font: string): string {
  const key = `${font}|${width}|${text}`;
  const known = fitted.get(key);
  if (known !== undefined) return known;
  let shown = text;
  if (context.measureText(text).width > width) {
    let [least, most] = [0, text.length];
    while (least < most) {
      const middle = (least + most + 1) >> 1;
      if (context.measureText(`${text.slice(0, middle)}…`).width <= width) least = middle;
      else most = middle - 1;
    }
    shown = `${text.slice(0, least)}…`;
  }
  if (fitted.size > 20_000) fitted.clear();
  fitted.set(key, shown);
  return shown;
}

const SANS = '"Inter Variable", system-ui, sans-serif';
export const FRAME_TITLE = 26;

function drawFrames(context: CanvasRenderingContext2D, picture: GraphPicture, view: View): void {
  const { laid, colors, camera } = picture;
  const seen = laid.frames.filter((frame) => frame.x < view.right && frame.x + frame.width > view.left && frame.y < view.bottom && frame.y + frame.height > view.top);
  context.beginPath();
  for (const frame of seen) context.roundRect(frame.x, frame.y, frame.width, frame.height, 9);
  context.fillStyle = colors.sunken;
  context.fill();
  context.strokeStyle = colors.line;
  context.lineWidth = 1;
  context.stroke();
  if (camera.zoom < NAMES_FROM) return;
  const font = `550 12px ${SANS}`;
  context.font = font;
  context.fillStyle = colors.ink3;
  context.textBaseline = "middle";
  for (const frame of seen) {
    context.fillText(fit(context, picture.frameLabel(frame.part), frame.width - 34, font), frame.x + 10, frame.y + 15);
    context.strokeStyle = colors.ink3;
    context.lineWidth = 1.4;
    context.beginPath();
    context.moveTo(frame.x + frame.width - 18, frame.y + 15);
    context.lineTo(frame.x + frame.width - 10, frame.y + 15);
    context.stroke();
  }
}

/** Far away: a rectangle of the state's colour. */
function drawFar(context: CanvasRenderingContext2D, picture: GraphPicture, nodes: readonly number[]): void {
  const { laid, states, colors, lit, chosen, camera } = picture;
  const batches = new Map<string, number[]>();
  for (const node of nodes) {
    const key = `${lit && !lit[node] ? "dim" : "lit"} ${states[node]}`;
    const batch = batches.get(key);
    if (batch) batch.push(node);
    else batches.set(key, [node]);
  }
  for (const [key, batch] of batches) {
    const [light, state] = key.split(" ") as [string, State];
    context.globalAlpha = (state === "success" ? 0.6 : state === "none" || state === "scheduled" ? 0.5 : 1) * (light === "dim" ? DIM : 1);
    context.fillStyle = colors.states[state].solid;
    context.beginPath();
    for (const node of batch) context.rect(laid.x[node]!, laid.y[node]!, laid.nodeWidth, NODE_HEIGHT);
    context.fill();
  }
  context.globalAlpha = 1;
  if (chosen < 0) return;
  context.strokeStyle = colors.ink;
  context.lineWidth = 2 / camera.zoom;
  context.strokeRect(laid.x[chosen]!, laid.y[chosen]!, laid.nodeWidth, NODE_HEIGHT);
}

const unstarted = (state: State) => state === "none" || state === "scheduled";

function outline(context: CanvasRenderingContext2D, picture: GraphPicture, nodes: readonly number[], color: string, width: number, dash: number[]): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  for (const node of nodes) context.roundRect(picture.laid.x[node]!, picture.laid.y[node]!, picture.laid.nodeWidth, NODE_HEIGHT, 7);
  context.stroke();
  context.setLineDash([]);
}

/** Near: boxes with glyph, name and words. */
function drawNear(context: CanvasRenderingContext2D, picture: GraphPicture, nodes: readonly number[]): void {
  const { laid, states, colors, lit, chosen, camera } = picture;
  context.fillStyle = colors.surface;
  context.beginPath();
  for (const node of nodes) context.roundRect(laid.x[node]!, laid.y[node]!, laid.nodeWidth, NODE_HEIGHT, 7);
  context.fill();
  // A closed group is a pile of boxes.
  const piles = nodes.filter((node) => laid.nodeTask[node]! < 0);
  if (piles.length) {
    context.strokeStyle = colors.line2;
    context.lineWidth = 1;
    context.beginPath();
    for (const node of piles) {
      const [x, y] = [laid.x[node]!, laid.y[node]! + NODE_HEIGHT];
      context.moveTo(x + 6, y + 2.5);
      context.lineTo(x + laid.nodeWidth - 6, y + 2.5);
      context.moveTo(x + 11, y + 5);
      context.lineTo(x + laid.nodeWidth - 11, y + 5);
    }
    context.stroke();
  }
  outline(context, picture, nodes.filter((node) => node !== chosen && !unstarted(states[node]!)), colors.line2, 1, []);
  outline(context, picture, nodes.filter((node) => node !== chosen && unstarted(states[node]!)), colors.line2, 1, [3, 2.5]);
  if (nodes.includes(chosen)) outline(context, picture, [chosen], colors.ink, 1.6, []);
  const name = `500 13px ${SANS}`;
  const small = `450 11.5px ${SANS}`;
  const room = laid.nodeWidth - 40;
  const spoken = camera.zoom >= WORDS_FROM ? nodes.map((node) => picture.words(node)) : nodes.map(() => "");
  context.textBaseline = "alphabetic";
  nodes.forEach((node, index) => {
    context.globalAlpha = lit && !lit[node] ? DIM : 1;
    drawGlyph(context, states[node]!, laid.x[node]! + 10, laid.y[node]! + 14, colors);
    context.fillStyle = colors.ink;
    context.font = name;
    context.fillText(fit(context, picture.label(node), room, name), laid.x[node]! + 31, laid.y[node]! + (spoken[index] ? 18 : 25.5));
  });
  context.font = small;
  nodes.forEach((node, index) => {
    if (!spoken[index]) return;
    const state = states[node]!;
    context.globalAlpha = lit && !lit[node] ? DIM : 1;
    context.fillStyle = state === "failed" || state === "up_for_retry" ? colors.states[state].text : colors.ink3;
    context.fillText(fit(context, spoken[index], room, small), laid.x[node]! + 31, laid.y[node]! + 33);
  });
  context.globalAlpha = 1;
}

export function drawGraph(context: CanvasRenderingContext2D, picture: GraphPicture): void {
  const { laid, camera } = picture;
  const view = viewOf(picture);
  context.save();
  context.scale(camera.zoom, camera.zoom);
  context.translate(-camera.x, -camera.y);
  drawFrames(context, picture, view);
  drawEdges(context, picture, view);
  const nodes: number[] = [];
  for (let node = 0; node < laid.x.length; node += 1) {
    const [x, y] = [laid.x[node]!, laid.y[node]!];
    if (x < view.right && x + laid.nodeWidth > view.left && y < view.bottom && y + NODE_HEIGHT > view.top) nodes.push(node);
  }
  if (camera.zoom >= NAMES_FROM) drawNear(context, picture, nodes);
  else drawFar(context, picture, nodes);
  context.restore();
}

export type Hit = { kind: "node"; node: number } | { kind: "frame"; part: number } | null;

/** What is at a point of the page's canvas: a box, or the title of an open group. */
export function hitTest(laid: GraphLayout, camera: Camera, pageX: number, pageY: number): Hit {
  const [x, y] = [camera.x + pageX / camera.zoom, camera.y + pageY / camera.zoom];
  for (let node = 0; node < laid.x.length; node += 1) {
    if (x >= laid.x[node]! && x <= laid.x[node]! + laid.nodeWidth && y >= laid.y[node]! && y <= laid.y[node]! + NODE_HEIGHT) return { kind: "node", node };
  }
  const frame = laid.frames.find((each) => x >= each.x && x <= each.x + each.width && y >= each.y && y <= each.y + FRAME_TITLE);
  return frame ? { kind: "frame", part: frame.part } : null;
}
