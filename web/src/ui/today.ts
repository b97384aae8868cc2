import { dateIn } from "@/model/calendar";

import { useClock } from "./zone";

/** The date that it is in a zone, `2013-06-11`: another one when its midnight has passed. */
export function useToday(zone: string): string {
  return useClock((now) => dateIn(zone, now));
}
