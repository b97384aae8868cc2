import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Throttle } from "./renew";

describe("a throttle", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it("acts at once, then once for all that is asked within its time", () => {
    const acts: string[] = [];
    const throttle = new Throttle((name) => (acts.push(name), "done"));
    throttle.ask("a", 1000);
    vi.advanceTimersByTime(0);
    expect(acts).toEqual(["a"]);
    for (let i = 0; i < 100; i += 1) throttle.ask("a", 1000);
    vi.advanceTimersByTime(999);
    expect(acts).toEqual(["a"]);
    vi.advanceTimersByTime(1);
    expect(acts).toEqual(["a", "a"]);
    vi.advanceTimersByTime(10_000);
    expect(acts).toEqual(["a", "a"]);
  });

  it("keeps names apart", () => {
    const acts: string[] = [];
    const throttle = new Throttle((name) => (acts.push(name), "done"));
    throttle.ask("a", 1000);
    throttle.ask("b", 1000);
    vi.advanceTimersByTime(0);
    expect(acts).toEqual(["a", "b"]);
  });

  it("comes back when it was too early", () => {
    let busy = true;
    const acts: string[] = [];
    const throttle = new Throttle((name) => (busy ? "later" : (acts.push(name), "done")));
    throttle.ask("a", 1000);
    vi.advanceTimersByTime(500);
    expect(acts).toEqual([]);
    busy = false;
    vi.advanceTimersByTime(500);
    expect(acts).toEqual(["a"]);
    vi.advanceTimersByTime(5000);
    expect(acts).toEqual(["a"]);
  });
});
