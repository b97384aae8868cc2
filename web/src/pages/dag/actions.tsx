import type { DagDetails } from "./index";

/** Trigger, backfill and the rest that can be done with a DAG. */
export function DagActions(_: { dag: DagDetails }) {
  return null;
}
