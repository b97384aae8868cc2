import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "@/api/client";
import { countText, instanceName } from "@/model/affected";
import { Button, Segments, Tick } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/notes";
import { StateWord } from "@/ui/surface";
import { toast, toastError } from "@/ui/toast";

import css from "./actions.module.css";
import { AffectedList } from "./affected_list";
import type { TaskRef } from "./clear_dialog";
import { dropAsked, renewDag, setAsked, useNamedRun } from "./runs";

export type MarkState = "success" | "failed" | "skipped";

interface Props {
  dagId: string;
  runId: string;
  /** Without it the run itself is marked. */
  task?: TaskRef;
  to?: MarkState;
  onClose: () => void;
}

const word = (state: MarkState) => ({ value: state, label: <StateWord state={state} /> });

const REACHES = [
  ["include_downstream", "Downstream"], ["include_upstream", "Upstream"], ["include_past", "Earlier runs"], ["include_future", "Later runs"],
] as const;
type Reach = Partial<Record<(typeof REACHES)[number][0], boolean>>;

function MarkTask({ dagId, runId, task, to, onClose }: Props & { task: TaskRef }) {
  const { name, zone } = useNamedRun(dagId, runId);
  const [state, setState] = useState<MarkState>(to ?? "success");
  const [reach, setReach] = useState<Reach>({});
  const options = {
    path: { dag_id: dagId, run_id: runId, task_id: task.task_id },
    query: task.map_index === undefined || task.map_index < 0 ? {} : { map_index: task.map_index },
    body: { new_state: state, ...reach },
  };
  const dry = useQuery({
    queryKey: ["mark", dagId, runId, task, state, reach],
    queryFn: async () => (await api.patch("/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/dry_run", options)).task_instances,
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });
  const mark = useMutation({
    mutationFn: () => {
      setAsked(dagId, runId, `mark ${state} asked`);
      return api.patch("/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}", options);
    },
    onSuccess: () => {
      toast(`Marked ${countText(dry.data ?? [])} of ${dagId} as ${state}`);
      renewDag(dagId);
      onClose();
    },
    onError: () => dropAsked(dagId, runId),
  });
  const number = dry.data?.length ?? 0;
  return (
    <Dialog
      title={`Mark ${instanceName({ task_id: task.task_id, map_index: task.map_index ?? -1 })} of ${name}`} open onClose={onClose}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={!number || dry.isPlaceholderData || mark.isPending} onClick={() => mark.mutate()}>
            {mark.isPending ? "Asked…" : `Mark ${number || ""} ${state}`}
          </Button>
        </>
      }
    >
      <div className="row"><Segments label="State" value={state} options={[word("success"), word("failed"), word("skipped")]} onChange={setState} /></div>
      <div className={css.options}>
        {REACHES.map(([key, label]) => <Tick key={key} label={label} on={reach[key] ?? false} onChange={(on) => setReach({ ...reach, [key]: on })} />)}
      </div>
      <AffectedList query={dry} zone={zone} nothing={`Already ${state}`} />
      <p className="dim small">Nothing is run by it. What runs now is ended; what comes after looks at the new state.</p>
      {mark.error && <ErrorNote error={mark.error} />}
    </Dialog>
  );
}

/** What marking a run does, in the order of the scheduler's own rules. */
const RUN_WORDS = {
  success: "Every task becomes success, those that failed or haven't started too; skipped ones stay. What runs now is ended.",
  failed: "A run that has ended is called failed, its tasks stay as they are. One that goes on is cancelled: what runs is ended, what waits is skipped.",
};

function MarkRun({ dagId, runId, to, onClose }: Props) {
  const { name, run } = useNamedRun(dagId, runId);
  const [state, setState] = useState<"success" | "failed">(to === "failed" ? "failed" : "success");
  const set = (next: "success" | "failed") => api.patch("/api/v2/dags/{dag_id}/dagRuns/{run_id}", { path: { dag_id: dagId, run_id: runId }, body: { state: next } });
  const mark = useMutation({
    mutationFn: () => {
      setAsked(dagId, runId, `mark ${state} asked`);
      return set(state);
    },
    onSuccess: () => {
      // Only "failed" on a run that had ended well leaves its tasks alone, so only that can be taken back.
      const undo = run?.state === "success" && state === "failed"
        ? { action: { label: "Undo", act: () => void set("success").then(() => renewDag(dagId), (error: unknown) => toastError(error)) } } : {};
      toast(`Marked ${name} of ${dagId} as ${state}`, undo);
      renewDag(dagId);
      onClose();
    },
    onError: () => dropAsked(dagId, runId),
  });
  return (
    <Dialog
      title={`Mark ${name} of ${dagId}`} open onClose={onClose}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={mark.isPending || run?.state === state} onClick={() => mark.mutate()}>
            {mark.isPending ? "Asked…" : `Mark ${state}`}
          </Button>
        </>
      }
    >
      <div className="row">
        <Segments label="State" value={state} options={[{ value: "success", label: <StateWord state="success" /> }, { value: "failed", label: <StateWord state="failed" /> }]} onChange={setState} />
      </div>
      <p className="mid">{run?.state === state ? `The run is ${state} already.` : RUN_WORDS[state]}</p>
      {mark.error && <ErrorNote error={mark.error} />}
    </Dialog>
  );
}

/** Gives a task instance, or a run, another final state by hand. */
export function MarkDialog(props: Props) {
  return props.task ? <MarkTask {...props} task={props.task} /> : <MarkRun {...props} />;
}
