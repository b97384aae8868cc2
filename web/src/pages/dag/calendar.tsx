import type { DagTab } from "./index";

export default function CalendarTab({ dag }: DagTab) {
  return <p>{dag.dag_id}</p>;
}
