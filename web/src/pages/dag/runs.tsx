import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, type Ref, useRef, useState } from "react";
import { Link } from "wouter";

import { useDialogs } from "@/actions/use_dialogs";
import type { StreamEvent } from "@/api/events";
import { queries, read, useMay } from "@/api/queries";
import { renewSoon } from "@/api/renew";
import { useTopic } from "@/api/stream";
import { dayNumber } from "@/model/calendar";
import { chosenTwo, dagRunsQuery } from "@/model/dag_runs";
import { applyRunsToList, RUN_STATES, RUN_TYPES, type RunList } from "@/model/run_list";
import { wordOf } from "@/model/states";
import { Button, Choice, Field, IconButton, Segments } from "@/ui/controls";
import { Icon } from "@/ui/icon";
import { useNarrow } from "@/ui/narrow";
import { Empty, Shown } from "@/ui/notes";
import { Pager } from "@/ui/pager";
import { useFilterKey, useRowKeys } from "@/ui/rows";
import { Card } from "@/ui/surface";
import { link, setQuery, useKeptScroll, useParam } from "@/ui/url";

import type { DagTab } from "./index";
import css from "./runs.module.css";
import { RunRows, RunTable } from "./runs_table";

const LIMIT = 50;
/** A phone has no columns to click. */
const ORDERS = [
  { value: "-logical_date", label: "Latest date first" }, { value: "logical_date", label: "Earliest date first" }, { value: "-start_date", label: "Started last first" },
  { value: "-duration", label: "Longest first" }, { value: "state", label: "By state" },
];
const NO_FILTER = { state: null, type: null, from: null, to: null, version: null, backfill: null, offset: null };

/** A parameter of the URL; a change goes back to the first page. */
function useFilter(name: string, fallback = "") {
  const [value] = useParam(name, fallback);
  return [value, (next: string) => setQuery({ [name]: next === fallback ? null : next, offset: null })] as const;
}

function useFilters() {
  const [state, setState] = useFilter("state", "all");
  const [type, setType] = useFilter("type");
  const [from, setFrom] = useFilter("from");
  const [to, setTo] = useFilter("to");
  const [version, setVersion] = useFilter("version");
  const [backfill, setBackfill] = useFilter("backfill");
  const [order, setOrder] = useFilter("order", "-logical_date");
  const offset = Number(useParam("offset", "0")[0]) || 0;
  return {
    filter: { state, type, from, to, version, backfill, order, offset }, setState, setType, setFrom, setTo, setVersion, setBackfill, setOrder,
    any: state !== "all" || Boolean(type || from || to || version || backfill),
  };
}

const isRun = (event: StreamEvent): event is Extract<StreamEvent, { type: "run" }> => event.type === "run";

/** Rows move at once; which rows there are is read anew every two seconds at most. */
function useLive(dagId: string): void {
  useTopic(`dag:${dagId}`, (events) => {
    const moves = events.filter(isRun);
    if (!moves.length && !events.some((event) => event.type === "reset")) return;
    queries.setQueriesData<RunList>({ queryKey: ["/api/v2/dags/{dag_id}/dagRuns", { dag_id: dagId }] }, (list) => list && applyRunsToList(list, moves));
    renewSoon(2_000, "/api/v2/dags/{dag_id}/dagRuns");
  });
}

export default function RunsTab({ dag }: DagTab) {
  const filters = useFilters();
  const { filter } = filters;
  const zone = dag.timezone ?? "UTC";
  const list = useQuery({
    ...read("/api/v2/dags/{dag_id}/dagRuns", { path: { dag_id: dag.dag_id }, query: dagRunsQuery(filter, zone, LIMIT) }), placeholderData: keepPreviousData,
  });
  useLive(dag.dag_id);
  const [chosen, setChosen] = useState<string[]>([]);
  const body = useKeptScroll<HTMLDivElement>("dag_runs");
  useRowKeys(body);
  const may = useMay("operator");
  const [dialog, open] = useDialogs();
  const narrow = useNarrow();
  const clear = <Button small onClick={() => setQuery(NO_FILTER)}>Clear the filter</Button>;
  const shared = { zone, chosen, onChoose: (id: string) => setChosen(chosenTwo(chosen, id)), act: may ? open : null };
  return (
    <>
      <Filters filters={filters} zone={zone} clear={clear} />
      <Card
        label={`Runs of ${dag.dag_id}`}
        className={css.card!}
        foot={list.data && <>
          <Compare dagId={dag.dag_id} chosen={chosen} onClear={() => setChosen([])} />
          <span className="space" />
          <Pager
            offset={filter.offset} limit={LIMIT} shown={list.data.dag_runs.length} total={list.data.total_entries ?? 0} more={list.data.total_is_lower_bound}
            onOffset={(next) => setQuery({ offset: next || null }, "push")}
          />
        </>}
      >
        <div className={css.scroll} ref={body}>
          <Shown query={list} what="The runs can't be listed" lines={10}>
            {(found) => found.dag_runs.length ? (narrow ? <RunRows list={found} {...shared} /> : <RunTable list={found} order={filter.order} onOrder={filters.setOrder} {...shared} />)
              : filters.any ? <Empty title="No run fits the filter">{clear}</Empty>
              : <Empty title="No runs yet" command={`millrace run ${dag.dag_id}`} />}
          </Shown>
        </div>
      </Card>
      {dialog}
    </>
  );
}

/** As dates are written everywhere here, whatever the browser's own picker would write. */
function DateField({ label, value, onChange, inputRef }: { label: string; value: string; onChange: (value: string) => void; inputRef?: Ref<HTMLInputElement> }) {
  return (
    <Field
      label={label} placeholder="2013-01-05" inputMode="numeric" maxLength={10} value={value} className={css.date!} {...(inputRef ? { inputRef } : {})}
      error={value && !(dayNumber(value) >= 0) ? "like 2013-01-05" : null} onChange={onChange}
    />
  );
}

function Filters({ filters, zone, clear }: { filters: ReturnType<typeof useFilters>; zone: string; clear: ReactNode }) {
  const { filter } = filters;
  const narrow = useNarrow();
  const [unfolded, setUnfolded] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useFilterKey(field);
  return (
    <div className={css.filters}>
      <Segments label="State" value={filter.state} options={["all", ...RUN_STATES].map((each) => ({ value: each, label: each === "all" ? "All" : wordOf(each as "failed") }))} onChange={filters.setState} />
      {narrow && <Button icon="filter" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>Filters</Button>}
      {(!narrow || unfolded) && <>
        <Choice label="Type" value={filter.type} options={[{ value: "", label: "Any type" }, ...Object.entries(RUN_TYPES).map(([value, label]) => ({ value, label }))]} onChange={filters.setType} />
        <span className="row gap6">
          <DateField label={`Execution dates from, in ${zone}`} inputRef={field} value={filter.from} onChange={filters.setFrom} />
          <span className="dim">to</span>
          <DateField label={`Execution dates to, in ${zone}`} value={filter.to} onChange={filters.setTo} />
          <span className="dim nowrap">{zone}</span>
        </span>
        {filter.version && <Button small icon="close" onClick={() => filters.setVersion("")}>of v{filter.version}</Button>}
        {filter.backfill && <Button small icon="close" onClick={() => filters.setBackfill("")}>of backfill {filter.backfill}</Button>}
        {filters.any && clear}
        {narrow && <Choice label="Order" value={filter.order} options={ORDERS} onChange={filters.setOrder} />}
      </>}
    </div>
  );
}

/** Two runs that were ticked, side by side: on this page or on another one. */
function Compare({ dagId, chosen, onClear }: { dagId: string; chosen: readonly string[]; onClear: () => void }) {
  if (!chosen.length) return <span>Tick two runs to compare them</span>;
  const [a, b] = chosen;
  return (
    <span className="row gap8">
      {b === undefined ? <span>One run is ticked; tick another</span> : <Link href={link("/compare", { a: `${dagId}/${a}`, b: `${dagId}/${b}` })} className={css.compare}><Icon name="compare" size={13} />Compare the two runs</Link>}
      <IconButton icon="close" size={13} label="Untick" onClick={onClear} />
    </span>
  );
}
