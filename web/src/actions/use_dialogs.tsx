import { lazy, type ReactElement, Suspense, useCallback, useState } from "react";

import type { TaskRef } from "./clear_dialog";
import type { MarkState } from "./mark_dialog";

// Each dialog comes with its first use: pages that offer an action don't carry it.
const Trigger = lazy(async () => ({ default: (await import("./trigger_dialog")).TriggerDialog }));
const Clear = lazy(async () => ({ default: (await import("./clear_dialog")).ClearDialog }));
const Mark = lazy(async () => ({ default: (await import("./mark_dialog")).MarkDialog }));
const Cancel = lazy(async () => ({ default: (await import("./run_dialogs")).CancelRunDialog }));
const Delete = lazy(async () => ({ default: (await import("./run_dialogs")).DeleteRunDialog }));
const Note = lazy(async () => ({ default: (await import("./run_dialogs")).NoteDialog }));
const DeleteDag = lazy(async () => ({ default: (await import("./delete_dag_dialog")).DeleteDagDialog }));

interface OfRun {
  dagId: string;
  runId: string;
}

export type Action =
  /** Without a DAG it asks which. */
  | { kind: "trigger"; dagId?: string; then?: "page" | "toast" }
  /** Task instances of a run, or without `tasks` all of it. */
  | ({ kind: "clear"; tasks?: readonly TaskRef[] } & OfRun)
  | ({ kind: "retry" } & OfRun)
  /** A task instance, or without `task` the run. */
  | ({ kind: "mark"; task?: TaskRef; to?: MarkState } & OfRun)
  | ({ kind: "cancel" } & OfRun)
  | ({ kind: "delete"; onDeleted?: () => void } & OfRun)
  | { kind: "delete_dag"; dagId: string }
  | ({ kind: "note"; task?: TaskRef; note: string | null | undefined } & OfRun);

function shown(action: Action, onClose: () => void): ReactElement {
  switch (action.kind) {
    case "trigger": return <Trigger {...action} onClose={onClose} />;
    case "clear": return <Clear {...action} onClose={onClose} />;
    case "retry": return <Clear {...action} onlyFailed onClose={onClose} />;
    case "mark": return <Mark {...action} onClose={onClose} />;
    case "cancel": return <Cancel {...action} onClose={onClose} />;
    case "delete": return <Delete {...action} onClose={onClose} />;
    case "delete_dag": return <DeleteDag {...action} onClose={onClose} />;
    case "note": return <Note {...action} onClose={onClose} />;
  }
}

/**
 * `const [dialog, open] = useDialogs();`: put `{dialog}` anywhere in the page and call `open({ kind: "clear", dagId, runId })`. Offer
 * them to those who may (`useMay("operator")`).
 */
export function useDialogs(): [ReactElement | null, (action: Action) => void] {
  const [action, setAction] = useState<Action | null>(null);
  const close = useCallback(() => setAction(null), []);
  return [action && <Suspense fallback={null}>{shown(action, close)}</Suspense>, setAction];
}
