import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { api } from "@/api/client";
import { Button, Field } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { ErrorNote } from "@/ui/notes";
import { toast } from "@/ui/toast";
import { useGo } from "@/ui/url";

import { renewDag } from "./runs";

/** Takes a DAG out of force. Its name has to be typed: it is the one action here that stops work that is planned. */
export function DeleteDagDialog({ dagId, onClose }: { dagId: string; onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const go = useGo();
  const remove = useMutation({
    mutationFn: () => api.delete("/api/v2/dags/{dag_id}", { path: { dag_id: dagId } }),
    onSuccess: () => {
      toast(`Deleted ${dagId}`);
      onClose();
      go("/dags");
      renewDag(dagId);
    },
  });
  return (
    <Dialog
      title={`Delete ${dagId}`} open onClose={onClose} first={field}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Cancel</Button>
          <Button look="danger" icon="trash" disabled={typed !== dagId || remove.isPending} onClick={() => remove.mutate()}>
            {remove.isPending ? "Asked…" : "Delete the DAG"}
          </Button>
        </>
      }
    >
      <p>It leaves the lists and starts no more runs. Its runs, logs and versions stay in the history, and what it made stays. If its file is saved again in the watched folder, or submitted, the DAG is back.</p>
      <Field label={`Type ${dagId} to delete it`} shown inputRef={field} value={typed} onChange={setTyped} />
      {remove.error && <ErrorNote error={remove.error} />}
    </Dialog>
  );
}
