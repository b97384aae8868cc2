import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { Button } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import type { IconName } from "@/ui/icon";
import { ErrorNote } from "@/ui/notes";

interface Props {
  title: string;
  /** What the button says: the verb and its object. */
  verb: string;
  icon: IconName;
  act: () => Promise<unknown>;
  onClose: () => void;
  /** What follows from it. */
  children: ReactNode;
}

/** Asks before something is taken away, and shows why the daemon refused. */
export function Confirm({ title, verb, icon, act, onClose, children }: Props) {
  const doing = useMutation({ mutationFn: act, onSuccess: onClose });
  return (
    <Dialog
      title={title} open onClose={onClose}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Cancel</Button>
          <Button look="danger" icon={icon} disabled={doing.isPending} onClick={() => doing.mutate()}>{doing.isPending ? "Asked…" : verb}</Button>
        </>
      }
    >
      {children}
      {doing.error && <ErrorNote error={doing.error} />}
    </Dialog>
  );
}
