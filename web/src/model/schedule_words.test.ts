import { expect, it } from "vitest";

import { scheduleWords } from "./schedule_words";

it.each([
  ["", "by hand"],
  ["datasets: flights_raw", "on flights_raw"],
  ["datasets: a, b", "on a, b"],
  ["@daily", "daily"],
  ["* * * * *", "every minute"],
  ["*/5 * * * *", "every 5 min"],
  ["0 * * * *", "hourly"],
  ["5 * * * *", "hourly at :05"],
  ["30 */2 * * *", "every 2 h at :30"],
  ["0 6 * * *", "06:00 daily"],
  ["0 7 * * mon", "Mon 07:00"],
  ["15 4 * * 7", "Sun 04:15"],
  ["0 7 * * 1-5", "07:00 Mon to Fri"],
  ["0 0 1 * *", "1st of month 00:00"],
  ["0 0 12 * *", "12th of month 00:00"],
])("says %s as %s", (text, words) => expect(scheduleWords(text)).toBe(words));

it.each(["0 6,18 * * *", "0 6 1 1 *", "0 6 1 * mon", "0 9-17 * * *", "interval: 90m", "0 6 * * mon,wed"])(
  "leaves %s as it is", (text) => expect(scheduleWords(text)).toBe(text),
);
