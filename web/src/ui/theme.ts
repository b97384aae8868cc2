import { useSyncExternalStore } from "react";

import { Told } from "./told";

export type Theme = "dark" | "light";
const KEY = "millrace.theme";
const told = new Told();

export function theme(): Theme {
  return document.documentElement.dataset.theme === "light" ? "light" : "dark";
}

export function setTheme(next: Theme): void {
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser without storage forgets it at the next page load; nothing else depends on it.
  }
  told.tell();
}

/** Also what a canvas depends on: its colours are read from the tokens when it draws. */
export function useTheme(): Theme {
  return useSyncExternalStore(told.subscribe, theme);
}

/** The value of a token as the page has it now, for canvases: `token("--success")`. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
