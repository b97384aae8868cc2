import type { Answer } from "@/api/client";
import type { RunEvent, TiEvent } from "@/api/events";

import { applyMoves, type TimelineAnswer } from "./run_timeline";
import { instant } from "./time";

// Keeping what a page shows of a run in step with the stream.

export type RunAnswer = Answer<"/api/v2/dags/{dag_id}/dagRuns/{run_id}">;

/** The run as it is after that move; the whole of it is read soon. */
export function movedRun(run: RunAnswer, { state, at }: Pick<RunEvent, "state" | "at">): RunAnswer {
  const over = state === "success" || state === "failed";
  const anew = run.end_date !== null && !over; // taken up again
  const start = anew || (state === "running" && run.start_date === null) ? at : run.start_date;
  return {
    ...run, state: state as RunAnswer["state"], start_date: start, end_date: over ? at : null,
    duration: over && start ? ((instant(at) ?? 0) - (instant(start) ?? 0)) / 1000 : null,
  };
}

/** Answers with what was told while they were on their way: they may be older than what the page shows already. */
export class Meanwhile {
  private reading = 0;
  private told: TiEvent[] = [];

  hear(moves: readonly TiEvent[]): void {
    if (this.reading) this.told.push(...moves);
  }

  async read(ask: () => Promise<TimelineAnswer>): Promise<TimelineAnswer> {
    const from = this.told.length;
    this.reading += 1;
    try {
      const answer = await ask();
      return applyMoves(answer, this.told.slice(from)).answer;
    } finally {
      this.reading -= 1;
      if (!this.reading) this.told = [];
    }
  }
}
