import { useCallback, useSyncExternalStore } from "react";

/** Whether a media query holds, as it changes. */
export function useMedia(query: string): boolean {
  const subscribe = useCallback((tell: () => void) => {
    const media = matchMedia(query);
    media.addEventListener("change", tell);
    return () => media.removeEventListener("change", tell);
  }, [query]);
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** One column, for triage. */
export const PHONE = "(max-width: 767px)";
/** Room for two panes. */
export const WIDE = "(min-width: 1200px)";
