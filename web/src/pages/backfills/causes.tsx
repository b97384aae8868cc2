import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { reasonWords } from "@/model/attention";
import { runPath } from "@/model/run_address";
import { count, executionDate } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { ErrorNote, Loading } from "@/ui/notes";
import { Card, Tag } from "@/ui/surface";

import type { Backfill } from "./live";
import css from "./one.module.css";

const NAMED = 4;

/** Failed dates by what they failed of, the largest cause first. */
export function Causes({ backfill, zone }: { backfill: Backfill; zone: string }) {
  const { failed } = backfill.counts;
  const query = useQuery({ ...read("/api/v2/backfills/{backfill_id}/failures", { path: { backfill_id: backfill.id } }), enabled: failed > 0 });
  const found = query.data;
  return (
    <Card
      title="Failed dates" about={failed > 0 && <Tag>{count(failed)}</Tag>} className={css.causes}
      tools={found && found.looked_at < found.failed ? <span className="dim small">causes of the first {count(found.looked_at)}</span> : undefined}
    >
      {failed === 0 ? <p className={css.nothing}>No date has failed.</p>
        : query.error ? <ErrorNote error={query.error} what="The causes can't be read" onRetry={() => void query.refetch()} />
        : !found ? <Loading lines={3} />
        : (
          <div className={css.scroll} tabIndex={0} role="region" aria-label="Causes">
            <table className="list">
              <thead><tr><th>Task</th><th>Cause</th><th className="right">Dates</th><th>Which</th><th>Example</th></tr></thead>
              <tbody>
                {found.groups.map((group) => {
                  const word = reasonWords(group.reason);
                  const log = { task: group.task_id, map: group.map_index >= 0 ? group.map_index : null, try: group.try_number || null };
                  return (
                    <tr key={`${group.task_id}/${group.reason}`}>
                      <td><span className="row gap8"><Glyph state="failed" size={13} label="" /><span className="ellipsis">{group.task_id ?? "the run itself"}</span></span></td>
                      <td className="mid">{word ? word.charAt(0).toUpperCase() + word.slice(1) : "no reason given"}</td>
                      <td className="right">{count(group.count)}</td>
                      <td>
                        <span className="row gap8">
                          {group.dates.slice(0, NAMED).map((date) => (
                            <Link key={date} className="mono" href={runPath(backfill.dag_id, { execution_date: date, dag_run_id: date }, zone, { task: group.task_id })}>{executionDate(date, zone)}</Link>
                          ))}
                          {group.count > NAMED && <span className="dim small">and {count(group.count - Math.min(NAMED, group.dates.length))} more</span>}
                        </span>
                      </td>
                      <td>{group.dag_run_id && <Link className={css.linkButton} href={runPath(backfill.dag_id, group.dag_run_id, null, { ...log, tab: group.task_id ? "log" : null })}>{group.task_id ? "Log" : "Run"}</Link>}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        )}
    </Card>
  );
}
