import type { Answer } from "@/api/client";

import { type BackfillForm, type BackfillWish, NEW_FORM, searchOf } from "./backfill_form";
import type { Json } from "./params";

// From a backfill that there is back to the form and the command that would make one like it.

/** What was asked for. */
export interface MadeBackfill extends Pick<
  Answer<"/api/v2/backfills/{backfill_id}">,
  | "dag_id" | "from_date" | "to_date" | "dates" | "reprocess_behavior" | "max_active_runs" | "run_backwards" | "task_ids"
  | "include_upstream" | "include_downstream" | "dag_version" | "pool" | "priority" | "description" | "cascade"
> {
  dag_run_conf: { [name: string]: unknown };
}

/** Its params are complete, defaults filled in. What is masked isn't known here, and is left to the default. */
function knownParams(made: MadeBackfill): Record<string, Json> {
  return Object.fromEntries(Object.entries(made.dag_run_conf).filter(([, value]) => value !== "***")) as Record<string, Json>;
}

export function wishOf(made: MadeBackfill): BackfillWish {
  const conf = knownParams(made);
  return {
    dag_id: made.dag_id,
    ...(made.dates.length ? { dates: made.dates } : { from_date: made.from_date ?? "", to_date: made.to_date ?? "" }),
    reprocess_behavior: made.reprocess_behavior,
    max_active_runs: made.max_active_runs,
    run_backwards: made.run_backwards,
    ...(made.task_ids.length ? { task_ids: made.task_ids, include_upstream: made.include_upstream, include_downstream: made.include_downstream } : {}),
    ...(Object.keys(conf).length ? { params: conf } : {}),
    dag_version: made.dag_version,
    ...(made.pool ? { pool: made.pool } : {}),
    ...(made.priority ? { priority: made.priority } : {}),
    ...(made.description ? { description: made.description } : {}),
    cascade: made.cascade,
  };
}

/** The query of the wizard's page. Instants are given with their offset, so that no zone has to be known. */
export function likeOf(made: MadeBackfill): string {
  const form: BackfillForm = {
    ...NEW_FORM,
    dag: made.dag_id,
    by: made.dates.length ? "dates" : "range",
    from: made.from_date ?? "",
    to: made.to_date ?? "",
    dates: made.dates.join(", "),
    reprocess: made.reprocess_behavior,
    backwards: made.run_backwards,
    tasks: made.task_ids,
    upstream: made.include_upstream,
    downstream: made.include_downstream,
    params: Object.fromEntries(Object.entries(knownParams(made)).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)])),
    pinned: made.dag_version === "pinned",
    pool: made.pool ?? "",
    priority: made.priority ? String(made.priority) : "",
    runs: String(made.max_active_runs),
    cascade: made.cascade,
    description: made.description ?? "",
  };
  return searchOf(form).toString();
}
