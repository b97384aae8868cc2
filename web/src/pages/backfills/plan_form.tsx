import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";

import { DagPicker } from "@/actions/dag_picker";
import { ParamFields } from "@/actions/param_fields";
import { type Answer } from "@/api/client";
import { read } from "@/api/queries";
import type { BackfillForm, Reprocess } from "@/model/backfill_form";
import type { PlanAnswer } from "@/model/backfill_plan";
import type { Param } from "@/model/params";
import { count } from "@/model/time";
import { Button, Choice, Field, Segments, Switch, Tick } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { Icon } from "@/ui/icon";
import { TextArea } from "@/ui/text_area";

import css from "./new.module.css";

type DagDetails = Answer<"/api/v2/dags/{dag_id}/details">;

interface Props {
  form: BackfillForm;
  change: (changes: Partial<BackfillForm>) => void;
  faults: Readonly<Record<string, string>>;
  dag: DagDetails | undefined;
  params: readonly Param[];
  zone: string;
  /** The newest dry run, for the numbers beside choices. */
  answer: PlanAnswer | undefined;
}

function Group({ label, children, hint, error }: { label: string; children: ReactNode; hint?: ReactNode; error?: string | undefined }) {
  return (
    <div className={css.field} role="group" aria-label={label}>
      <span className={css.label}>{label}</span>
      {children}
      {(error || hint) && <p className={`${css.hint} ${error ? "bad" : ""}`} role={error ? "alert" : undefined}>{error || hint}</p>}
    </div>
  );
}

function WhichDag({ form, change, error }: Pick<Props, "form" | "change"> & { error: string | undefined }) {
  const [open, setOpen] = useState(!form.dag);
  return (
    <Group label="DAG" error={error}>
      <Button className={css.which} onClick={() => setOpen(true)}><span className={form.dag ? "mono ellipsis" : "dim"}>{form.dag || "Choose a DAG…"}</span><span className="space" /><Icon name="chevron" size={12} /></Button>
      <Dialog title="Backfill which DAG?" open={open} onClose={() => setOpen(false)}>
        <DagPicker onPick={(dag) => {
          // Tasks and params are another DAG's.
          change({ dag, tasks: [], params: {}, cascade: false });
          setOpen(false);
        }} />
      </Dialog>
    </Group>
  );
}

function Dates({ form, change, faults, zone, answer }: Props) {
  const number = answer ? `${count(answer.totals.total)} dates, both ends included. ` : "";
  const hint = <>{number}Days in {zone}; <span className="nowrap">2013-06-11 05:30</span> for a part of one.</>;
  return (
    <Group label="Execution dates" hint={hint} error={faults.from ?? faults.to ?? faults.dates}>
      <div className="row"><Segments label="How dates are given" value={form.by} options={[{ value: "range", label: "From, to" }, { value: "dates", label: "Exactly these" }]} onChange={(by) => change({ by })} /></div>
      {form.by === "range"
        ? (
          <div className={css.dates}>
            <Field label="First date" placeholder="2013-01-01" value={form.from} onChange={(from) => change({ from })} aria-invalid={Boolean(faults.from)} />
            <span className="dim">to</span>
            <Field label="Last date" placeholder="2013-06-11" value={form.to} onChange={(to) => change({ to })} aria-invalid={Boolean(faults.to)} />
          </div>
        )
        : <TextArea label="Dates" mono rows={3} placeholder="2013-06-11, 2013-06-13" value={form.dates} onChange={(dates) => change({ dates })} />}
    </Group>
  );
}

function ExistingRuns({ form, change, answer }: Props) {
  const name = useId();
  const rerun = answer?.totals.rerun ?? 0;
  const options: [Reprocess, string, string][] = [
    ["none", "Keep every run", "Only fill the gaps"],
    ["failed", "Re-run failed", form.reprocess === "failed" && rerun ? `Gaps, and ${count(rerun)} that failed` : "Gaps, and runs that ended in failed"],
    ["completed", "Re-run all", form.reprocess === "completed" && rerun ? `Gaps, and ${count(rerun)} runs again, good ones too` : "Gaps, and every run again"],
  ];
  return (
    <Group label="Dates that already have a run">
      {options.map(([value, title, about]) => (
        <label key={value} className={css.option} data-on={form.reprocess === value}>
          <input type="radio" name={name} checked={form.reprocess === value} onChange={() => change({ reprocess: value })} />
          <b>{title}</b>
          <small>{about}</small>
        </label>
      ))}
    </Group>
  );
}

function Tasks({ form, change, faults, dag }: Props) {
  const some = form.tasks.length > 0;
  const [open, setOpen] = useState(some);
  const [sought, setSought] = useState("");
  const found = useQuery({ ...read("/api/v2/dags/{dag_id}/tasks", { path: { dag_id: form.dag } }), enabled: Boolean(form.dag) && (open || some) });
  const all = found.data?.tasks ?? [];
  const shown = all.filter((task) => task.task_id.toLowerCase().includes(sought.toLowerCase()));
  const pick = (task: string, on: boolean) => change({ tasks: on ? [...form.tasks, task] : form.tasks.filter((each) => each !== task) });
  return (
    <Group label="Tasks" error={faults.tasks} hint={some ? `${form.tasks.length} chosen; what is left out counts as done` : open ? "None chosen yet: all of them run" : undefined}>
      <div className="row">
        <Segments
          label="Which tasks" value={open || some ? "some" : "all"} options={[{ value: "all", label: `All${dag ? ` ${dag.task_count}` : ""}` }, { value: "some", label: "Some" }]}
          onChange={(next) => {
            setOpen(next === "some");
            if (next === "all") change({ tasks: [], upstream: false, downstream: false });
          }}
        />
      </div>
      {(open || some) && (
        <>
          {all.length > 12 && <Field label="Find a task" icon="search" placeholder="Find a task" value={sought} onChange={setSought} />}
          <div className={css.tasks} role="group" aria-label="Tasks">
            {shown.slice(0, 200).map((task) => <Tick key={task.task_id} label={<span className="mono">{task.task_id}</span>} on={form.tasks.includes(task.task_id)} onChange={(on) => pick(task.task_id, on)} />)}
            {shown.length > 200 && <p className="dim small">and {shown.length - 200} more: type a part of the name</p>}
          </div>
          <div className="row gap16">
            <Tick label="and upstream" on={form.upstream} onChange={(upstream) => change({ upstream })} />
            <Tick label="and downstream" on={form.downstream} onChange={(downstream) => change({ downstream })} />
          </div>
        </>
      )}
    </Group>
  );
}

function Behaviour({ form, change, faults, dag }: Props) {
  const pools = useQuery(read("/api/v2/pools", { query: { limit: 100 } })).data?.pools ?? [];
  const version = dag ? `v${dag.version_number}` : "newest";
  return (
    <>
      <div className={css.pair}>
        <Field label="Runs at once" shown className={css.mono} placeholder="10" inputMode="numeric" value={form.runs} error={faults.runs} onChange={(runs) => change({ runs })} />
        <Choice label="Order" shown value={form.backwards ? "new" : "old"} options={[{ value: "old", label: "Oldest first" }, { value: "new", label: "Newest first" }]} onChange={(order) => change({ backwards: order === "new" })} />
        <Field label="Priority" shown className={css.mono} placeholder="0" value={form.priority} error={faults.priority} onChange={(priority) => change({ priority })} />
        <Choice label="Code of repeated runs" shown value={form.pinned ? "pinned" : "latest"} options={[{ value: "latest", label: `${version}, current` }, { value: "pinned", label: "What each had" }]} onChange={(next) => change({ pinned: next === "pinned" })} />
      </div>
      <Choice
        label="Pool" shown value={form.pool} hint={faults.pool && <span className="bad">{faults.pool}</span>}
        options={[{ value: "", label: "As its tasks say" }, ...pools.map((pool) => ({ value: pool.name, label: `${pool.name}, ${pool.slots} slots` }))]}
        onChange={(pool) => change({ pool })}
      />
    </>
  );
}

/** What to run, and how. Each choice is in the URL; its consequences are to the right. */
export function PlanForm(props: Props) {
  const { form, change, faults, params, answer } = props;
  const follow = answer?.cascade.map((next) => next.dag_id) ?? [];
  return (
    <form onSubmit={(event) => event.preventDefault()} noValidate>
      <WhichDag form={form} change={change} error={faults.dag} />
      {form.dag && (
        <>
          <Dates {...props} />
          <ExistingRuns {...props} />
          <Tasks {...props} />
          <Behaviour {...props} />
          <Group label="Also run what reads the result" hint={form.cascade && answer ? (follow.length ? `Into ${follow.join(", ")}` : "No other DAG reads what this one makes") : undefined}>
            <div className="row gap8">
              <Switch on={form.cascade} label="Carry on downstream" onChange={(cascade) => change({ cascade })} />
              <span className={form.cascade ? "" : "mid"}>{form.cascade ? "Carries on downstream" : "This DAG alone"}</span>
            </div>
          </Group>
          {params.length > 0 && (
            <Group label="Params of all its runs">
              <ParamFields
                params={params} texts={form.params}
                faults={Object.fromEntries(Object.entries(faults).filter(([field]) => field.startsWith("p.")).map(([field, fault]) => [field.slice(2), fault]))}
                onChange={(name, text) => {
                  const next = { ...form.params };
                  if (text === null) delete next[name];
                  else next[name] = text;
                  change({ params: next });
                }}
              />
            </Group>
          )}
          <TextArea label="Description" shown rows={2} placeholder="Why, for who looks at it later" value={form.description} onChange={(description) => change({ description })} />
        </>
      )}
    </form>
  );
}
