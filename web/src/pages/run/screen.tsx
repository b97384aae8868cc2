import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";

import { useDialogs } from "@/actions/use_dialogs";
import type { Answer } from "@/api/client";
import { read, useMay } from "@/api/queries";
import { forecast } from "@/model/forecast";
import { firstToSee, type Instance } from "@/model/run_timeline";
import { instant } from "@/model/time";
import { Segments } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { PHONE, useMedia, WIDE } from "@/ui/media";
import { Loading, Shown as ShownQuery } from "@/ui/notes";
import { Card } from "@/ui/surface";
import { setQuery } from "@/ui/url";
import { useClock } from "@/ui/zone";

import { RunActions } from "./actions";
import { Counts } from "./counts";
import { Gantt, GanttFoot, GanttTools } from "./gantt";
import { RunHead } from "./head";
import { RunKeys } from "./keys";
import { useLine, useTimeline } from "./live";
import { TaskPanel } from "./panel/panel";
import type { Run } from "./resolve";
import css from "./run.module.css";
import { select, type Selection, useSelection, type View } from "./selection";
import { nameOf, type RunView, type Shown } from "./view";

const GraphView = lazy(() => import("./graph"));
const TableView = lazy(() => import("./table"));
const EventsView = lazy(() => import("./events"));
const Triage = lazy(() => import("./triage"));

const VIEW_LABELS: { value: View; label: string }[] = [
  { value: "gantt", label: "Gantt" }, { value: "graph", label: "Graph" }, { value: "table", label: "Table" }, { value: "events", label: "Events" },
];

/** What the address names; without a task, the one to see first, which stays while the page is open. */
function useShown(instances: Instance[], selection: Selection): Shown | null {
  const [first, setFirst] = useState<string | null>(null);
  if (first === null && instances.length) setFirst(firstToSee(instances)!.key);
  return useMemo(() => {
    const { task, map } = selection;
    if (task === null) {
      const kept = instances.find((one) => one.key === first);
      return kept ? { task: kept.task, map: kept.mapIndex < 0 ? null : kept.mapIndex, instance: kept } : null;
    }
    return { task, map, instance: instances.find((one) => one.task === task && one.mapIndex === (map ?? -1)) ?? null };
  }, [instances, selection, first]);
}

export default function Screen({ dag, run }: { dag: Answer<"/api/v2/dags/{dag_id}/details">; run: Run }) {
  const { dag_id: dagId, dag_run_id: runId } = run;
  const selection = useSelection();
  const phone = useMedia(PHONE);
  const wide = useMedia(WIDE);
  const version = run.dag_versions.at(-1)?.version_number;
  const timeline = useTimeline(dagId, runId);
  const graph = useQuery({
    ...read("/api/v2/ui/dags/{dag_id}/graph", { path: { dag_id: dagId }, query: version === undefined ? {} : { version } }), staleTime: Infinity,
  }).data;
  const live = run.state === "running" || run.state === "queued";
  const over = instant(run.end_date) ?? 0;
  const now = useClock((at) => (live ? at : over));
  const { instances } = timeline;
  const line = useLine(dagId, runId, instances);
  const expected = useMemo(() => {
    const turns = new Map([...line].flatMap(([key, { startsAt }]) => (startsAt === null ? [] : [[key, startsAt] as const])));
    return forecast(instances, graph, now, turns);
  }, [instances, graph, now, line]);
  const shown = useShown(instances, selection);
  const [dialog, act] = useDialogs();
  const may = useMay("operator");
  const view: RunView = { dag, run, dagId, runId, zone: dag.timezone ?? "UTC", timeline: timeline.query.data, instances, graph, live, now, forecast: expected, line, shown, act, may };
  const panel = shown && <TaskPanel key={nameOf(shown)} view={view} shown={shown} selection={selection} bare={!wide} />;
  if (phone) {
    return (
      <>
        <RunKeys view={view} />
        {dialog}
        <ShownQuery query={timeline.query} what="What happened can't be read">
          {() => <Suspense fallback={<Loading />}><Triage view={view} selection={selection} panel={panel} /></Suspense>}
        </ShownQuery>
      </>
    );
  }
  return (
    <>
      <RunKeys view={view} />
      {dialog}
      <RunHead view={view}><RunActions view={view} /></RunHead>
      <Counts view={view} />
      <div className={css.panes} data-wide={wide}>
        <Card
          label="Tasks of the run"
          about={<Segments label="View" value={selection.view} options={VIEW_LABELS} onChange={(next) => setQuery({ view: next === "gantt" ? null : next })} />}
          tools={selection.view === "gantt" ? <GanttTools /> : <span />}
          foot={selection.view === "gantt" && <GanttFoot view={view} />}
        >
          <ShownQuery query={timeline.query} what="What happened can't be read" lines={10}>
            {() => (
              <Suspense fallback={<Loading />}>
                {selection.view === "gantt" && <Gantt view={view} />}
                {selection.view === "graph" && <GraphView view={view} />}
                {selection.view === "table" && <TableView view={view} />}
                {selection.view === "events" && <EventsView view={view} />}
              </Suspense>
            )}
          </ShownQuery>
        </Card>
        {wide && (panel ?? <Card label="Task"><p className={css.none}>No task yet</p></Card>)}
      </div>
      {!wide && (
        <Dialog title={shown ? nameOf(shown) : ""} open={selection.task !== null} onClose={() => select(null)} drawer>
          <div className={css.drawer}>{panel}</div>
        </Dialog>
      )}
    </>
  );
}
