import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "@/api/client";
import { queries, read, useMay } from "@/api/queries";
import { backfillCommand } from "@/model/backfill_command";
import { likeOf, wishOf } from "@/model/backfill_like";
import { count } from "@/model/time";
import { Button, IconButton } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { useKeys } from "@/ui/keys";
import { Menu, type MenuEntry } from "@/ui/menu";
import { ErrorNote } from "@/ui/notes";
import { toast, toastError } from "@/ui/toast";
import { useGo } from "@/ui/url";
import { useDagZone } from "@/ui/zone";

import css from "./one.module.css";
import type { Backfill } from "./live";

const PAUSE = "/api/v2/backfills/{backfill_id}/pause";
const UNPAUSE = "/api/v2/backfills/{backfill_id}/unpause";

function keep(backfill: Backfill): void {
  queries.setQueryData<Backfill>(read("/api/v2/backfills/{backfill_id}", { path: { backfill_id: backfill.id } }).queryKey, (before) => before && { ...before, ...backfill });
  void queries.invalidateQueries({ queryKey: ["/api/v2/backfills"] });
}

/** A switch, so it is shown at once; a refusal takes it back. */
async function setPaused(backfill: Backfill, paused: boolean): Promise<void> {
  keep({ ...backfill, state: paused ? "paused" : "running", is_paused: paused });
  try {
    keep(await api.put(paused ? PAUSE : UNPAUSE, { path: { backfill_id: backfill.id } }));
    toast(paused ? "Paused: no further run starts, those that run go on" : "Goes on", {
      action: { label: "Undo", act: () => void setPaused({ ...backfill, state: paused ? "paused" : "running" }, !paused) },
    });
  } catch (error) {
    keep(backfill);
    toastError(error, `Backfill ${backfill.id} stays as it is`);
  }
}

function StopDialog({ backfill, onClose }: { backfill: Backfill; onClose: () => void }) {
  const [mode, setMode] = useState<"drain" | "terminate">("drain");
  const { running, queued } = backfill.counts;
  const stop = useMutation({
    mutationFn: () => api.put("/api/v2/backfills/{backfill_id}/cancel", { path: { backfill_id: backfill.id }, query: { mode } }),
    onSuccess: (now) => {
      keep(now);
      toast(`Backfill ${backfill.id} is cancelled${running ? (mode === "drain" ? `; ${count(running)} runs end by themselves` : `; ${count(running)} runs are being ended`) : ""}`);
      onClose();
    },
  });
  const options = [
    ["drain", "Let what runs end", running ? `${count(running)} runs go on to their end` : "Nothing runs now"],
    ["terminate", "End what runs", "Each task gets its signal and its grace, then it is killed"],
  ] as const;
  return (
    <Dialog
      title={`Stop backfill ${backfill.id}`} open onClose={onClose}
      foot={
        <>
          <Button look="ghost" onClick={onClose}>Keep it going</Button>
          <Button look="danger" disabled={stop.isPending} onClick={() => stop.mutate()}>{stop.isPending ? "Asked…" : "Stop the backfill"}</Button>
        </>
      }
    >
      <p>{queued ? `${count(queued)} dates that haven't started are left out.` : "All of its dates have started."} What succeeded stays. Retrying it later takes up the dates that the stop left out.</p>
      {options.map(([value, title, about]) => (
        <label key={value} className={css.option} data-on={mode === value}>
          <input type="radio" name="how" checked={mode === value} onChange={() => setMode(value)} />
          <b>{title}</b>
          <small>{about}</small>
        </label>
      ))}
      {backfill.carries_on && backfill.carries_on.length > 0 && <p className="dim">It holds for the backfills downstream too: {backfill.carries_on.map((next) => next.dag_id).join(", ")}.</p>}
      {stop.error && <ErrorNote error={stop.error} />}
    </Dialog>
  );
}

/** Pause, stop, retry, and a new plan from this one. A viewer has the last alone. */
export function Steering({ backfill }: { backfill: Backfill }) {
  const operator = useMay("operator");
  const go = useGo();
  const zone = useDagZone();
  const [stopping, setStopping] = useState(false);
  const { counts, state } = backfill;
  const isOver = backfill.completed_at !== null;
  const again = counts.failed + counts.cancelled;
  const retry = useMutation({
    mutationFn: () => api.post("/api/v2/backfills/{backfill_id}/retryFailed", { path: { backfill_id: backfill.id } }),
    onSuccess: (now) => {
      keep(now);
      toast(`Backfill ${backfill.id} runs ${count(again)} dates again`);
    },
    onError: (error) => toastError(error, "Not retried"),
  });
  const canPause = operator && !isOver;
  const canRetry = operator && isOver && again > 0;
  useKeys([
    ...(canPause ? [{ keys: "p", says: state === "paused" ? "Let the backfill go on" : "Pause the backfill", act: () => void setPaused(backfill, state !== "paused") }] : []),
    ...(canPause ? [{ keys: "x", says: "Stop the backfill", act: () => setStopping(true) }] : []),
  ]);
  const entries: MenuEntry[] = [
    { label: "Plan one like it", icon: "plus", act: () => go(`/backfills/new?${likeOf(backfill)}`) },
    {
      label: "Copy as CLI", icon: "copy", act: () => {
        const text = backfillCommand(wishOf(backfill), zone);
        void navigator.clipboard.writeText(text).then(() => toast("Copied the command that makes the same backfill"), () => toast(text));
      },
    },
  ];
  return (
    <>
      {canPause && <Button icon={state === "paused" ? "play" : "pause"} onClick={() => void setPaused(backfill, state !== "paused")}>{state === "paused" ? "Go on" : "Pause"}</Button>}
      {canPause && <Button look="danger" icon="ban" onClick={() => setStopping(true)}>Stop…</Button>}
      {canRetry && <Button icon="retry" look="primary" disabled={retry.isPending} onClick={() => retry.mutate()}>{retry.isPending ? "Asked…" : `Retry ${count(again)}`}</Button>}
      <Menu entries={entries}><IconButton icon="more" label="More" /></Menu>
      {stopping && <StopDialog backfill={backfill} onClose={() => setStopping(false)} />}
    </>
  );
}
