import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { api } from "@/api/client";
import { count } from "@/model/time";
import { instanceName } from "@/model/affected";
import { Button } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/notes";
import { TextArea } from "@/ui/text_area";
import { toast, toastError } from "@/ui/toast";

import type { TaskRef } from "./clear_dialog";
import { dropAsked, renewDag, setAsked, useNamedRun } from "./runs";

interface Props {
  dagId: string;
  runId: string;
  onClose: () => void;
}

/** `2 tasks run now, 5 wait`. */
function liveText(counts: Record<string, number> | undefined): string {
  const sum = (...states: string[]) => states.reduce((total, state) => total + (counts?.[state] ?? 0), 0);
  const running = sum("running", "restarting");
  const waiting = sum("queued", "scheduled", "none", "up_for_retry", "up_for_reschedule", "deferred");
  return `${count(running)} task${running === 1 ? " runs" : "s run"} now, ${count(waiting)} wait${waiting === 1 ? "s" : ""}.`;
}

/** Ends a run: what runs gets its signal and its grace, what waits is skipped. */
export function CancelRunDialog({ dagId, runId, onClose }: Props) {
  const { name, run } = useNamedRun(dagId, runId);
  const over = run && (run.state === "success" || run.state === "failed");
  const cancel = useMutation({
    mutationFn: () => {
      setAsked(dagId, runId, "cancel asked");
      return api.post("/api/v2/dags/{dag_id}/dagRuns/{run_id}/cancel", { path: { dag_id: dagId, run_id: runId } });
    },
    onSuccess: () => {
      toast(`Cancel of ${name} of ${dagId} is asked: it ends when its processes have`);
      renewDag(dagId);
      onClose();
    },
    onError: () => dropAsked(dagId, runId),
  });
  return (
    <Dialog
      title={`Cancel ${name} of ${dagId}`} open onClose={onClose}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Keep it running</Button>
          <Button look="danger" disabled={!run || over || cancel.isPending} onClick={() => cancel.mutate()}>{cancel.isPending ? "Asked…" : "Cancel the run"}</Button>
        </>
      }
    >
      {over
        ? <p>The run has ended already: {run.state}.</p>
        : <p>{run ? liveText(run.task_counts) : ""} What runs is told to stop and killed after its grace; what waits is skipped. The run ends as failed, reason cancelled.</p>}
      {cancel.error && <ErrorNote error={cancel.error} />}
    </Dialog>
  );
}

/** Takes a run out of the history. The API refuses one that goes on. */
export function DeleteRunDialog({ dagId, runId, onClose, onDeleted }: Props & { onDeleted?: () => void }) {
  const { name } = useNamedRun(dagId, runId);
  const remove = useMutation({
    mutationFn: () => api.delete("/api/v2/dags/{dag_id}/dagRuns/{run_id}", { path: { dag_id: dagId, run_id: runId } }),
    onSuccess: () => {
      toast(`Deleted ${name} of ${dagId}`);
      onClose();
      onDeleted?.();
      renewDag(dagId);
    },
  });
  return (
    <Dialog
      title={`Delete ${name} of ${dagId}`} open onClose={onClose}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Cancel</Button>
          <Button look="danger" icon="trash" disabled={remove.isPending} onClick={() => remove.mutate()}>{remove.isPending ? "Asked…" : "Delete the run"}</Button>
        </>
      }
    >
      <p>Its task instances, attempts and logs go with it. Datasets that it made stay, and so does the event log. This can't be undone.</p>
      {remove.error && <ErrorNote error={remove.error} />}
    </Dialog>
  );
}

/** Words of people beside a run or a task instance; an empty text takes the note away. */
export function NoteDialog({ dagId, runId, task, note, onClose }: Props & { task?: TaskRef; note: string | null | undefined }) {
  const { name } = useNamedRun(dagId, runId);
  const before = note ?? "";
  const [text, setText] = useState(before);
  const field = useRef<HTMLTextAreaElement>(null);
  const put = (next: string): Promise<unknown> => task
    ? api.patch("/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}", {
      path: { dag_id: dagId, run_id: runId, task_id: task.task_id },
      query: task.map_index === undefined || task.map_index < 0 ? {} : { map_index: task.map_index },
      body: { note: next },
    })
    : api.patch("/api/v2/dags/{dag_id}/dagRuns/{run_id}", { path: { dag_id: dagId, run_id: runId }, body: { note: next } });
  const about = task ? `${instanceName({ task_id: task.task_id, map_index: task.map_index ?? -1 })} of ${name}` : `${name} of ${dagId}`;
  const save = useMutation({
    mutationFn: () => put(text.trim()),
    onSuccess: () => {
      toast(text.trim() ? `Noted at ${about}` : `Took the note of ${about} away`, {
        action: { label: "Undo", act: () => void put(before).then(() => renewDag(dagId), (error: unknown) => toastError(error)) },
      });
      renewDag(dagId);
      onClose();
    },
  });
  return (
    <Dialog
      title={`Note at ${about}`} open onClose={onClose} first={field}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Cancel</Button>
          <Button look="primary" disabled={text.trim() === before || save.isPending} onClick={() => save.mutate()}>{save.isPending ? "Asked…" : "Save"}</Button>
        </>
      }
    >
      <TextArea label="Note" rows={5} inputRef={field} value={text} onChange={setText} placeholder="What the next reader should know" />
      {save.error && <ErrorNote error={save.error} />}
    </Dialog>
  );
}
