import { useEffect, useRef, useSyncExternalStore } from "react";
import { tinykeys } from "tinykeys";

import { preferences } from "./preferences";
import { Told } from "./told";

/** What the "?" page lists: filled by every useKeys() that is on the screen. */
export interface Shortcut {
  keys: string;
  says: string;
  act: (event: KeyboardEvent) => void;
}

const active = new Set<readonly Shortcut[]>();
const told = new Told();
let listed: readonly Shortcut[] = [];

function list(): void {
  listed = [...active].flat();
  told.tell();
}

/** The keys that work now; a page that is still coming adds its own when it is there. */
export function useShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(told.subscribe, () => listed);
}

/**
 * Something is open that keys belong to. What a page had open when it was left is still in the document, hidden with that page,
 * until the next page's script has come: it is closed to the reader.
 */
function isCovered(): boolean {
  return [...document.querySelectorAll("[role=dialog], [role=menu]")].some((each) => each.checkVisibility());
}

function typing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return Boolean(target?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable=true], .cm-editor"));
}

/** Where Enter means the thing that has the focus. */
function pressable(event: KeyboardEvent): boolean {
  return Boolean((event.target as HTMLElement | null)?.closest?.("a, button, summary, [role=button], [role=option], [role=gridcell]"));
}

/**
 * Keys of a component while it is shown, in tinykeys' words ("g d", "Shift+E", "$mod+k", "?"). Without $mod they are silent while the
 * reader types, while a dialog is open (unless `inDialog`), and when single letters are switched off.
 */
export function useKeys(mine: readonly Shortcut[], options: { inDialog?: boolean; off?: boolean } = {}): void {
  const newest = useRef(mine);
  useEffect(() => {
    newest.current = mine;
  });
  const names = mine.map((shortcut) => shortcut.keys).join("\n");
  const { inDialog = false, off = false } = options;
  useEffect(() => {
    if (off) return;
    const shown = newest.current;
    active.add(shown);
    list();
    const bindings = Object.fromEntries(names.split("\n").map((keys, index) => [keys, (event: KeyboardEvent) => {
      const strong = keys.includes("$mod");
      if (event.defaultPrevented || (!strong && (typing(event) || (keys !== "Escape" && !preferences().letters)))) return;
      if (!strong && (event.ctrlKey || event.metaKey || event.altKey)) return;
      if (keys === "Enter" && pressable(event)) return;
      if (!inDialog && isCovered()) return;
      event.preventDefault();
      newest.current[index]?.act(event);
    }]));
    // By itself tinykeys hears nothing in a field, not even $mod.
    const stop = tinykeys(window, bindings, { ignore: (event) => event.repeat || event.isComposing });
    return () => {
      active.delete(shown);
      list();
      stop();
    };
  }, [names, inDialog, off]);
}
