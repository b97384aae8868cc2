import { GridTabBody } from "./grid_body";
import type { DagTab } from "./index";

/** Runs by tasks beside the graph, and what is chosen in both. A DAG's page keeps nothing of another's. */
export default function GridTab({ dag }: DagTab) {
  return <GridTabBody key={dag.dag_id} dag={dag} />;
}
