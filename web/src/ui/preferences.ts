import { useSyncExternalStore } from "react";

import { DISPLAY_ZONES, type ZoneChoice } from "@/model/time";

import { Told } from "./told";

// What a reader chose for this browser. The zone also travels in links (`?tz=`): see ui/zone.tsx.

export interface Preferences {
  zone: ZoneChoice;
  dense: boolean;
  /** Single letters as commands (WCAG 2.1.4 asks for a way to switch them off). */
  letters: boolean;
}

const KEY = "millrace.preferences";
const DEFAULTS: Preferences = { zone: "UTC", dense: false, letters: true };
const told = new Told();
let kept = read();

function read(): Preferences {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
    return {
      zone: DISPLAY_ZONES.includes(found.zone as ZoneChoice) ? (found.zone as ZoneChoice) : DEFAULTS.zone,
      dense: found.dense === true,
      letters: found.letters !== false,
    };
  } catch {
    return DEFAULTS;
  }
}

/** The style sheets know it by an attribute of the root. */
function showDensity(): void {
  if (typeof document !== "undefined") document.documentElement.dataset.dense = String(kept.dense);
}
showDensity();

export function preferences(): Preferences {
  return kept;
}

export function setPreferences(changes: Partial<Preferences>): void {
  kept = { ...kept, ...changes };
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Kept for this page alone.
  }
  showDensity();
  told.tell();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(told.subscribe, preferences);
}
