import { describe, expect, it } from "vitest";

import { layout } from "@/model/layout";
import { syntheticGraph } from "@/model/layout_samples";

import { clampCamera, firstCamera, fitCamera, LEAST_ZOOM, MOST_ZOOM, showNode, zoomAt } from "./camera";
import { hitTest } from "./graph_canvas";

const SIZE = { width: 566, height: 390 };
const small = layout(syntheticGraph(6, 2));
const large = layout(syntheticGraph(10_000, 0));

describe("the camera", () => {
  it("shows all of a small graph, no larger than it is, in the middle", () => {
    const camera = fitCamera(small, SIZE);
    expect(camera.zoom).toBeLessThanOrEqual(1);
    expect(camera.x).toBeLessThanOrEqual(0);
    expect(camera.x + SIZE.width / camera.zoom).toBeGreaterThanOrEqual(small.width);
    expect(camera.y + SIZE.height / camera.zoom / 2).toBeCloseTo(small.height / 2);
  });
  it("begins where names can be read when all of it would be dust", () => {
    expect(fitCamera(large, SIZE).zoom).toBeLessThan(0.05);
    expect(firstCamera(large, SIZE)).toMatchObject({ zoom: 0.7 });
  });
  it("keeps what is under the pointer there when it zooms, and stops at the ends", () => {
    const before = { x: 10, y: 20, zoom: 0.5 };
    const after = zoomAt(before, 2, 100, 60);
    expect([after.x + 100 / after.zoom, after.y + 60 / after.zoom]).toEqual([before.x + 100 / 0.5, before.y + 60 / 0.5]);
    expect([zoomAt(before, 1000, 0, 0).zoom, zoomAt(before, 0.0001, 0, 0).zoom]).toEqual([MOST_ZOOM, LEAST_ZOOM]);
  });
  it("can't lose the graph", () => {
    for (const [x, y] of [[1e6, 1e6], [-1e6, -1e6]] as const) {
      const { x: left, y: top, zoom } = clampCamera({ x, y, zoom: 1 }, small, SIZE);
      expect(left).toBeLessThan(small.width);
      expect(top).toBeLessThan(small.height);
      expect(left + SIZE.width / zoom).toBeGreaterThan(0);
      expect(top + SIZE.height / zoom).toBeGreaterThan(0);
    }
  });
  it("goes to a box only when it isn't seen", () => {
    const camera = { x: 0, y: 0, zoom: 1 };
    expect(showNode(camera, small, 0, { width: 5000, height: 5000 })).toEqual(camera);
    const far = showNode(camera, large, 9999, SIZE);
    expect(hitTest(large, far, (large.x[9999]! - far.x + 5) * far.zoom, (large.y[9999]! - far.y + 5) * far.zoom)).toEqual({ kind: "node", node: 9999 });
    expect(far.x + SIZE.width).toBeGreaterThan(large.x[9999]! + large.nodeWidth);
  });
});

describe("what is at a point", () => {
  it("is a box, an open group's title, or nothing", () => {
    const camera = { x: -10, y: -10, zoom: 0.5 };
    const at = (x: number, y: number) => hitTest(small, camera, (x - camera.x) * camera.zoom, (y - camera.y) * camera.zoom);
    expect(at(small.x[2]! + 10, small.y[2]! + 10)).toEqual({ kind: "node", node: 2 });
    const frame = small.frames[0]!;
    expect(at(frame.x + 20, frame.y + 5)).toEqual({ kind: "frame", part: frame.part });
    expect(at(-8, -8)).toBeNull();
  });
});
