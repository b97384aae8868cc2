import { useQuery } from "@tanstack/react-query";

import { read } from "@/api/queries";
import { type GridModel, gridOf } from "@/model/grid";

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** The states of all tasks in the newest `runs` runs, in one small answer. */
export function useLastStates(dagId: string, runs: number): GridModel | undefined {
  return useQuery({
    ...read("/api/v2/ui/dags/{dag_id}/grid", { path: { dag_id: dagId }, query: { runs } }),
    select: ({ cells, ...head }) => gridOf(head, bytesOf(cells ?? "")),
  }).data;
}
