import { levelOf, type LogLevel } from "@/model/log_level";
import { lowerBound } from "@/model/log_search";

import type { LogApi, SearchAnswer, SearchWish } from "./log_api";
import { Told } from "./told";

const MOST = 10_000; // matches kept before a person asks for more
const PAGE = 1_000;

/** A search through a log, by the daemon, a piece at a time. Lines are numbers from 0 on. Not React. */
export class LogScan extends Told {
  lines: number[] = [];
  levels: (LogLevel | null)[] = [];
  /** Looking; stopped at a bound; at the log's end. */
  state: "running" | "full" | "done" = "done";
  searched = 0;
  size = 0;
  error: unknown = null;
  /** It has been at the log's end: what comes since is looked through as it comes. */
  private caughtUp = false;
  private cursor: string | null = null;
  private bound = MOST;
  private wholeLines = 0;
  private stopper = new AbortController();

  constructor(private readonly api: LogApi, private readonly wish: Pick<SearchWish, "q" | "level">) {
    super();
  }

  /** More may be there than was found. */
  get open(): boolean {
    return this.state === "full" || !this.caughtUp;
  }

  /** From the log's beginning, also after a stop(). */
  start(wholeLines: number): Promise<void> {
    this.stopper = new AbortController();
    this.lines = [];
    this.levels = [];
    this.cursor = null;
    this.bound = MOST;
    this.caughtUp = false;
    this.state = "done";
    return this.run(wholeLines);
  }

  /** From the last place on; `wholeLines`: lines of the log that have their end by now. */
  private async run(wholeLines: number): Promise<void> {
    if (this.state === "running") return;
    this.state = "running";
    this.error = null;
    const { signal } = this.stopper;
    try {
      await this.goOn(wholeLines, signal);
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
      this.state = "full";
    }
    this.tell();
  }

  private async goOn(wholeLines: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const answer = await this.api.search({ ...this.wish, limit: PAGE, ...(this.cursor ? { from: this.cursor } : {}) }, signal);
      for (const { line, text } of answer.matches) {
        this.lines.push(line - 1);
        this.levels.push(levelOf(text));
      }
      this.cursor = answer.next;
      this.searched = answer.searched;
      this.size = answer.size;
      if (answer.next === null) {
        this.state = "done";
        this.caughtUp = true;
        this.wholeLines = wholeLines;
        return;
      }
      if (this.lines.length >= this.bound) {
        this.state = "full";
        return;
      }
      this.tell();
    }
  }

  /** The reader came to the end of what was found. */
  more(wholeLines: number): void {
    if (this.state !== "full") return;
    this.bound = this.lines.length + MOST;
    void this.run(wholeLines);
  }

  /** The log is longer. A line that had no end may read differently now: it is searched again. */
  grew(wholeLines: number): void {
    if (this.state !== "done" || wholeLines < this.wholeLines) return;
    const keep = lowerBound(this.lines, this.wholeLines);
    this.lines.length = keep;
    this.levels.length = keep;
    this.cursor = String(this.wholeLines + 1);
    void this.run(wholeLines);
  }

  /** The match nearest to a line that lies behind all that was found, asked of the daemon. */
  async near(line: number, way: 1 | -1): Promise<number | null> {
    const ask = (from: number, limit: number) => this.api.search({ ...this.wish, from: String(from + 1), limit }, this.stopper.signal);
    if (way > 0) {
      for (let from: string | null = String(line + 2); from !== null;) {
        const answer: SearchAnswer = await this.api.search({ ...this.wish, from, limit: 1 }, this.stopper.signal);
        if (answer.matches[0]) return answer.matches[0].line - 1;
        from = answer.next;
      }
      return null;
    }
    // The daemon looks forward only: ever bigger pieces before the line. Who is behind 10,000 matches finds one in the first.
    for (let back = 256; ; back *= 4) {
      const from = Math.max(0, line - back);
      const answer = await ask(from, PAGE);
      const before = answer.matches.map((match) => match.line - 1).filter((each) => each < line);
      if (before.length) return before.at(-1)!;
      if (from === 0) return null;
    }
  }

  stop(): void {
    this.stopper.abort();
  }

  ofLevel(level: LogLevel): number[] {
    return this.lines.filter((_, index) => this.levels[index] === level);
  }
}
