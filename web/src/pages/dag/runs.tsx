import type { DagTab } from "./index";

export default function RunsTab({ dag }: DagTab) {
  return <p>{dag.dag_id}</p>;
}
