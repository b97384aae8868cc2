import type { DagTab } from "./index";

export default function TasksTab({ dag }: DagTab) {
  return <p>{dag.dag_id}</p>;
}
