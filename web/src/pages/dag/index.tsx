import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";

import { setPaused } from "@/actions/pause";
import type { Answer } from "@/api/client";
import { queries, read, useMay } from "@/api/queries";
import { useTopic } from "@/api/stream";
import { scheduleWords } from "@/model/schedule_words";
import { Switch } from "@/ui/controls";
import { Loading, Shown } from "@/ui/notes";
import { NotFound, Page, PageHead } from "@/ui/shell";
import { PageTabs, Tag } from "@/ui/surface";
import { at } from "@/ui/url";
import { DagZoneProvider } from "@/ui/zone";

import { DagActions } from "./actions";

export { setPaused };
export type DagDetails = Answer<"/api/v2/dags/{dag_id}/details">;
/** What each tab of a DAG's page is given. */
export interface DagTab {
  dag: DagDetails;
}

const TABS = {
  grid: { label: "Grid & graph", body: lazy(() => import("./grid")) },
  calendar: { label: "Calendar", body: lazy(() => import("./calendar")) },
  runs: { label: "Runs", body: lazy(() => import("./runs")) },
  tasks: { label: "Tasks", body: lazy(() => import("./tasks")) },
  durations: { label: "Durations", body: lazy(() => import("./durations")) },
  code: { label: "Code & versions", body: lazy(() => import("./code")) },
} as const;

export default function DagPage({ dagId, tab }: { dagId: string; tab: string }) {
  const details = useQuery(read("/api/v2/dags/{dag_id}/details", { path: { dag_id: dagId } }));
  const may = useMay("operator");
  useTopic(`dag:${dagId}`, (events) => {
    if (events.some((event) => event.type === "dag" || event.type === "reset")) {
      void queries.invalidateQueries({ queryKey: ["/api/v2/dags/{dag_id}/details"] });
    }
  });
  if (!(tab in TABS)) return <NotFound what={`A DAG's page has no tab ${tab}.`} />;
  if (details.error?.status === 404) return <NotFound what={`There is no DAG ${dagId}.`} />;
  const current = tab as keyof typeof TABS;
  const Body = TABS[current].body;
  const dag = details.data;
  return (
    <DagZoneProvider zone={dag?.timezone}>
      <Page crumbs={[{ label: "DAGs", href: "/dags" }, { label: dagId }]}>
        <PageHead
          title={dagId}
          about={dag && (
            <>
              <Switch on={!dag.is_paused} label={dag.is_paused ? "Paused: no new scheduled runs" : "Active"} disabled={!may} onChange={(on) => void setPaused(dagId, !on)} />
              <Tag>v{dag.version_number}</Tag>
              {dag.tags.map((tag) => <Tag key={tag.name}>{tag.name}</Tag>)}
              <span className="mid ellipsis"><span title={dag.timetable_summary ?? undefined}>{dag.timetable_summary ? `runs ${scheduleWords(dag.timetable_summary)}` : "runs when triggered"}</span>{dag.owners.length > 0 && <span className="dim"> · owner {dag.owners.join(", ")}</span>}</span>
            </>
          )}
        >
          {dag && <DagActions dag={dag} />}
        </PageHead>
        <PageTabs
          label={`Pages of ${dagId}`}
          tabs={Object.entries(TABS).map(([name, { label }]) => ({
            href: name === "grid" ? at("dags", dagId) : at("dags", dagId, name), label, current: name === current,
            count: name === "tasks" ? dag?.task_count : name === "code" && dag ? `v${dag.version_number}` : null,
          }))}
        />
        <Shown query={details} what="This DAG can't be read">
          {(found) => <Suspense fallback={<Loading />}><Body dag={found} /></Suspense>}
        </Shown>
      </Page>
    </DagZoneProvider>
  );
}
