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

/** What can be done with a task instance. */
export function TaskMenu({ view, task, mapIndex, attempt }: Props) {
  const copyLink = () => {
    const path = runPath(view.dagId, view.run, view.zone, { task, map: mapIndex, try: attempt ?? null });
    navigator.clipboard.writeText(location.origin + path).then(() => toast("Link copied"), (error: unknown) => toastError(error, "It can't be copied"));
  };
  const entries: MenuEntry[] = [{ label: "Copy link", icon: "link", act: copyLink }];
  if (attempt !== undefined) {
    const raw = logPath({ dagId: view.dagId, runId: view.runId, task, mapIndex: mapIndex ?? -1 }, attempt);
    entries.push({ label: "Raw log", icon: "external", act: () => window.open(raw, "_blank", "noopener") });
  }
  return <Menu entries={entries}><IconButton icon="more" label={`More for ${task}`} /></Menu>;
}
