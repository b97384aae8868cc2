// Doing something again and again, but not more often than it and its reader can bear.

export interface Clock {
  now(): number;
  /** Returns what takes it back. */
  after(ms: number, act: () => void): () => void;
}

export const wallClock: Clock = {
  now: () => Date.now(),
  after(ms, act) {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Acts now, or once a while has gone by since it last began: the longer it takes, the longer the while. What is asked for meanwhile
 * comes together.
 */
export class Throttle {
  private next = 0;
  private cancel: (() => void) | null = null;
  private busy = false;
  private again: "no" | "later" | "at once" = "no";

  constructor(
    private readonly act: () => Promise<unknown>, private readonly atMostEachMs: number, private readonly atLeastEachMs: number,
    private readonly clock: Clock = wallClock,
  ) {}

  /** `atOnce`: without the while, for what is the last change. */
  ask(atOnce = false): void {
    if (this.busy) {
      if (this.again !== "at once") this.again = atOnce ? "at once" : "later";
      return;
    }
    if (this.cancel && !atOnce) return;
    this.cancel?.();
    this.cancel = this.clock.after(atOnce ? 0 : Math.max(0, this.next - this.clock.now()), () => void this.start());
  }

  stop(): void {
    this.cancel?.();
    this.cancel = null;
  }

  private async start(): Promise<void> {
    this.cancel = null;
    this.busy = true;
    const began = this.clock.now();
    try {
      await this.act();
    } catch {
      // Whoever acts says what went wrong; here it only means that it is over.
    }
    const ended = this.clock.now();
    this.next = Math.max(began + this.atMostEachMs, ended + Math.min(3 * (ended - began), this.atLeastEachMs));
    this.busy = false;
    const { again } = this;
    this.again = "no";
    if (again !== "no") this.ask(again === "at once");
  }
}
