import { useSyncExternalStore } from "react";

const phone = "(max-width: 767px)";

/** Whether the window is as narrow as a phone: pages then show triage instead of everything (web-ui.md 2.8, "Sizes"). */
export function useNarrow(): boolean {
  return useSyncExternalStore((tell) => {
    const query = matchMedia(phone);
    query.addEventListener("change", tell);
    return () => query.removeEventListener("change", tell);
  }, () => matchMedia(phone).matches);
}
