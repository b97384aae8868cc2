// A schedule as people say it. What has no short sentence here stays as its DAG's file has it.

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const NAMED: Record<string, string> = {
  "@hourly": "hourly", "@daily": "daily", "@weekly": "weekly", "@monthly": "monthly", "@yearly": "yearly",
  "@once": "once", "@continuous": "continuously",
};

const two = (text: string) => text.padStart(2, "0");
const isNumber = (text: string) => /^\d{1,2}$/.test(text);

function dayOf(text: string): string | null {
  if (isNumber(text)) return DAYS[Number(text) % 7] ?? null;
  const word = text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
  return DAYS.includes(word) ? word : null;
}

function ordinal(text: string): string {
  const n = Number(text);
  const end = n % 100 >= 11 && n % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${end}`;
}

function cronWords(cron: string): string | null {
  const pieces = cron.split(/\s+/);
  if (pieces.length !== 5) return null;
  const [minute, hour, day, month, weekday] = pieces as [string, string, string, string, string];
  if (month !== "*") return null;
  const everyDay = day === "*" && weekday === "*";
  const every = /^\*\/(\d{1,2})$/.exec(minute);
  if (everyDay && hour === "*") {
    if (minute === "*") return "every minute";
    if (every) return `every ${Number(every[1])} min`;
    if (isNumber(minute)) return minute === "0" ? "hourly" : `hourly at :${two(minute)}`;
    return null;
  }
  if (!isNumber(minute)) return null;
  const everyHours = /^\*\/(\d{1,2})$/.exec(hour);
  if (everyDay && everyHours) return `every ${Number(everyHours[1])} h at :${two(minute)}`;
  if (!isNumber(hour)) return null;
  const clock = `${two(hour)}:${two(minute)}`;
  if (everyDay) return `${clock} daily`;
  if (day === "*") {
    if (/^(1-5|mon-fri)$/i.test(weekday)) return `${clock} Mon to Fri`;
    const name = dayOf(weekday);
    return name && `${name} ${clock}`;
  }
  return weekday === "*" && isNumber(day) ? `${ordinal(day)} of month ${clock}` : null;
}

/** `text` is `schedule_text` of ui/dags: empty, `datasets: a, b`, `@daily`, or cron. */
export function scheduleWords(text: string): string {
  if (text === "") return "by hand";
  if (text.startsWith("datasets:")) return `on ${text.slice("datasets:".length).trim()}`;
  return NAMED[text] ?? cronWords(text) ?? text;
}

export function isOnData(text: string): boolean {
  return text.startsWith("datasets:");
}
