import { useQuery } from "@tanstack/react-query";
import { Fragment, useEffect, useRef } from "react";
import { Link } from "wouter";

import type { StreamEvent } from "@/api/events";
import { queries, read } from "@/api/queries";
import { useTopic } from "@/api/stream";
import { type Explanation, type GateLine, type HolderLine, type Piece, type Who, type Why, whyOf } from "@/model/explain";
import { runPath } from "@/model/run_address";
import { count, duration } from "@/model/time";

import css from "./explain.module.css";
import { ExplainHistory } from "./explain_history";
import { Glyph } from "./glyph";
import { Icon } from "./icon";
import { Shown } from "./notes";
import { Instant, useNow } from "./zone";

interface Props {
  dagId: string;
  runId: string;
  taskId: string;
  /** -1, or nothing: not mapped. */
  mapIndex?: number;
  /** A sentence and the gates alone, for a small place. */
  compact?: boolean;
}

const PATH = "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/explain";
const MAPPED = "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}/explain";

/** The query of an explanation: others may look at the same answer. */
export function explainQuery({ dagId, runId, taskId, mapIndex = -1 }: Props) {
  const path = { dag_id: dagId, run_id: runId, task_id: taskId };
  return mapIndex < 0 ? read(PATH, { path }) : read(MAPPED, { path: { ...path, map_index: mapIndex } });
}

const AT_MOST_EACH_MS = 1_500;
const ANYWAY_EACH_MS = 15_000; // a forecast moves with the clock alone

/** Reads the answer anew when something moved that may change it, not more often than it can be read by a person. */
function useRenewal(props: Props, waits: boolean): void {
  const { dagId, runId, taskId, mapIndex = -1 } = props;
  const key = explainQuery(props).queryKey;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const soon = () => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      if (!document.hidden) void queries.invalidateQueries({ queryKey: key });
    }, AT_MOST_EACH_MS);
  };
  const concerns = (event: StreamEvent) => {
    if (event.type === "reset") return true;
    if (event.type !== "ti" && event.type !== "waits" && event.type !== "run") return false;
    // Who waits has something to do with all that happens; who doesn't only with himself.
    if (waits || event.type === "run") return true;
    return event.data.task_id === taskId && (event.data.map_index ?? -1) === mapIndex;
  };
  useTopic(`run:${dagId}/${runId}`, (events) => {
    if (events.some(concerns)) soon();
  });
  useTopic(waits ? "capacity" : null, soon);
}

/** A person's path to an instance, or to a run. */
export function hrefOf(who: Who): string {
  return runPath(who.dagId, who.runId, null, who.taskId === null ? {} : { task: who.taskId, map: who.mapIndex >= 0 ? who.mapIndex : null });
}

function Sentence({ pieces }: { pieces: readonly Piece[] }) {
  return (
    <p className={css.sentence}>
      {pieces.map((piece, index) => (
        <Fragment key={index}>
          {"at" in piece ? <b><Instant at={piece.at} /></b>
          : "who" in piece ? <Link href={hrefOf(piece.who)} className={css.name}>{piece.text}</Link>
          : piece.strong ? <b>{piece.text}</b>
          : piece.text}
        </Fragment>
      ))}
    </p>
  );
}

function Gates({ gates }: { gates: readonly GateLine[] }) {
  return (
    <ul className={css.gates} aria-label="Conditions, in the order in which they are looked at">
      {gates.map((gate) => (
        <li key={gate.key} data-kind={gate.kind} data-ok={gate.ok} aria-current={gate.culprit || undefined}>
          <span style={{ color: gate.ok ? "var(--success-t)" : `var(--${gate.tone}-t)` }}>
            <Icon name={gate.ok ? "check" : "clock"} size={14} />
            <span className="hidden">{gate.ok ? "Met: " : "Not met: "}</span>
          </span>
          <span className="mid">{gate.title}</span>
          <span className={gate.ok ? css.met : css.unmet}>{gate.text}</span>
          {gate.more && <span className={css.more}>{gate.more}</span>}
        </li>
      ))}
    </ul>
  );
}

const HOLDERS_SHOWN = 8;

function Holders({ holders, more }: { holders: readonly HolderLine[]; more: number }) {
  const hidden = Math.max(0, holders.length - HOLDERS_SHOWN) + more;
  return (
    <section className={css.part}>
      <h4>Who stands before it</h4>
      <table className={css.table}>
        <tbody>
          {holders.slice(0, HOLDERS_SHOWN).map((holder) => (
            <tr key={holder.key}>
              <td className="dim ellipsis" title={holder.what}>{holder.what}</td>
              <td>
                <span className="row gap6">
                  <Glyph state={holder.state} size={12} />
                  <Link href={hrefOf(holder.who)} className="ellipsis" title={`${holder.who.dagId} / ${holder.who.runId}`}>{holder.label}</Link>
                  {holder.elsewhere && <span className="dim ellipsis">{holder.elsewhere}</span>}
                </span>
              </td>
              <td className="right mid">
                {holder.leftSeconds !== null ? `${duration(holder.leftSeconds)} left`
                : holder.startedAt !== null ? <>since <Instant at={holder.startedAt} /></>
                : ""}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {hidden > 0 && <p className="dim small">and {count(hidden)} more</p>}
    </section>
  );
}

function Starts({ why }: { why: Why }) {
  if (!why.waits) return null;
  return (
    <dl className={css.facts}>
      <div>
        <dt>Expected start</dt>
        <dd>{why.starts
          ? <><b><Instant at={why.starts.p50} /></b>{why.starts.p90 - why.starts.p50 >= 1000 && <span className="dim"> · 9 of 10 times by <Instant at={why.starts.p90} /></span>}</>
          : <span className="dim">{why.unknown}</span>}
        </dd>
      </div>
    </dl>
  );
}

function WhatIf({ why }: { why: Why }) {
  return (
    <section className={css.part}>
      <h4>What would start it sooner<span className="space" /><span className="dim">simulated</span></h4>
      <table className={css.table}>
        <tbody>
          {why.whatIf.map((each) => (
            <tr key={each.change}>
              <td className="mid">{each.change}</td>
              <td className="right strong">{each.same ? <span className="dim">no change</span> : each.now ? "now" : <Instant at={each.startsAt} />}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** "checked just now": how old the answer is. */
function Checked({ at: when }: { at: number }) {
  const age = Math.max(0, useNow() - when);
  return <span className="dim small nowrap">checked {age < 1500 ? "just now" : `${age < 60_000 ? `${Math.round(age / 1000)} s` : duration(age / 1000)} ago`}</span>;
}

function Answered({ explained, checkedAt, compact }: { explained: Explanation; checkedAt: number; compact: boolean }) {
  const why = whyOf(explained, useNow());
  return (
    <div className={compact ? css.compact : css.panel}>
      <div className={css.head}>
        <h3>{why.question}</h3>
        <span className="space" />
        <Checked at={checkedAt} />
      </div>
      <Sentence pieces={why.sentence} />
      {why.gates.length > 0 && <Gates gates={why.gates} />}
      {!compact && (
        <>
          <Starts why={why} />
          {why.holders.length > 0 && <Holders holders={why.holders} more={why.moreHolders} />}
          {why.history.length > 0 && <ExplainHistory why={why} />}
          {why.whatIf.length > 0 && <WhatIf why={why} />}
        </>
      )}
    </div>
  );
}

/** Why a task instance doesn't run: a sentence, every condition, who is in the way, and how long each reason has lasted. */
export function ExplainPanel(props: Props) {
  const query = useQuery({ ...explainQuery(props), refetchInterval: ANYWAY_EACH_MS });
  const waits = query.data !== undefined && whyOf(query.data, 0).waits;
  useRenewal(props, waits);
  return (
    <Shown query={query} what="Why it waits can't be read" lines={props.compact ? 4 : 7}>
      {(explained) => <Answered explained={explained} checkedAt={query.dataUpdatedAt} compact={props.compact ?? false} />}
    </Shown>
  );
}
