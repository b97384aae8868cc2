import { memo } from "react";
import { Link } from "wouter";

import { useAsked } from "@/actions/runs";
import type { Action } from "@/actions/use_dialogs";
import { type ListedRun, makerOf, RUN_TYPES } from "@/model/run_list";
import { duration } from "@/model/time";
import { IconButton } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { Icon } from "@/ui/icon";
import { Menu, type MenuEntry } from "@/ui/menu";
import { RunLink } from "@/ui/run_date";
import { StateWord, Tag } from "@/ui/surface";
import { Tip } from "@/ui/tip";
import { at } from "@/ui/url";
import { Instant, useNow } from "@/ui/zone";

import css from "./runs.module.css";

interface Props {
  runs: ListedRun[];
  /** What may be done with a run; without it nothing is offered. */
  act: ((action: Action) => void) | null;
}

export function entriesOf(run: ListedRun, act: (action: Action) => void): MenuEntry[] {
  const ref = { dagId: run.dag_id, runId: run.dag_run_id };
  const ended = run.state === "success" || run.state === "failed";
  return [
    ...(run.state === "failed" ? [{ label: "Retry failed tasks…", icon: "retry", act: () => act({ kind: "retry", ...ref }) } as const] : []),
    { label: "Clear…", icon: "clear", act: () => act({ kind: "clear", ...ref }) },
    ...(ended ? [] : [{ label: "Cancel…", icon: "ban", danger: true, act: () => act({ kind: "cancel", ...ref }) } as const]),
    { label: "Mark…", icon: "check", act: () => act({ kind: "mark", ...ref }) },
    { label: "Note…", icon: "note", act: () => act({ kind: "note", note: run.note, ...ref }) },
    { kind: "line" },
    { label: "Delete…", icon: "trash", danger: true, disabled: !ended, act: () => act({ kind: "delete", ...ref }) },
  ];
}

export function RunState({ run }: { run: ListedRun }) {
  const asked = useAsked(run.dag_id, run.dag_run_id);
  return (
    <span className="row gap6">
      <StateWord state={run.state} />
      {run.reason && <span className="dim small">{run.reason.replaceAll("_", " ")}</span>}
      {asked && <span className="dim small">{asked}</span>}
    </span>
  );
}

/** How long it took, or takes until now. */
function Lasted({ run, now }: { run: ListedRun; now: number }) {
  if (run.duration !== null) return <>{duration(run.duration)}</>;
  if (run.state === "running" && run.start_date) return <span className="mid">{duration(Math.max(0, Math.round((now - Date.parse(run.start_date)) / 1000)))}</span>;
  return <span className="dim">–</span>;
}

const Row = memo(function Row({ run, now, act }: { run: ListedRun; now: number; act: Props["act"] }) {
  const version = run.dag_versions.at(-1)?.version_number;
  return (
    <tr data-row={`${run.dag_id}/${run.dag_run_id}`}>
      <td><RunLink dagId={run.dag_id} runId={run.dag_run_id} executionDate={run.execution_date} className="strong" /></td>
      <td className={css.dag}><Link href={at("dags", run.dag_id)} className="ellipsis">{run.dag_id}</Link></td>
      <td><RunState run={run} /></td>
      <td className={`mid ${css.type}`}>{RUN_TYPES[run.run_kind as keyof typeof RUN_TYPES] ?? run.run_type}</td>
      <td className="mid"><Instant at={run.start_date ?? run.queued_at} /></td>
      <td className="right"><Lasted run={run} now={now} /></td>
      <td className={`dim ${css.by}`}>{run.backfill_id ? <Link href={at("backfills", String(run.backfill_id))}>{makerOf(run)}</Link> : makerOf(run)}</td>
      <td className={`dim ${css.version}`}>{version ? `v${version}` : "–"}{run.rerun > 0 && <span> · {run.rerun}× cleared</span>}</td>
      <td className={css.last}>
        <span className="row gap4">
          {run.note && <Tip text={run.note}><span role="img" aria-label={`Note: ${run.note}`}><Icon name="note" size={14} /></span></Tip>}
          {act && <Menu entries={entriesOf(run, act)}><IconButton icon="more" size={14} label={`Actions for ${run.dag_run_id}`} /></Menu>}
        </span>
      </td>
    </tr>
  );
});

export function RunsTable({ runs, act }: Props) {
  const now = useNow();
  return (
    <table className={`list ${css.table}`}>
      <thead>
        <tr>
          <th>Execution date</th><th>DAG</th><th>State</th><th className={css.type}>Type</th><th>Started</th><th className="right">Duration</th>
          <th className={css.by}>Made by</th><th className={css.version}>Version</th><th className={css.last}><span className="hidden">Note and actions</span></th>
        </tr>
      </thead>
      <tbody>{runs.map((run) => <Row key={`${run.dag_id} ${run.dag_run_id}`} run={run} now={run.state === "running" ? now : 0} act={act} />)}</tbody>
    </table>
  );
}

/** The list on a phone. */
export function RunRows({ runs }: { runs: ListedRun[] }) {
  const now = useNow();
  return (
    <ul className={css.rows}>
      {runs.map((run) => (
        <li key={`${run.dag_id} ${run.dag_run_id}`} data-row={run.dag_run_id}>
          <Glyph state={run.state} size={16} />
          <span className={css.two}><RunLink dagId={run.dag_id} runId={run.dag_run_id} executionDate={run.execution_date} className={css.big!} /><span className="dim small ellipsis">{run.dag_id}{run.reason && <Tag>{run.reason}</Tag>}</span></span>
          <span className={`dim small right ${css.two}`}><Instant at={run.end_date ?? run.start_date ?? run.queued_at} as="relative" /><span><Lasted run={run} now={now} /></span></span>
        </li>
      ))}
    </ul>
  );
}
