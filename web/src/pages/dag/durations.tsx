import type { DagTab } from "./index";

export default function DurationsTab({ dag }: DagTab) {
  return <p>{dag.dag_id}</p>;
}
