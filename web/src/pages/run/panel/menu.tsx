import { runPath } from "@/model/run_address";
import { IconButton } from "@/ui/controls";
import { Menu, type MenuEntry } from "@/ui/menu";
import { toast, toastError } from "@/ui/toast";

import type { RunView } from "../view";
import { logPath } from "./queries";

interface Props {
  view: RunView;
  task: string;
  /** null: not mapped, or all of a mapped task. */
  mapIndex: number | null;
  attempt?: number;
  note: string | null | undefined;
}

/** What can be done with a task instance, or with all instances of a mapped task. */
export function TaskMenu({ view, task, mapIndex, attempt, note }: Props) {
  const { act, may, dagId, runId } = view;
  const copyLink = () => {
    const path = runPath(dagId, view.run, view.zone, { task, map: mapIndex, try: attempt ?? null });
    navigator.clipboard.writeText(location.origin + path).then(() => toast("Link copied"), (error: unknown) => toastError(error, "It can't be copied"));
  };
  const ref = { task_id: task, ...(mapIndex === null ? {} : { map_index: mapIndex }) };
  const mark = (to: "success" | "failed" | "skipped"): MenuEntry => ({ label: `Mark ${to}…`, act: () => act({ kind: "mark", dagId, runId, task: ref, to }) });
  const entries: MenuEntry[] = may
    ? [
      { label: "Clear & re-run…", icon: "retry", act: () => act({ kind: "clear", dagId, runId, tasks: [ref] }) },
      { kind: "line" },
      mark("success"), mark("failed"), mark("skipped"),
      { kind: "line" },
      ...(note === undefined ? [] : [{ label: note ? "Edit its note" : "Add a note", icon: "note", act: () => act({ kind: "note", dagId, runId, task: ref, note }) } as const]),
    ]
    : [];
  entries.push({ label: "Copy link", icon: "link", act: copyLink });
  if (attempt !== undefined) {
    const raw = logPath({ dagId, runId, task, mapIndex: mapIndex ?? -1 }, attempt);
    entries.push({ label: "Raw log", icon: "external", act: () => window.open(raw, "_blank", "noopener") });
  }
  return <Menu entries={entries}><IconButton icon="more" label={`More for ${task}`} /></Menu>;
}
