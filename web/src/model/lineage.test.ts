import { describe, expect, it } from "vitest";

import { inOrder, type Lineage, lineageGraph, waysThrough } from "./lineage";
import { pathOf, placeLineage, SIZES, spread } from "./lineage_layout";

type Node = Lineage["nodes"][number];

const NOTHING = { dataset: null, dag_id: null, task_id: null, run_id: null, map_index: null, try_number: null, partition: null, version: null, outcome: null };

/** Nodes in the order given, the first is what was asked for: `d x`, `t dag/task`, `g dag`, `v x#7`, `a dag/task/9`. */
function answer(nodes: string, edges: string): Lineage {
  const node = (text: string): Node => {
    const [kind, name = ""] = text.trim().split(" ");
    const [dag_id, task_id = null, attempt] = name.split("/");
    if (kind === "d") return { ...NOTHING, id: `dataset:${name}`, kind: "dataset", dataset: name };
    if (kind === "v") return { ...NOTHING, id: `dataset:${name.replace("#", "@b3:aa#")}`, kind: "version", dataset: name.split("#")[0]!, partition: "2013-06-10T00:00:00Z", version: "b3:aa" };
    if (kind === "g") return { ...NOTHING, id: `dag:${name}`, kind: "dag", dag_id: name };
    if (kind === "a") return { ...NOTHING, id: `attempt:${attempt}`, kind: "attempt", dag_id: dag_id!, task_id, run_id: `run ${attempt}`, outcome: "success" };
    return { ...NOTHING, id: `task:${name}`, kind: "task", dag_id: dag_id!, task_id };
  };
  const all = nodes.split(",").map(node);
  const idOf = (name: string) => {
    const found = nodes.split(",").findIndex((each) => each.trim().split(" ")[1] === name);
    if (found < 0) throw new Error(`no node ${name}`);
    return all[found]!.id;
  };
  return {
    nodes: all, truncated: false,
    edges: edges.split(",").filter((edge) => edge.trim()).map((edge) => {
      const [from, to] = edge.trim().split(" > ");
      return { from: idOf(from!), to: idOf(to!) };
    }),
  };
}

const said = (lineage: Lineage, steps: number) => inOrder(lineageGraph(lineage, steps)).map((box) => `${box.layer} ${box.label}`);

describe("datasets and what is done between them", () => {
  // flights_raw starts the DAG `features`, whose `build` reads it and whose `check` reads it too.
  const flights = answer(
    "d raw, t ingest/load, g features, t features/build, t features/check, t ingest/quality, d feats, t train/fit, d model",
    "ingest/load > raw, raw > features, features > features/build, raw > features/build, raw > features/check, raw > ingest/quality, features/build > feats, feats > train/fit, train/fit > model",
  );
  it("have a box for what a DAG does at one place", () => {
    expect(said(flights, 2)).toEqual(["-1 ingest", "0 raw", "1 features", "1 ingest", "2 feats", "3 train", "4 model"]);
    const features = lineageGraph(flights, 2).boxes.find((box) => box.label === "features")!;
    expect(features.tasks).toEqual(["build", "check"]);
    expect(features.starts).toBe(true);
  });
  it("end after the steps asked for, and say that there is more", () => {
    expect(said(flights, 1)).toEqual(["-1 ingest", "0 raw", "1 features", "1 ingest", "2 feats"]);
    expect(lineageGraph(flights, 1).boxes.find((box) => box.label === "feats")!.more).toBe(1);
    expect(lineageGraph(flights, 2).boxes.every((box) => box.more === 0)).toBe(true);
  });
  it("keep a DAG that is started and reads nothing by name", () => {
    const board = answer("d serving, g board, t board/draw, d bi, g pager", "serving > board, board > board/draw, board/draw > bi, serving > pager");
    expect(said(board, 1)).toEqual(["0 serving", "1 board", "1 pager", "2 bi"]);
    expect(lineageGraph(board, 1).boxes.filter((box) => box.starts).map((box) => box.label)).toEqual(["board", "pager"]);
  });
  it("keep a DAG's tasks apart where one reads what another wrote", () => {
    const chain = answer("d c, t x/two, d b, t x/one, d a", "a > x/one, x/one > b, b > x/two, x/two > c");
    expect(said(chain, 5)).toEqual(["-4 a", "-3 x", "-2 b", "-1 x", "0 c"]);
  });
  it("end where a dataset is made of its own past", () => {
    const circle = answer("d state, t roll/next", "roll/next > state, state > roll/next");
    expect(said(circle, 3)).toEqual(["-1 roll", "0 state"]);
    const picture = placeLineage(lineageGraph(circle, 3), 600);
    expect(picture.lines.map((line) => line.back).sort()).toEqual([false, true]);
    expect(picture.lines.every((line) => /^M[\d.-]+ [\d.-]+C/.test(pathOf(line)))).toBe(true);
  });
});

describe("as of a version", () => {
  it("is one box for all versions of a dataset that were read", () => {
    const model = answer(
      "v model#9, a train/fit/70, v feats#8, v feats#7, a features/build/60, a features/build/61, v raw#1",
      "train/fit/70 > model#9, feats#8 > train/fit/70, feats#7 > train/fit/70, features/build/60 > feats#8, features/build/61 > feats#7, raw#1 > features/build/60",
    );
    const graph = lineageGraph(model, 2);
    expect(inOrder(graph).map((box) => `${box.layer} ${box.label} ${box.versions.map((version) => version.number).join("+")}`)).toEqual([
      "-4 raw 1", "-3 features ", "-2 feats 8+7", "-1 train ", "0 model 9",
    ]);
    expect(graph.boxes.find((box) => box.label === "features")!.runs.map((run) => run.runId)).toEqual(["run 60", "run 61"]);
  });
  it("doesn't hide an older version of the same dataset behind the one asked for", () => {
    const rolled = answer("v state#2, a roll/next/5, v state#1", "roll/next/5 > state#2, state#1 > roll/next/5");
    expect(said(rolled, 1)).toEqual(["-2 state", "-1 roll", "0 state"]);
  });
});

describe("the picture", () => {
  const wide = answer(
    "d f, t fe/b, d r1, d r2, d r3, t tr/x, d m, t dr/x, d q, t sc/x, d s, t wf/x, d w, t bo/x, d bi",
    "r1 > fe/b, r2 > fe/b, r3 > fe/b, fe/b > f, f > tr/x, tr/x > m, f > dr/x, dr/x > q, f > sc/x, sc/x > s, s > bo/x, f > bo/x, bo/x > bi, r2 > wf/x, wf/x > w",
  );
  const graph = lineageGraph(wide, 5);
  const { places, lines, width, height } = placeLineage(graph, 900);
  it("has no two boxes on one place", () => {
    for (const [i, a] of places.entries()) {
      for (const b of places.slice(i + 1)) {
        expect(a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height < b.y || b.y + b.height < a.y).toBe(true);
      }
    }
  });
  it("lies within its size, and fills the width it is given", () => {
    expect(Math.min(...places.map((place) => place.y))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...places.map((place) => place.y + place.height))).toBeLessThanOrEqual(height + 1e-9);
    expect(Math.max(...places.map((place) => place.x + place.width))).toBeLessThanOrEqual(width + 1e-9);
  });
  it("lets data flow to the right, around boxes of the layers between", () => {
    const long = lines.find((line) => graph.boxes[line.from]!.label === "f" && graph.boxes[line.to]!.label === "bo")!;
    // Two layers are passed: the way out, two bends for each, the way in.
    expect(long.points).toHaveLength(6);
    for (const line of lines) {
      for (const [index, [x]] of line.points.entries()) if (index) expect(x).toBeGreaterThanOrEqual(line.points[index - 1]![0]);
    }
    const score = places[graph.boxes.findIndex((box) => box.label === "sc")]!;
    const passing = long.points[1]![1];
    expect(passing < score.y || passing > score.y + score.height).toBe(true);
  });
  it("puts a single neighbour beside its own", () => {
    const single = placeLineage(lineageGraph(answer("d a, t x/t, d b", "a > x/t, x/t > b"), 1), 900);
    const middles = single.places.map((place) => place.y + place.height / 2);
    expect(new Set(middles.map(Math.round)).size).toBe(1);
    expect(single.height).toBe(SIZES.dataset.height);
  });
  it("lights the ways through a box, and nothing beside them", () => {
    const at = graph.boxes.findIndex((box) => box.label === "q");
    const lit = [...waysThrough(graph, at)].map((index) => graph.boxes[index]!.label).sort();
    expect(lit).toEqual(["dr", "f", "fe", "q", "r1", "r2", "r3"]);
  });
});

describe("spread", () => {
  it("moves things apart no farther than they must", () => {
    expect(spread([0, 0, 0], [10, 10])).toEqual([-10, 0, 10]);
    expect(spread([0, 50, 51], [10, 10])).toEqual([0, 45.5, 55.5]);
    expect(spread([5], [])).toEqual([5]);
  });
});
