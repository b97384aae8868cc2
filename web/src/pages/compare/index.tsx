import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { read } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { compareManifests, compareResults, type Manifest, otherResults } from "@/model/compare";
import { compareTimes, lengthOf, mostly, type Timeline, verdict } from "@/model/compare_times";
import { runPath } from "@/model/run_address";
import { executionDate } from "@/model/time";
import { Button } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { Icon } from "@/ui/icon";
import { Menu } from "@/ui/menu";
import { ErrorNote, Loading } from "@/ui/notes";
import { Page, PageHead } from "@/ui/shell";
import { Card, Tag } from "@/ui/surface";
import { toast } from "@/ui/toast";
import { at, setQuery, useGo, useParam } from "@/ui/url";
import { useNow } from "@/ui/zone";

import { CodeCard } from "./code";
import css from "./compare.module.css";
import { FieldsCard } from "./fields";
import { RunPicker } from "./picker";
import { ResultsCard } from "./results";
import { nameText, parseName, type RunName, type Side, useSide } from "./run_name";
import { TimesCard } from "./times";

const RECENT = 12;

/** The run in its place in the head: what it is, and which to take instead. */
function SideButton({ letter, name, side, onPick }: { letter: "A" | "B"; name: RunName; side: Side; onPick: (run: RunName | null) => void }) {
  const go = useGo();
  const runs = useQuery(read("/api/v2/dags/{dag_id}/dagRuns", { path: { dag_id: name.dagId }, query: { limit: RECENT, order_by: "-logical_date" } })).data?.dag_runs ?? [];
  const manifest = side.manifest.data;
  return (
    <Menu
      entries={[
        { kind: "label", label: `Runs of ${name.dagId}` },
        ...runs.map((run) => ({
          label: executionDate(run.execution_date, side.zone), checked: run.dag_run_id === name.run, act: () => onPick({ dagId: name.dagId, run: run.dag_run_id }),
        })),
        { kind: "line" as const },
        { label: "Another DAG or run…", act: () => onPick(null) },
        { label: "Open this run", act: () => go(runPath(name.dagId, manifest ?? name.run, side.zone)) },
      ]}
    >
      <button type="button" className={css.side}>
        <span className="hidden">Run</span>
        <b className="strong">{letter}</b>
        <span className="mono">{manifest ? executionDate(manifest.execution_date, side.zone) : name.run}</span>
        {manifest && <Glyph state={manifest.state} size={13} label="" />}
        <span className="hidden">: take another</span>
        <span className="dim"><Icon name="chevron" size={12} /></span>
      </button>
    </Menu>
  );
}

interface Both {
  manifest: Manifest;
  timeline: Timeline;
  outputs: Parameters<typeof compareResults>[0];
  zone: string;
}

function Verdict({ a, b, text, times }: { a: Both; b: Both; text: string; times: ReturnType<typeof compareTimes> }) {
  const [was, is] = [lengthOf(a.timeline), lengthOf(b.timeline)];
  const most = mostly(times, was === null || is === null ? null : is - was);
  return (
    <Card label="Verdict" className={css.verdict!}>
      <p role="status">{text}</p>
      {most.length > 0 && (
        <p className="mid">Mostly {most.map(({ task, text: more }, index) => <span key={task}>{index > 0 && " and "}<b>{task}</b> ({more})</span>)}.</p>
      )}
    </Card>
  );
}

function Compared({ a, b }: { a: Both; b: Both }) {
  const datasets = useQuery({ ...read("/api/v2/datasets", { query: { limit: 200, order_by: "name" } }), staleTime: 60_000 }).data?.datasets;
  const ended = [a, b].every(({ manifest }) => manifest.state === "success" || manifest.state === "failed");
  const fields = useMemo(() => {
    const zoneOf = (dataset: string) => datasets?.find((each) => each.name === dataset)?.timezone ?? "UTC";
    return [...compareManifests(a.manifest, b.manifest, { a: a.zone, b: b.zone }, zoneOf), ...otherResults(a.outputs, b.outputs, ended)];
  }, [a, b, datasets, ended]);
  const results = useMemo(() => compareResults(a.outputs, b.outputs), [a, b]);
  const goesOn = a.timeline.end === null || b.timeline.end === null;
  const now = useNow();
  const until = goesOn ? now : 0;
  const times = useMemo(() => compareTimes(a.timeline, b.timeline, until), [a, b, until]);
  const [was, is] = [lengthOf(a.timeline), lengthOf(b.timeline)];
  const text = verdict({ a: a.manifest, b: b.manifest }, { a: a.timeline, b: b.timeline }, fields, results);
  return (
    <>
      <Verdict a={a} b={b} text={text} times={times} />
      <div className={css.grid}>
        <FieldsCard fields={fields} />
        <ResultsCard results={results} />
        <TimesCard times={times} total={was === null || is === null ? null : is - was} />
        <CodeCard a={a.manifest} b={b.manifest} />
      </div>
    </>
  );
}

/** What was read of a run: all of it, or what went wrong. */
function useBoth({ manifest, timeline, outputs, zone }: Side): { both: Both | null; error: unknown; retry: () => void } {
  const [found, drawn, made] = [manifest.data, timeline.data, outputs.data];
  const both = useMemo(() => (found && drawn && made ? { manifest: found, timeline: drawn, outputs: made.xcom_entries, zone } : null), [found, drawn, made, zone]);
  const error = both ? null : (manifest.error ?? timeline.error ?? outputs.error);
  return {
    both, error,
    retry: () => {
      void manifest.refetch();
      void timeline.refetch();
      void outputs.refetch();
    },
  };
}

const LIVE = ["/api/v2/dags/{dag_id}/dagRuns/{run_id}/manifest", "/api/v2/ui/dags/{dag_id}/dagRuns/{run_id}/timeline", "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries"] as const;

export default function ComparePage() {
  const [a, setA] = useParam("a");
  const [b, setB] = useParam("b");
  const [nameA, nameB] = [parseName(a), parseName(b)];
  const [sideA, sideB] = [useSide(nameA), useSide(nameB)];
  const [readA, readB] = [useBoth(sideA), useBoth(sideB)];
  const renew = () => renewSoon(2_000, ...LIVE);
  useTopic(nameA ? `run:${a}` : null, renew);
  useTopic(nameB ? `run:${b}` : null, renew);
  const pick = (set: typeof setA) => (run: RunName | null) => set(run && nameText(run), "push");
  const dags = [...new Set([nameA?.dagId, nameB?.dagId].filter((id): id is string => Boolean(id)))];
  const error = readA.error ?? readB.error;
  return (
    <Page crumbs={dags.length === 1 ? [{ label: dags[0]!, href: at("dags", dags[0]!) }, { label: "Compare" }] : [{ label: "Compare runs" }]}>
      <PageHead title="Compare runs" about={dags.map((id) => <Tag key={id}>{id}</Tag>)}>
        {nameA && nameB && (
          <>
            <SideButton letter="A" name={nameA} side={sideA} onPick={pick(setA)} />
            <span className="dim">with</span>
            <SideButton letter="B" name={nameB} side={sideB} onPick={pick(setB)} />
            <Button onClick={() => setQuery({ a: b, b: a }, "push")}>Swap</Button>
            <Button onClick={() => void navigator.clipboard.writeText(location.href).then(() => toast("Link copied"), () => toast("The browser doesn't let the link be copied", { kind: "bad" }))}>Copy link</Button>
          </>
        )}
      </PageHead>
      {!nameA || !nameB ? (
        <div className={css.pickers}>
          <RunPicker key={`a ${a}`} letter="A" dagId={nameA?.dagId ?? nameB?.dagId ?? ""} picked={nameA?.run ?? ""} onPick={pick(setA)} />
          <RunPicker key={`b ${b} ${a}`} letter="B" dagId={nameB?.dagId ?? nameA?.dagId ?? ""} picked={nameB?.run ?? ""} onPick={pick(setB)} />
        </div>
      )
      : error ? <Card label="Compare"><ErrorNote error={error} what="These runs can't be compared" onRetry={readA.error ? readA.retry : readB.retry} /></Card>
      : readA.both && readB.both ? <Compared a={readA.both} b={readB.both} />
      : <Loading lines={8} />}
    </Page>
  );
}
