import { type State, toneOf, wordOf } from "@/model/states";
import { countsOf } from "@/model/run_timeline";
import { count, duration, instant, shortInstant } from "@/model/time";
import { Icon } from "@/ui/icon";
import { Bar, StateWord } from "@/ui/surface";
import { Tip } from "@/ui/tip";
import { useZone } from "@/ui/zone";

import css from "./run.module.css";
import type { RunView } from "./view";

/** As in a sentence: what is done first, what never begins last. */
const ORDER: readonly State[] = [
  "success", "running", "restarting", "failed", "upstream_failed", "up_for_retry", "up_for_reschedule", "deferred", "queued", "scheduled",
  "none", "skipped", "removed",
];
const SHORT: Partial<Record<State, string>> = { up_for_retry: "retrying", up_for_reschedule: "sensing", none: "to come" };

export function shortWord(state: State): string {
  return SHORT[state] ?? wordOf(state).toLowerCase();
}

/** How far it is: task instances by state, how long it has taken, when it should end. */
export function Counts({ view }: { view: RunView }) {
  const { run, instances, live, now } = view;
  const counts = countsOf(instances);
  const parts = ORDER.filter((state) => counts.has(state)).map((state) => ({ state, value: counts.get(state)! }));
  const began = instant(run.start_date);
  const elapsed = run.duration ?? (began === null ? null : (now - began) / 1000);
  return (
    <section className={css.counts} aria-label="Progress">
      <Bar
        width={230}
        label={parts.map(({ state, value }) => `${value} ${shortWord(state)}`).join(", ") || "no tasks"}
        parts={parts.map(({ state, value }) => ({ value, color: toneOf(state) === "none" ? "var(--edge)" : `var(--${toneOf(state)})` }))}
      />
      <div className={css.words}>
        {parts.map(({ state, value }) => (
          <StateWord key={state} state={state} text={<><b>{count(value)}</b> <span className="mid">{shortWord(state)}</span></>} />
        ))}
      </div>
      <span className="space" />
      {run.cancel_requested && live && <span className="warn nowrap">Cancel asked for</span>}
      <span className="nowrap"><span className="dim">{live ? "Elapsed" : "Took"}</span> <b>{duration(elapsed)}</b></span>
      {live && <ExpectedEnd view={view} />}
      {run.note && <p className={css.runNote}><Icon name="note" size={13} /><span>{run.note}</span></p>}
    </section>
  );
}

function ExpectedEnd({ view: { forecast, now } }: { view: RunView }) {
  const { zone } = useZone();
  const { endsAt, unknown } = forecast;
  if (endsAt === null) {
    if (unknown === null) return null;
    return (
      <Tip text={`How long ${unknown} takes isn't known: no run of it has ended well, or it waits for something outside.`}>
        <span className="nowrap" tabIndex={0}><span className="dim">Expected end</span> <b>not known</b></span>
      </Tip>
    );
  }
  return (
    <Tip text="If each task takes as long as it usually does and none waits for a place.">
      <span className="nowrap" tabIndex={0}>
        <span className="dim">Expected end</span> <b>{endsAt <= now ? "any moment" : shortInstant(endsAt, zone, now)}</b>
        {endsAt > now && <span className="dim"> at the earliest</span>}
      </span>
    </Tip>
  );
}
