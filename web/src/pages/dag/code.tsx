import type { DagTab } from "./index";

export default function CodeTab({ dag }: DagTab) {
  return <p>{dag.dag_id}</p>;
}
