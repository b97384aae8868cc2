import type { MouseEvent } from "react";

import { BAR_STEP, BARS_HEIGHT, pathOf, runBars, runsSentence } from "@/model/dag_list";
import type { LastRun } from "@/model/overview";
import { runPath } from "@/model/run_address";
import { wordOf } from "@/model/states";
import { duration, executionDate } from "@/model/time";
import { useHover } from "@/ui/hover";
import { useGo } from "@/ui/url";

interface Props {
  dagId: string;
  zone: string;
  runs: LastRun[];
  now: number;
  slots?: number;
}

/** The last runs as bars: as high as they took long. A click opens one; the latest has a link beside it. */
export function LastRuns({ dagId, zone, runs, now, slots = 30 }: Props) {
  const go = useGo();
  const bars = runBars(runs, now, slots);
  const width = slots * BAR_STEP - 1;
  const shown = runs.slice(-slots);
  const runAt = (event: MouseEvent) => {
    const rect = event.currentTarget.getBoundingClientRect();
    return shown[Math.floor((event.clientX - rect.left) / BAR_STEP) - (slots - shown.length)];
  };
  const hover = useHover((event) => {
    const run = runAt(event);
    return run ? `${executionDate(run.execution_date, zone)}\n${wordOf(run.state)}${run.duration_s === null ? "" : ` · ${duration(run.duration_s)}`}` : "";
  }, (event) => {
    const run = runAt(event);
    if (run) go(runPath(dagId, run, zone));
  });
  const states = [...new Set(bars.map((bar) => bar.state))];
  return (
    <>
      <svg
        width={width}
        height={BARS_HEIGHT}
        role="img"
        aria-label={runsSentence(shown)}
        style={{ cursor: hover.over ? "pointer" : "default" }}
        {...hover.events}
      >
        {states.map((state) => (
          <path key={state} d={pathOf(bars.filter((bar) => bar.state === state))} fill={`var(--${state})`} opacity={state === "success" ? 0.62 : 1} />
        ))}
      </svg>
      {hover.tip}
    </>
  );
}
