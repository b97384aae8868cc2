import { useAsked } from "@/actions/runs";
import { Button, IconButton } from "@/ui/controls";
import { Menu, type MenuEntry } from "@/ui/menu";
import { at, link, useGo } from "@/ui/url";

import type { RunView } from "./view";

/** What can be done with the run. */
export function RunActions({ view }: { view: RunView }) {
  const go = useGo();
  const { act, may, dagId, runId, live, run } = view;
  const asked = useAsked(dagId, runId);
  const of = { dagId, runId };
  const more: MenuEntry[] = [
    ...(run.state === "failed" ? [{ label: "Retry failed tasks", icon: "retry", act: () => act({ kind: "retry", ...of }) } as const] : []),
    { label: "Mark the run…", icon: "check", act: () => act({ kind: "mark", ...of }) },
    { label: run.note ? "Edit its note" : "Add a note", icon: "note", act: () => act({ kind: "note", ...of, note: run.note }) },
    { kind: "line" },
    { label: "Delete the run…", icon: "trash", danger: true, disabled: live, act: () => act({ kind: "delete", ...of, onDeleted: () => go(at("dags", dagId, "runs")) }) },
  ];
  return (
    <>
      {asked && <span className="dim nowrap">{asked}</span>}
      <Button icon="compare" onClick={() => go(link("/compare", { a: `${dagId}/${runId}` }))}>Compare</Button>
      {may && (
        <>
          <Button icon="retry" onClick={() => act({ kind: "clear", ...of })}>Clear &amp; re-run</Button>
          {live && <Button icon="close" look="danger" disabled={run.cancel_requested} onClick={() => act({ kind: "cancel", ...of })}>Cancel</Button>}
          <Menu entries={more}><IconButton icon="more" label="More for this run" /></Menu>
        </>
      )}
    </>
  );
}

/** The phone's one button: what failed runs again, or what runs is ended. */
export function RerunFailed({ view }: { view: RunView }) {
  const { act, may, dagId, runId, live, run } = view;
  const asked = useAsked(dagId, runId);
  if (!may) return null;
  if (live) return <Button look="danger" disabled={run.cancel_requested} onClick={() => act({ kind: "cancel", dagId, runId })}>{asked ?? (run.cancel_requested ? "Cancel asked for" : "Cancel")}</Button>;
  if (run.state === "failed") return <Button look="primary" disabled={asked !== null} onClick={() => act({ kind: "retry", dagId, runId })}>{asked ?? "Re-run failed"}</Button>;
  return <Button disabled={asked !== null} onClick={() => act({ kind: "clear", dagId, runId })}>{asked ?? "Clear & re-run"}</Button>;
}
