import { failuresOf } from "@/model/run_timeline";
import { runPath } from "@/model/run_address";
import { useKeys } from "@/ui/keys";
import { useGo } from "@/ui/url";

import { useNeighbours } from "./neighbours";
import { select, setTab } from "./selection";
import type { RunView } from "./view";

/** Keys of the whole page; those of rows are the chart's and the table's. */
export function RunKeys({ view }: { view: RunView }) {
  const go = useGo();
  const neighbours = useNeighbours(view);
  const { instances, shown } = view;
  const to = (which: "before" | "after") => {
    const run = neighbours[which];
    // The same task of the other run, in the same tab: that is what one compares.
    const here = new URLSearchParams(location.search);
    if (run) go(runPath(view.dagId, run, view.zone, { task: here.get("task"), tab: here.get("tab"), view: here.get("view") }));
  };
  const toFailure = () => {
    const [first] = failuresOf(instances);
    if (first) select(first.task, first.mapIndex, "log");
  };
  const of = { dagId: view.dagId, runId: view.runId };
  const clear = () => {
    if (shown) view.act({ kind: "clear", ...of, tasks: [{ task_id: shown.task, ...(shown.map === null ? {} : { map_index: shown.map }) }] });
  };
  useKeys([
    { keys: "[", says: "Previous run of the DAG", act: () => to("before") },
    { keys: "]", says: "Next run of the DAG", act: () => to("after") },
    { keys: "y", says: "Why", act: () => setTab("why") },
    { keys: "l", says: "Log", act: () => setTab("log") },
    { keys: "Escape", says: "Close the task", act: () => select(null) },
  ]);
  // Where no task failed, or one that did is shown, the first error is one in a log: "e" is the log's then.
  const ofLog = shown?.instance?.state === "failed" || failuresOf(instances).length === 0;
  useKeys([{ keys: "e", says: "First task that failed", act: toFailure }], { off: ofLog });
  useKeys([
    { keys: "c", says: "Clear the task", act: clear },
    { keys: "x", says: "Cancel the run", act: () => view.live && view.act({ kind: "cancel", ...of }) },
  ], { off: !view.may });
  return null;
}
