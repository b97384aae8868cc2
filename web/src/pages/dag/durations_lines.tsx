import { token } from "@/ui/theme";

// Lines of the chart: the whole run in ink, tasks in four data colours, with dashes when there are more than four. None of them is a
// state's colour: red, green and amber say something here.
const TOKENS = ["--ansi-blue", "--ansi-magenta", "--ansi-cyan", "--ink-3"] as const;

export function inkOf(index: number, whole: boolean): { name: string; color: () => string; dash: number[] } {
  const name = whole ? "--ink" : TOKENS[index % TOKENS.length]!;
  return { name, color: () => token(name), dash: whole || index < TOKENS.length ? [] : [5, 3] };
}

/** A line as it stands in a legend. */
export function Line({ index, whole }: { index: number; whole: boolean }) {
  const { name, dash } = inkOf(index, whole);
  return (
    <svg width="16" height="8" aria-hidden>
      <path d="M0 4h16" stroke={`var(${name})`} strokeWidth={whole ? 2 : 1.7} {...(dash.length ? { strokeDasharray: "5 3" } : {})} />
    </svg>
  );
}
