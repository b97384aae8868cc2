import { lazy, Suspense } from "react";

import { Empty, Loading } from "@/ui/notes";

import type { Ref } from "./queries";

const LogView = lazy(async () => ({ default: (await import("@/ui/log_view")).LogView }));

const NO_PROCESS: Record<string, string> = {
  sensor: "A sensor writes no log: the daemon looks itself.", trigger_dag: "It starts a run of another DAG: that run has the logs.",
};

/** The log of a try, or why there is none. */
export function LogTab({ of, attempt, state, operator }: { of: Ref; attempt: number | null; state: string | null; operator: string | null }) {
  if (attempt === null) return <Empty title={NO_PROCESS[operator ?? ""] ?? "It hasn't been started, so there is no log."} />;
  return (
    <Suspense fallback={<Loading lines={12} height={18} />}>
      <LogView dagId={of.dagId} runId={of.runId} taskId={of.task} mapIndex={of.mapIndex} tryNumber={attempt} state={state} />
    </Suspense>
  );
}
