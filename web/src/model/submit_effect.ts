// What putting a DAG file in force would do, as far as the page can know before it asks.

/** `file_name` of versions that came over the API and not from the watched folder. */
export const FROM_API = "api";

export interface KnownDag {
  version_number: number;
  is_stale: boolean;
  hash: string;
  fileName: string;
}

export type Effect =
  | { kind: "new" }
  /** A new version; `since`: the one that it follows. */
  | { kind: "next"; since: number }
  /** An older version comes into force again. */
  | { kind: "back"; to: number; since: number }
  | { kind: "same"; as: number }
  /** The folder's file says what is in force: the API refuses another text. */
  | { kind: "folder"; file: string };

/** `known`: the DAG of that name, or null; `twin`: the version that says the same as the text, or null. */
export function effectOf(known: KnownDag | null, hash: string, twin: number | null): Effect {
  if (!known || known.is_stale) return { kind: "new" };
  if (known.fileName !== FROM_API) return { kind: "folder", file: known.fileName };
  if (known.hash === hash) return { kind: "same", as: known.version_number };
  if (twin !== null) return { kind: "back", to: twin, since: known.version_number };
  return { kind: "next", since: known.version_number };
}

/** The version that came into force while the text was written, which began when `base` was; or null. */
export function movedOn(base: number | null, dagId: string, editedDag: string, known: KnownDag | null): number | null {
  if (!known || known.is_stale) return null;
  if (base === null || dagId !== editedDag) return known.version_number;
  return known.version_number === base ? null : known.version_number;
}
