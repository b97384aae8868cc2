import { setPaused } from "@/actions/pause";
import { useDialogs } from "@/actions/use_dialogs";
import { useMay } from "@/api/queries";
import { Button, IconButton } from "@/ui/controls";
import { type Shortcut, useKeys } from "@/ui/keys";
import { Menu, type MenuEntry } from "@/ui/menu";
import { toast } from "@/ui/toast";
import { at, link, useGo } from "@/ui/url";

import type { DagDetails } from "./index";

/** Trigger, backfill and the rest that can be done with a DAG. A viewer is offered what only reads. */
export function DagActions({ dag }: { dag: DagDetails }) {
  const { dag_id: dagId, is_paused: isPaused } = dag;
  const operator = useMay("operator");
  const author = useMay("author");
  const [dialog, open] = useDialogs();
  const go = useGo();
  const trigger = () => open({ kind: "trigger", dagId });
  const backfill = () => go(link("/backfills/new", { dag: dagId }));
  const keys: Shortcut[] = [
    ...(operator ? [{ keys: "t", says: "Trigger a run", act: trigger }] : []),
    { keys: "b", says: "Backfill", act: backfill },
  ];
  useKeys(keys);
  const entries: MenuEntry[] = [
    ...(operator ? [{ label: isPaused ? "Unpause" : "Pause", icon: isPaused ? "play" : "pause", act: () => void setPaused(dagId, !isPaused) } as const] : []),
    { label: "Code and versions", icon: "code", act: () => go(at("dags", dagId, "code")) },
    { label: "Backfills of it", icon: "backfills", act: () => go(link("/backfills", { dag: dagId, show: "all" })) },
    { label: "Copy its id", icon: "copy", act: () => void navigator.clipboard.writeText(dagId).then(() => toast(`Copied ${dagId}`)) },
    ...(author ? [{ kind: "line" } as const, { label: "Delete the DAG…", icon: "trash", danger: true, act: () => open({ kind: "delete_dag", dagId }) } as const] : []),
  ];
  return (
    <>
      <Button icon="backfills" onClick={backfill}>Backfill</Button>
      {operator && <Button icon="play" look="primary" onClick={trigger}>Trigger</Button>}
      <Menu entries={entries}><IconButton icon="more" label={`More for ${dagId}`} /></Menu>
      {dialog}
    </>
  );
}
