import { Link } from "wouter";

import { runLabel } from "@/model/capacity";
import { runPath } from "@/model/run_address";
import { count } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { Card, CardBody, Tag } from "@/ui/surface";
import { at } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./capacity.module.css";
import type { Queue } from "./live";

const MOST_RUNS = 100;

/** Runs that have no place among the running ones of their DAG or backfill yet. */
export function WaitingRuns({ runs, zoneOf }: { runs: Queue["runs"]; zoneOf: (dagId: string) => string }) {
  return (
    <Card title="Waiting runs" about={<Tag>{runs.length >= MOST_RUNS ? `${MOST_RUNS} or more` : count(runs.length)}</Tag>} className={css.waitingCard!}>
      <CardBody label="Waiting runs">
        <table className="list">
          <thead><tr><th>Run</th><th>Waits for</th><th className={`right ${css.medium}`}>Since</th></tr></thead>
          <tbody>
            {runs.map(({ run, since, waits_for: gate }) => (
              <tr key={`${run.dag_id}/${run.dag_run_id}`}>
                <td>
                  <Link href={runPath(run.dag_id, run.dag_run_id)} className={`row gap8 ${css.task}`} title={run.dag_run_id}>
                    <Glyph state="queued" /><span className="strong">{run.dag_id}</span><span className="mono mid">{runLabel(run.dag_run_id, zoneOf(run.dag_id))}</span>
                  </Link>
                </td>
                <td className={`mid ${css.words}`}><span className="ellipsis" title={gate.text}>{gate.text}</span></td>
                <td className={`right mid ${css.medium}`}><Instant at={since} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </CardBody>
    </Card>
  );
}

/** Dates of backfills that have no run yet. */
export function WaitingBackfills({ backfills }: { backfills: Queue["backfills"] }) {
  return (
    <Card title="Dates of backfills" about={<Tag>{count(backfills.reduce((sum, each) => sum + each.dates, 0))}</Tag>} className={css.waitingCard!}>
      <CardBody label="Dates of backfills">
        <table className="list">
          <thead><tr><th>Backfill</th><th>Waits for</th><th className="right">Dates to come</th></tr></thead>
          <tbody>
            {backfills.map(({ backfill_id: id, dag_id: dagId, dates, waits_for: gate }) => (
              <tr key={id}>
                <td><Link href={at("backfills", String(id))} className={css.task}>Backfill {id} <span className="mid">of {dagId}</span></Link></td>
                <td className={`mid ${css.words}`}><span className="ellipsis" title={gate.text}>{gate.text}</span></td>
                <td className="right">{count(dates)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </CardBody>
    </Card>
  );
}
