import { useCallback, useSyncExternalStore } from "react";

import { dateIn } from "@/model/calendar";

function eachMinute(tell: () => void): () => void {
  const timer = setInterval(tell, 60_000);
  return () => clearInterval(timer);
}

/** The date that it is in a zone, `2013-06-11`: another one when its midnight has passed. */
export function useToday(zone: string): string {
  return useSyncExternalStore(eachMinute, useCallback(() => dateIn(zone, Date.now()), [zone]));
}
