import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Action } from "@/actions/use_dialogs";
import { read, useMay } from "@/api/queries";
import { ranked } from "@/model/fuzzy";
import { datesOf, lettersPattern, likePattern, parseTyped, type Typed } from "@/model/palette";
import { runPath } from "@/model/run_address";
import { executionDate } from "@/model/time";

import type { IconName } from "./icon";
import { recentPlaces } from "./recent";
import { useSettled } from "./rows";
import { setTheme, theme } from "./theme";
import { at, link } from "./url";

export interface Item {
  id: string;
  label: string;
  /** Beside it, dim. */
  hint?: string;
  icon?: IconName;
  /** A run's state instead of an icon. */
  state?: string;
  to?: string;
  act?: () => void;
}
export interface Group {
  label: string;
  items: Item[];
}

const PAGES: Item[] = [
  { id: "page /", label: "Overview", icon: "overview", to: "/" },
  { id: "page /dags", label: "DAGs", icon: "dags", to: "/dags" },
  { id: "page /runs", label: "Runs", icon: "runs", to: "/runs" },
  { id: "page failed", label: "Failed runs", icon: "runs", to: "/runs?state=failed" },
  { id: "page /backfills", label: "Backfills", icon: "backfills", to: "/backfills" },
  { id: "page /datasets", label: "Datasets", icon: "datasets", to: "/datasets" },
  { id: "page /capacity", label: "Pools & devices", icon: "capacity", to: "/capacity" },
  { id: "page /compare", label: "Compare runs", icon: "compare", to: "/compare" },
  { id: "page /event-log", label: "Event log", icon: "events", to: "/event-log" },
  { id: "page /settings", label: "Settings", icon: "settings", to: "/settings" },
  { id: "page variables", label: "Variables", icon: "settings", to: "/settings?tab=variables" },
];

function useDags(words: string) {
  const query = (pattern: string) => ({ query: { dag_id_pattern: pattern, limit: 50 } });
  const plain = useQuery({ ...read("/api/v2/dags", query(likePattern(words))), enabled: words !== "", staleTime: 30_000 }).data?.dags;
  // "fling" for flights_ingest: asked for only when nothing has the words themselves.
  const loose = useQuery({ ...read("/api/v2/dags", query(lettersPattern(words))), enabled: words !== "" && plain?.length === 0, staleTime: 30_000 }).data?.dags;
  return ranked(words, plain?.length ? plain : (loose ?? []), (dag) => dag.dag_id).slice(0, 6);
}

/** Runs of the best DAG on a day or in a month of its zone. */
function useRuns(dagId: string | undefined, date: Typed["date"]): Item[] {
  const zone = useQuery({ ...read("/api/v2/dags/{dag_id}/details", { path: { dag_id: dagId ?? "" } }), enabled: Boolean(dagId && date), staleTime: 600_000 }).data?.timezone;
  const range = date && zone ? datesOf(date, zone) : null;
  const runs = useQuery({
    ...read("/api/v2/dags/{dag_id}/dagRuns", {
      path: { dag_id: dagId ?? "" }, query: { logical_date_gte: range?.from ?? "", logical_date_lt: range?.to ?? "", limit: 8, order_by: "logical_date" },
    }),
    enabled: Boolean(dagId && range),
  }).data?.dag_runs;
  if (!zone) return [];
  return (runs ?? []).map((run) => ({
    id: `run ${run.dag_id} ${run.dag_run_id}`, label: `${run.dag_id} ${executionDate(run.execution_date, zone)}`, hint: run.run_type, state: run.state,
    to: runPath(run.dag_id, run, zone),
  }));
}

function useDatasets(words: string): Item[] {
  const found = useQuery({ ...read("/api/v2/datasets", { query: { name_pattern: likePattern(words), limit: 20 } }), enabled: words !== "", staleTime: 30_000 }).data?.datasets;
  return ranked(words, (words && found) || [], (each) => each.name).slice(0, 4).map((each) => ({
    id: `dataset ${each.name}`, label: each.name, hint: each.dag_id ? `by ${each.dag_id}` : "", icon: "datasets", to: at("datasets", each.name),
  }));
}

function useBackfills(words: string): Item[] {
  const found = useQuery({ ...read("/api/v2/backfills", { query: { order_by: "-id", limit: 50 } }), enabled: words !== "", staleTime: 10_000 }).data?.backfills;
  return ranked(words, (words && found) || [], (each) => `backfill ${each.id} ${each.dag_id}`).slice(0, 4).map((each) => ({
    id: `backfill ${each.id}`, label: `Backfill ${each.id} of ${each.dag_id}`, hint: each.state, icon: "backfills", to: at("backfills", String(each.id)),
  }));
}

function actionsOf(dagIds: string[], operator: boolean, act: (action: Action) => void): Item[] {
  const some: Item[] = [];
  for (const dagId of dagIds) {
    if (operator) some.push({ id: `trigger ${dagId}`, label: `Trigger ${dagId}…`, icon: "play", act: () => act({ kind: "trigger", dagId }) });
    some.push({ id: `backfill of ${dagId}`, label: `Backfill ${dagId}…`, icon: "backfills", to: link("/backfills/new", { dag: dagId }) });
  }
  return some;
}

function general(operator: boolean, author: boolean, act: (action: Action) => void): Item[] {
  return [
    ...(operator ? [{ id: "trigger", label: "Trigger a run…", icon: "play" as const, act: () => act({ kind: "trigger" }) }] : []),
    { id: "backfill", label: "New backfill…", icon: "backfills", to: "/backfills/new" },
    ...(author ? [{ id: "submit", label: "Submit a DAG…", icon: "plus" as const, to: "/submit" }] : []),
    { id: "theme", label: "Change the theme", icon: theme() === "dark" ? "sun" : "moon", act: () => setTheme(theme() === "dark" ? "light" : "dark") },
  ];
}

/** What fits the typed text, in the order in which it is shown. */
export function useItems(text: string, act: (action: Action) => void): Group[] {
  const operator = useMay("operator");
  const author = useMay("author");
  const typed = parseTyped(text);
  const settled = parseTyped(useSettled(text, 120));
  const dags = useDags(settled.words);
  const runs = useRuns(settled.verb ? undefined : dags[0]?.dag_id, settled.date);
  const plain = settled.verb || settled.date ? "" : settled.words;
  const datasets = useDatasets(plain);
  const backfills = useBackfills(plain);
  const recent = useMemo(() => recentPlaces().filter((place) => place.path !== location.pathname), []);
  if (!text.trim()) {
    return [
      { label: "Recent", items: recent.map((place) => ({ id: `recent ${place.path}`, label: place.label, icon: "clock" as const, to: place.path })) },
      { label: "Pages", items: PAGES },
      { label: "Actions", items: general(operator, author, act) },
    ].filter((group) => group.items.length);
  }
  const verbs = actionsOf(dags.map((dag) => dag.dag_id), operator, act).filter((item) => !typed.verb || item.id.startsWith(typed.verb));
  if (typed.verb) return [{ label: "Actions", items: verbs }].filter((group) => group.items.length);
  return [
    { label: "Runs", items: runs },
    { label: "DAGs", items: dags.map((dag) => ({ id: `dag ${dag.dag_id}`, label: dag.dag_id, hint: dag.is_paused ? "paused" : dag.tags.map((tag) => tag.name).join(", "), icon: "dags" as const, to: at("dags", dag.dag_id) })) },
    { label: "Pages", items: typed.words ? ranked(typed.words, PAGES, (page) => page.label) : [] },
    { label: "Datasets", items: datasets },
    { label: "Backfills", items: backfills },
    { label: "Actions", items: [...(typed.words ? ranked(typed.words, general(operator, author, act), (item) => item.label) : []), ...verbs.slice(0, 2)] },
  ].filter((group) => group.items.length);
}
