import { describe, expect, it } from "vitest";

import { type Clock, Throttle } from "./throttle";

/** A clock that a test moves. */
class Fake implements Clock {
  at = 0;
  private timers: { due: number; act: () => void }[] = [];
  now = () => this.at;

  after(ms: number, act: () => void) {
    const timer = { due: this.at + ms, act };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((one) => one !== timer));
  }

  async to(at: number): Promise<void> {
    for (;;) {
      const timer = this.timers.filter((one) => one.due <= at).sort((a, b) => a.due - b.due)[0];
      if (!timer) break;
      this.at = Math.max(this.at, timer.due);
      this.timers = this.timers.filter((one) => one !== timer);
      timer.act();
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    }
    this.at = at;
  }
}

function made(takesMs = 0) {
  const clock = new Fake();
  const began: number[] = [];
  const throttle = new Throttle(() => {
    began.push(clock.at);
    return takesMs === 0 ? Promise.resolve() : new Promise((done) => void clock.after(takesMs, () => done(null)));
  }, 1000, 5000, clock);
  return { clock, began, throttle };
}

describe("a throttle", () => {
  it("acts at once the first time, and then once a second however often it is asked", async () => {
    const { clock, began, throttle } = made();
    for (let at = 0; at <= 2900; at += 100) {
      await clock.to(at);
      throttle.ask();
    }
    await clock.to(9000);
    expect(began).toEqual([0, 1000, 2000, 3000]);
  });
  it("waits longer when it takes longer, but not for ever", async () => {
    const slow = made(600);
    slow.throttle.ask();
    await slow.clock.to(100);
    slow.throttle.ask();
    await slow.clock.to(10_000);
    expect(slow.began).toEqual([0, 600 + 1800]);
    const slower = made(20_000);
    slower.throttle.ask();
    await slower.clock.to(100);
    slower.throttle.ask();
    await slower.clock.to(30_000);
    expect(slower.began).toEqual([0, 25_000]);
  });
  it("does the last one without a wait, also when it is asked while it acts", async () => {
    const { clock, began, throttle } = made(600);
    throttle.ask();
    await clock.to(100);
    throttle.ask(true);
    throttle.ask();
    await clock.to(700);
    expect(began).toEqual([0, 600]);
    await clock.to(1300);
    throttle.ask();
    throttle.ask(true);
    await clock.to(1400);
    expect(began).toEqual([0, 600, 1300]);
  });
  it("goes on after a failure, and not after a stop", async () => {
    const clock = new Fake();
    let times = 0;
    const throttle = new Throttle(() => {
      times += 1;
      return Promise.reject(new Error("no"));
    }, 1000, 5000, clock);
    throttle.ask();
    await clock.to(10);
    throttle.ask();
    await clock.to(5000);
    expect(times).toBe(2);
    throttle.ask();
    throttle.stop();
    await clock.to(50_000);
    expect(times).toBe(2);
  });
});
