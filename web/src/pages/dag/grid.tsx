import type { DagTab } from "./index";

export default function GridTab({ dag }: DagTab) {
  return <p>{dag.dag_id}</p>;
}
