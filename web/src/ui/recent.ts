import { parseRecent, type Place, withRecent } from "@/model/palette";

const KEY = "millrace.recent";

/** Where the reader has been in this browser, the newest first. */
export function recentPlaces(): Place[] {
  try {
    return parseRecent(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}

export function keepPlace(place: Place): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(withRecent(recentPlaces(), place)));
  } catch {
    // A browser without storage has no recent places.
  }
}
