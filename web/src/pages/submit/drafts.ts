// Text that wasn't submitted yet, kept for this tab: a reload, a lost session or a way back finds it again.

export interface Draft {
  text: string;
  /** The version that was in force when the text was begun, or null: a new DAG. */
  base: number | null;
  at: number;
}

const keyOf = (dagId: string) => `millrace.draft.${dagId}`;

export function keptDraft(dagId: string): Draft | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(keyOf(dagId)) ?? "null") as Partial<Draft> | null;
    if (!found || typeof found.text !== "string" || typeof found.at !== "number") return null;
    return { text: found.text, at: found.at, base: typeof found.base === "number" ? found.base : null };
  } catch {
    return null;
  }
}

export function keepDraft(dagId: string, draft: Draft | null): void {
  try {
    if (draft) sessionStorage.setItem(keyOf(dagId), JSON.stringify(draft));
    else sessionStorage.removeItem(keyOf(dagId));
  } catch {
    // No room, or no storage: the question before leaving is what is left.
  }
}
