import { type GraphLayout, NODE_HEIGHT } from "@/model/layout";

import { type Camera, NAMES_FROM } from "./graph_canvas";

// Where the camera may go.

export const LEAST_ZOOM = 0.02;
export const MOST_ZOOM = 2.5;
const PAD = 10;

interface Size {
  width: number;
  height: number;
}

/** All of the graph, in the middle; never larger than it is. */
export function fitCamera(laid: GraphLayout, { width, height }: Size): Camera {
  const zoom = Math.min(1, Math.max(LEAST_ZOOM, Math.min((width - 2 * PAD) / Math.max(1, laid.width), (height - 2 * PAD) / Math.max(1, laid.height))));
  return { zoom, x: laid.width / 2 - width / 2 / zoom, y: laid.height / 2 - height / 2 / zoom };
}

/** As the reader first sees it: all of it where names can be read then or it has a shape at least, else its beginning with names. */
export function firstCamera(laid: GraphLayout, size: Size): Camera {
  const whole = fitCamera(laid, size);
  const nearly = whole.zoom >= 0.38;
  if (whole.zoom >= NAMES_FROM || (whole.zoom >= 0.15 && !nearly)) return whole;
  const zoom = nearly ? NAMES_FROM : 0.7;
  return { zoom, x: -PAD / zoom, y: laid.height / 2 - size.height / 2 / zoom };
}

/** Some of the graph stays in sight. */
export function clampCamera(camera: Camera, laid: GraphLayout, { width, height }: Size): Camera {
  const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, camera.zoom));
  const [wide, high] = [width / zoom, height / zoom];
  const rest = 60 / zoom;
  return {
    zoom, x: Math.min(laid.width - rest, Math.max(rest - wide, camera.x)), y: Math.min(laid.height - rest, Math.max(rest - high, camera.y)),
  };
}

/** Nearer or farther, with what is at that point of the page staying there. */
export function zoomAt(camera: Camera, factor: number, pageX: number, pageY: number): Camera {
  const zoom = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, camera.zoom * factor));
  return { zoom, x: camera.x + pageX / camera.zoom - pageX / zoom, y: camera.y + pageY / camera.zoom - pageY / zoom };
}

/** Moved as little as needed for a box to be seen with some space around. */
export function showNode(camera: Camera, laid: GraphLayout, node: number, { width, height }: Size): Camera {
  const space = 24;
  const [wide, high] = [width / camera.zoom, height / camera.zoom];
  const [x, y] = [laid.x[node]!, laid.y[node]!];
  const move = (at: number, size: number, from: number, seen: number) => {
    if (at >= from && at + size <= from + seen) return from;
    return at < from ? at - space : at + size + space - seen;
  };
  return { zoom: camera.zoom, x: move(x, laid.nodeWidth, camera.x, wide), y: move(y, NODE_HEIGHT, camera.y, high) };
}
