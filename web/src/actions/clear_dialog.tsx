import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "@/api/client";
import { countText, instanceName } from "@/model/affected";
import { Button, Tick } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/notes";
import { toast } from "@/ui/toast";

import css from "./actions.module.css";
import { AffectedList } from "./affected_list";
import { dropAsked, renewDag, setAsked, useNamedRun } from "./runs";

/** A task of a run; without `map_index`, all of its instances. */
export interface TaskRef {
  task_id: string;
  map_index?: number;
}

interface Props {
  dagId: string;
  runId: string;
  /** Without it the whole run is cleared. */
  tasks?: readonly TaskRef[];
  /** Opens as "Retry failed". */
  onlyFailed?: boolean;
  onClose: () => void;
}

const REACHES = [
  ["include_downstream", "Downstream"], ["include_upstream", "Upstream"], ["include_past", "Earlier runs"], ["include_future", "Later runs"],
] as const;
type Reach = Partial<Record<(typeof REACHES)[number][0], boolean>>;

interface Wish {
  onlyFailed: boolean;
  latest: boolean;
  reach: Reach;
}

function send(how: "ask" | "post", dagId: string, runId: string, tasks: readonly TaskRef[] | undefined, wish: Wish) {
  const common = { dry_run: how === "ask", only_failed: wish.onlyFailed, run_on_latest_version: wish.latest };
  if (!tasks) return api[how]("/api/v2/dags/{dag_id}/dagRuns/{run_id}/clear", { path: { dag_id: dagId, run_id: runId }, body: common });
  return api[how]("/api/v2/dags/{dag_id}/clearTaskInstances", {
    path: { dag_id: dagId },
    body: {
      ...common, ...wish.reach, dag_run_id: runId,
      task_ids: tasks.map(({ task_id, map_index }) => (map_index === undefined || map_index < 0 ? task_id : [task_id, map_index])),
    },
  });
}

function titleOf(tasks: readonly TaskRef[] | undefined, name: string, retry: boolean): string {
  if (!tasks) return `${retry ? "Retry failed tasks of" : "Clear"} ${name}`;
  const [first] = tasks;
  return `Clear ${tasks.length === 1 && first ? instanceName({ task_id: first.task_id, map_index: first.map_index ?? -1 }) : `${tasks.length} tasks`} of ${name}`;
}

/** Takes task instances back to "no status", so that they run again. Says which ones before it does. */
export function ClearDialog({ dagId, runId, tasks, onlyFailed: startFailed = false, onClose }: Props) {
  const { name, zone } = useNamedRun(dagId, runId);
  const [wish, setWish] = useState<Wish>({ onlyFailed: startFailed, latest: false, reach: tasks ? { include_downstream: true } : {} });
  const dry = useQuery({
    queryKey: ["clear", dagId, runId, tasks ?? null, wish],
    queryFn: async () => {
      const found = await send("ask", dagId, runId, tasks, wish);
      return "task_instances" in found ? found.task_instances : [];
    },
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });
  const clear = useMutation({
    mutationFn: () => {
      setAsked(dagId, runId, startFailed ? "retry asked" : "clear asked");
      return send("post", dagId, runId, tasks, wish);
    },
    onSuccess: () => {
      toast(`Cleared ${countText(dry.data ?? [])} of ${dagId}: ${dry.data?.length === 1 ? "it runs" : "they run"} again`);
      renewDag(dagId);
      onClose();
    },
    onError: () => dropAsked(dagId, runId),
  });
  const number = dry.data?.length ?? 0;
  const verb = startFailed ? "Retry" : "Clear";
  return (
    <Dialog
      title={titleOf(tasks, name, startFailed)} open onClose={onClose}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={!number || dry.isPlaceholderData || clear.isPending} onClick={() => clear.mutate()}>
            {clear.isPending ? "Asked…" : `${verb} ${number || ""}`}
          </Button>
        </>
      }
    >
      <div className={css.options}>
        {tasks && REACHES.map(([key, label]) => (
          <Tick key={key} label={label} on={wish.reach[key] ?? false} onChange={(on) => setWish({ ...wish, reach: { ...wish.reach, [key]: on } })} />
        ))}
        <Tick label="Only failed" on={wish.onlyFailed} onChange={(on) => setWish({ ...wish, onlyFailed: on })} />
        <Tick label="With the DAG's newest version" on={wish.latest} onChange={(on) => setWish({ ...wish, latest: on })} />
      </div>
      <AffectedList query={dry} zone={zone} nothing={wish.onlyFailed ? "Nothing failed here" : "Nothing to clear here"} />
      <p className="dim small">They lose their state and run again; earlier attempts and logs stay. What runs now is ended first.</p>
      {clear.error && <ErrorNote error={clear.error} />}
    </Dialog>
  );
}
