import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { useDialogs } from "@/actions/use_dialogs";
import { read, useMay } from "@/api/queries";
import { isDay, queryOf, RUN_STATES, RUN_TYPES } from "@/model/run_list";
import { wordOf } from "@/model/states";
import { Button, Choice, Field, Segments } from "@/ui/controls";
import { useNarrow } from "@/ui/narrow";
import { Empty, Shown } from "@/ui/notes";
import { Pager } from "@/ui/pager";
import { useFilterKey, useRowKeys, useSettled } from "@/ui/rows";
import { Page, PageHead } from "@/ui/shell";
import { Card } from "@/ui/surface";
import { setQuery, useKeptScroll, useParam } from "@/ui/url";

import { useLiveRuns } from "./live";
import css from "./runs.module.css";
import { RunRows, RunsTable } from "./table";

const LIMIT = 50;
const NO_FILTER = { state: null, type: null, dag: null, from: null, to: null, backfill: null, offset: null };
const ORDERS = [{ value: "-id", label: "Newest first" }, { value: "-logical_date", label: "Latest date first" }, { value: "logical_date", label: "Earliest date first" }];

/** A parameter of the URL; a change goes back to the first page. */
function useFilter(name: string, fallback = "") {
  const [value, set] = useParam(name, fallback);
  return [value, (next: string) => {
    set(next || null);
    setQuery({ offset: null });
  }] as const;
}

function DateField({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <Field
      label={label} placeholder="2001-01-05" unit="UTC" inputMode="numeric" maxLength={10} value={value} className={css.date!}
      error={value && !isDay(value) ? "like 2001-01-05" : null} onChange={onChange}
    />
  );
}

export default function RunsPage() {
  const [state, setState] = useFilter("state", "all");
  const [type, setType] = useFilter("type");
  const [dag, setDag] = useFilter("dag");
  const [from, setFrom] = useFilter("from");
  const [to, setTo] = useFilter("to");
  const [backfill] = useFilter("backfill");
  const [order, setOrder] = useFilter("order", "-id");
  const offset = Number(useParam("offset", "0")[0]) || 0;
  const settled = useSettled(dag);
  const list = useQuery({
    ...read("/api/v2/dags/{dag_id}/dagRuns", { path: { dag_id: "~" }, query: queryOf({ state, type, dag: settled, from, to, backfill, order, offset }, LIMIT) }),
    placeholderData: keepPreviousData,
  });
  useLiveRuns();
  const narrow = useNarrow();
  const [unfolded, setUnfolded] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const body = useKeptScroll<HTMLDivElement>("runs");
  const may = useMay("operator");
  const [dialog, open] = useDialogs();
  useFilterKey(field);
  useRowKeys(body);
  const filtered = state !== "all" || Boolean(type || dag || from || to || backfill);
  const clear = <Button small onClick={() => setQuery(NO_FILTER)}>Clear the filter</Button>;
  return (
    <Page crumbs={[{ label: "Runs" }]}>
      <PageHead title="Runs" />
      <div className={css.filters}>
        <Segments label="State" value={state} options={["all", ...RUN_STATES].map((each) => ({ value: each, label: each === "all" ? "All" : wordOf(each as "failed") }))} onChange={setState} />
        {narrow && <Button icon="filter" aria-expanded={unfolded} onClick={() => setUnfolded(!unfolded)}>Filters</Button>}
        {(!narrow || unfolded) && <>
          <Choice label="Type" value={type} options={[{ value: "", label: "Any type" }, ...Object.entries(RUN_TYPES).map(([value, label]) => ({ value, label }))]} onChange={setType} />
          <Field label="DAG" placeholder="DAG, such as flights_*" icon="filter" type="search" value={dag} inputRef={field} className={css.dagField!} onChange={setDag} />
          <span className="row gap6">
            <DateField label="Execution date from" value={from} onChange={setFrom} />
            <span className="dim">to</span>
            <DateField label="Execution date to" value={to} onChange={setTo} />
          </span>
          {backfill && <Button small icon="close" onClick={() => setQuery({ backfill: null, offset: null })}>of backfill {backfill}</Button>}
          {filtered && clear}
          <span className="space" />
          <Choice label="Order" value={order} options={ORDERS} onChange={setOrder} />
        </>}
      </div>
      <Card
        label="Runs"
        className={css.card!}
        foot={list.data && (
          <>
            <span>Execution dates in the zone of their DAG</span>
            <span className="space" />
            <Pager
              offset={offset} limit={LIMIT} shown={list.data.dag_runs.length} total={list.data.total_entries ?? 0} more={list.data.total_is_lower_bound}
              onOffset={(next) => setQuery({ offset: next || null }, "push")}
            />
            <span className={`row gap4 ${css.hints}`} aria-hidden><kbd>J</kbd><kbd>K</kbd> move <kbd>Enter</kbd> open <kbd>/</kbd> filter</span>
          </>
        )}
      >
        <div className={css.scroll} ref={body}>
          <Shown query={list} what="The runs can't be listed" lines={10}>
            {({ dag_runs }) => dag_runs.length ? (narrow ? <RunRows runs={dag_runs} /> : <RunsTable runs={dag_runs} act={may ? open : null} />)
              : filtered ? <Empty title="No run fits the filter">{clear}</Empty>
              : <Empty title="No runs yet" command="millrace run my_dag" />}
          </Shown>
        </div>
      </Card>
      {dialog}
    </Page>
  );
}
