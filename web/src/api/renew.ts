import type { PathsOf } from "./client";
import { queries } from "./queries";

/** Acts for a name at once, then at most once in `ms`; what is asked for in between happens at the end of it. */
export class Throttle {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly acted = new Map<string, number>();

  constructor(private readonly act: (name: string) => "done" | "later") {}

  ask(name: string, ms: number): void {
    if (this.timers.has(name)) return;
    const wait = Math.max(0, (this.acted.get(name) ?? -Infinity) + ms - Date.now());
    this.timers.set(name, setTimeout(() => {
      this.timers.delete(name);
      this.acted.set(name, Date.now());
      if (this.act(name) === "later") this.ask(name, ms);
    }, wait));
  }
}

const throttle = new Throttle((path) => {
  // What is on its way may be older than the event that asks: it is let through, and another follows it.
  if (queries.isFetching({ queryKey: [path], type: "active" })) return "later";
  void queries.invalidateQueries({ queryKey: [path] }, { cancelRefetch: false });
  return "done";
});

/** Reads these paths anew, each at most once in `ms`: for events of which there may be hundreds a second. */
export function renewSoon(ms: number, ...paths: PathsOf<"get">[]): void {
  for (const path of paths) throttle.ask(path, ms);
}
