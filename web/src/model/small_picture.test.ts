import { describe, expect, it } from "vitest";

import { differenceOf, type GraphAnswer, layPicture, pathOf, pictureOf } from "./small_picture";

function graph(...edges: string[]): GraphAnswer {
  const ids = [...new Set(edges.flatMap((edge) => edge.split(">")))];
  return { tasks: ids.map((id) => ({ id, group: null })), edges: edges.flatMap((edge) => (edge.includes(">") ? [edge.split(">").map((id) => ids.indexOf(id))] : [])) };
}
const words = (before: GraphAnswer, after: GraphAnswer, changed: string[] = []) => {
  const picture = differenceOf(before, after, changed);
  return {
    tasks: picture.tasks.map(({ id, sign }) => id + sign).join(" "),
    edges: picture.edges.map(({ from, to, sign }) => `${picture.tasks[from]!.id}>${picture.tasks[to]!.id}${sign}`).join(" "),
  };
};

describe("the picture of a difference", () => {
  it("has what came, went and changed, with what is right before and after", () => {
    expect(words(graph("a>b", "b>c", "c>d", "d>e"), graph("a>b", "b>c", "c>d", "d>e"), ["b"])).toEqual({ tasks: "a b~ c", edges: "a>b b>c" });
    expect(words(graph("a>b", "b>c", "c>d"), graph("a>b", "b>new", "new>d"))).toEqual({ tasks: "a b new+ d c−", edges: "a>b b>new+ new>d+ b>c− c>d−" });
    expect(words(graph("a>b"), graph("a>b"))).toEqual({ tasks: "", edges: "" });
  });
  it("leaves an edge out that would make a circle with those that came", () => {
    expect(words(graph("a>b", "b>c"), graph("c>b", "b>a"))).toEqual({ tasks: "c b a", edges: "c>b+ b>a+" });
    expect(words(graph("a>b", "a>c"), graph("b>a", "a>c"))).toEqual({ tasks: "b a c", edges: "b>a+ a>c" });
  });
});

describe("its layout", () => {
  it("goes from left to right, and each edge from its task's right to the other's left", () => {
    const laid = layPicture(pictureOf(graph("a>b", "b>c", "a>c")));
    expect([...laid.x].map(Math.round)).toEqual([...laid.x].map(Math.round).sort((a, b) => a - b));
    expect(laid.edgeFrom).toHaveLength(3);
    for (let edge = 0; edge < 3; edge += 1) {
      const numbers = pathOf(laid, edge).match(/-?[\d.]+/g)!.map(Number);
      expect(numbers[0]).toBeCloseTo(laid.x[laid.edgeFrom[edge]!]! + laid.nodeWidth, 3);
      expect(numbers.at(-2)).toBeCloseTo(laid.x[laid.edgeTo[edge]!]!, 3);
    }
  });
  it("draws lines straight and the rest as curves", () => {
    const straight = layPicture(pictureOf(graph("a>b")));
    expect(pathOf(straight, 0)).toMatch(/^M[\d. ]+(L[\d. ]+)+$/);
    expect(layPicture(pictureOf({ tasks: [], edges: [] })).width).toBe(0);
  });
});
