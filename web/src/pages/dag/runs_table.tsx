import { Fragment, type ReactNode, useState } from "react";
import { Link } from "wouter";

import type { Action } from "@/actions/use_dialogs";
import { longestOf, nextOrder, orderOf, type RunOrder, secondsOfRun } from "@/model/dag_runs";
import { intervalText, runPath } from "@/model/run_address";
import { type ListedRun, makerOf, RUN_TYPES, type RunList } from "@/model/run_list";
import { toState, toneOf } from "@/model/states";
import { duration, executionDate } from "@/model/time";
import { entriesOf, RunState } from "@/pages/runs/table";
import { IconButton } from "@/ui/controls";
import { Icon } from "@/ui/icon";
import { Menu } from "@/ui/menu";
import { Tip } from "@/ui/tip";
import { at, link } from "@/ui/url";
import { Instant, useSteps } from "@/ui/zone";

import css from "./runs.module.css";

interface Shared {
  list: RunList;
  zone: string;
  /** Run ids that are ticked, two at most. */
  chosen: readonly string[];
  onChoose: (runId: string) => void;
  act: ((action: Action) => void) | null;
}

function versionOf(run: ListedRun): number | undefined {
  return run.dag_versions.at(-1)?.version_number;
}

/** The second hand only for a page on which something runs. */
function useRunning(list: RunList): number {
  const runs = list.dag_runs.some((run) => run.state === "running");
  return useSteps(runs ? 1000 : 3_600_000);
}

function DateLink({ run, zone }: { run: ListedRun; zone: string }) {
  return <Link href={runPath(run.dag_id, run, zone)} className={`mono strong ${css.link}`} title={run.dag_run_id}>{executionDate(run.execution_date, zone)}</Link>;
}

/** As long as it took beside the page's longest, in its state's colour. */
function Lasted({ run, now, longest }: { run: ListedRun; now: number; longest: number }) {
  const seconds = secondsOfRun(run, now);
  if (seconds === null) return <span className="dim">–</span>;
  return (
    <span className={css.lasted}>
      <span className={css.track} aria-hidden><i style={{ width: `${(100 * seconds) / longest}%`, background: `var(--${toneOf(toState(run.state))})` }} /></span>
      <span className={css.seconds}>{duration(seconds)}</span>
    </span>
  );
}

function Pick({ run, zone, chosen, onChoose }: { run: ListedRun } & Pick<Shared, "zone" | "chosen" | "onChoose">) {
  return (
    <label className={css.pick}>
      <input type="checkbox" checked={chosen.includes(run.dag_run_id)} onChange={() => onChoose(run.dag_run_id)} />
      <span className="hidden">Compare the run of {executionDate(run.execution_date, zone)}</span>
    </label>
  );
}

/** All that the list knows of a run. */
function Details({ run, zone }: { run: ListedRun; zone: string }) {
  const interval = intervalText(run.data_interval_start, run.data_interval_end, zone);
  const params = Object.entries(run.conf);
  const facts: [string, ReactNode][] = [
    ["Run", <span key="run" className="mono">{run.dag_run_id}</span>],
    ["Made by", `${makerOf(run)}${run.rerun ? `, cleared ${run.rerun} ${run.rerun === 1 ? "time" : "times"}` : ""}`],
    ["Queued", <Instant key="queued" at={run.queued_at} as="full" />],
    ["Ended", run.end_date ? <Instant key="ended" at={run.end_date} as="full" /> : null],
    ["Data interval", interval],
    ["Partition", run.partition_key],
  ];
  return (
    <div className={css.details}>
      <dl className="facts">{facts.map(([name, value]) => value && <Fragment key={name}><dt>{name}</dt><dd>{value}</dd></Fragment>)}</dl>
      <div>
        <p className={css.title}>Params</p>
        {params.length === 0 ? <p className="dim">none</p> : (
          <dl className="facts">{params.map(([name, value]) => <Fragment key={name}><dt className="mono">{name}</dt><dd className="mono">{typeof value === "string" ? value : JSON.stringify(value)}</dd></Fragment>)}</dl>
        )}
      </div>
      {run.note && <div><p className={css.title}>Note</p><p className={css.note}>{run.note}</p></div>}
    </div>
  );
}

interface TableProps extends Shared {
  order: string;
  onOrder: (order: string) => void;
}

function Column({ name, order, onOrder, children, right }: { name: RunOrder; order: string; onOrder: (order: string) => void; children: ReactNode; right?: boolean }) {
  const { key, down } = orderOf(order);
  const here = key === name;
  return (
    <th aria-sort={here ? (down ? "descending" : "ascending") : "none"} className={right ? "right" : undefined}>
      <button type="button" className={css.sort} data-here={here} onClick={() => onOrder(nextOrder(order, name))}>{children}<Icon name={here && !down ? "up" : "down"} size={11} /></button>
    </th>
  );
}

export function RunTable({ list, zone, chosen, onChoose, act, order, onOrder }: TableProps) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const now = useRunning(list);
  const longest = longestOf(list, now);
  const toggle = (id: string) => setOpen((before) => {
    const next = new Set(before);
    if (!next.delete(id)) next.add(id);
    return next;
  });
  const sorted = { order, onOrder };
  return (
    <table className={`list ${css.table}`}>
      <thead>
        <tr>
          <th className={css.tick}><span className="hidden">Compare</span></th>
          <Column name="logical_date" {...sorted}>Execution date</Column>
          <Column name="state" {...sorted}>State</Column>
          <th>Type</th>
          <Column name="start_date" {...sorted}>Started</Column>
          <Column name="duration" {...sorted}>Duration</Column>
          <th className={css.version}>Version</th>
          <th className={css.backfill}>Backfill</th>
          <th className={css.noted}>Note</th>
          <th><span className="hidden">Details and actions</span></th>
        </tr>
      </thead>
      <tbody>
        {list.dag_runs.map((run) => {
          const id = run.dag_run_id;
          const version = versionOf(run);
          const name = executionDate(run.execution_date, zone);
          return (
            <Fragment key={id}>
              <tr data-row={id} aria-selected={chosen.includes(id) || undefined} className={open.has(id) ? css.opened : undefined}>
                <td className={css.tick}><Pick run={run} zone={zone} chosen={chosen} onChoose={onChoose} /></td>
                <td><DateLink run={run} zone={zone} /></td>
                <td><RunState run={run} /></td>
                <td className="mid">{RUN_TYPES[run.run_kind as keyof typeof RUN_TYPES] ?? run.run_type}</td>
                <td className="mid"><Instant at={run.start_date ?? run.queued_at} /></td>
                <td><Lasted run={run} now={now} longest={longest} /></td>
                <td className={`mid ${css.version}`}>{version ? <Link href={link(at("dags", run.dag_id, "code"), { v: version })} className={css.link}>v{version}</Link> : <span className="dim">–</span>}</td>
                <td className={`mid ${css.backfill}`}>{run.backfill_id ? <Link href={at("backfills", String(run.backfill_id))} className={css.link}>backfill {run.backfill_id}</Link> : <span className="dim">–</span>}</td>
                <td className={`mid ${css.noted}`}>{run.note && <Tip text={run.note}><span className="ellipsis">{run.note}</span></Tip>}</td>
                <td className={css.last}>
                  <span className="row gap4">
                    <IconButton icon={open.has(id) ? "chevron" : "chevron_right"} size={14} label={`${open.has(id) ? "Hide" : "Show"} params and details of ${name}`} aria-expanded={open.has(id)} onClick={() => toggle(id)} />
                    {act && <Menu entries={entriesOf(run, act)}><IconButton icon="more" size={14} label={`Actions for ${name}`} /></Menu>}
                  </span>
                </td>
              </tr>
              {open.has(id) && <tr className={css.more}><td colSpan={10}><Details run={run} zone={zone} /></td></tr>}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

/** The list on a phone. */
export function RunRows({ list, zone, chosen, onChoose }: Shared) {
  const now = useRunning(list);
  const longest = longestOf(list, now);
  return (
    <ul className={css.rows}>
      {list.dag_runs.map((run) => (
        <li key={run.dag_run_id} data-row={run.dag_run_id}>
          <Pick run={run} zone={zone} chosen={chosen} onChoose={onChoose} />
          <span className={css.two}>
            <DateLink run={run} zone={zone} />
            <RunState run={run} />
          </span>
          <span className={css.side}><Instant at={run.start_date ?? run.queued_at} as="relative" /><Lasted run={run} now={now} longest={longest} /></span>
          <details><summary>Params and details</summary><Details run={run} zone={zone} /></details>
        </li>
      ))}
    </ul>
  );
}
