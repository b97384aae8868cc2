import { useSyncExternalStore } from "react";

const phone = "(max-width: 767px)";
const onePane = "(max-width: 1199px)";

function useMedia(media: string): boolean {
  return useSyncExternalStore((tell) => {
    const query = matchMedia(media);
    query.addEventListener("change", tell);
    return () => query.removeEventListener("change", tell);
  }, () => matchMedia(media).matches);
}

/** Whether the window is as narrow as a phone: pages then show triage instead of everything (web-ui.md 2.8, "Sizes"). */
export function useNarrow(): boolean {
  return useMedia(phone);
}

/** Whether there is room for one pane: what would stand beside it lies over it, in a drawer. */
export function useOnePane(): boolean {
  return useMedia(onePane);
}
