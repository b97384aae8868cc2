import { useEffect, useRef } from "react";
import { tinykeys } from "tinykeys";

import { preferences } from "./preferences";

/** What the "?" page lists: filled by every useKeys() that is on the screen. */
export interface Shortcut {
  keys: string;
  says: string;
  act: (event: KeyboardEvent) => void;
}

const active = new Set<readonly Shortcut[]>();

export function shortcuts(): Shortcut[] {
  return [...active].flat();
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
export function useKeys(list: readonly Shortcut[], options: { inDialog?: boolean; off?: boolean } = {}): void {
  const newest = useRef(list);
  useEffect(() => {
    newest.current = list;
  });
  const names = list.map((shortcut) => shortcut.keys).join("\n");
  const { inDialog = false, off = false } = options;
  useEffect(() => {
    if (off) return;
    const mine = newest.current;
    active.add(mine);
    const bindings = Object.fromEntries(names.split("\n").map((keys, index) => [keys, (event: KeyboardEvent) => {
      const strong = keys.includes("$mod");
      if (event.defaultPrevented || (!strong && (typing(event) || (keys !== "Escape" && !preferences().letters)))) return;
      if (!strong && (event.ctrlKey || event.metaKey || event.altKey)) return;
      if (keys === "Enter" && pressable(event)) return;
      if (!inDialog && document.querySelector("[role=dialog], [role=menu]")) return;
      event.preventDefault();
      newest.current[index]?.act(event);
    }]));
    // By itself tinykeys hears nothing in a field, not even $mod.
    const stop = tinykeys(window, bindings, { ignore: (event) => event.repeat || event.isComposing });
    return () => {
      active.delete(mine);
      stop();
    };
  }, [names, inDialog, off]);
}
