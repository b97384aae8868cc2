import { useState } from "react";

import type { ReasonSpan, Why } from "@/model/explain";
import { count, duration } from "@/model/time";

import { Button } from "./controls";
import css from "./explain.module.css";
import { Instant } from "./zone";

const TOTALS_SHOWN = 4;

function Spans({ history }: { history: readonly ReasonSpan[] }) {
  return (
    <table className={`${css.table} ${css.reasons}`}>
      <tbody>
        {history.map((span, index) => (
          <tr key={index}>
            <td className="dim"><Instant at={span.from} as="clock" /></td>
            <td className="mid"><span className="row gap6"><i className={css.square} style={{ background: `var(--${span.tone})` }} />{span.label}</span></td>
            <td className="right">{duration(span.seconds)}{span.to === null && <span className="dim"> so far</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** How long each reason has lasted: a bar of all the time it waited, the sums, and on demand every single wait. */
export function ExplainHistory({ why }: { why: Why }) {
  const [all, setAll] = useState(false);
  const waited = why.totals.reduce((sum, total) => sum + total.seconds, 0);
  return (
    <section className={css.part}>
      <h4>
        {why.waits ? "Waiting" : "It waited"}{why.waitingSince !== null && <> since <Instant at={why.waitingSince} /></>}
        <span className="space" />
        <span className="dim">{duration(waited)}, by reason</span>
      </h4>
      <div className={css.spans} role="img" aria-label={why.totals.map((total) => `${total.label} ${duration(total.seconds)}`).join(", ")}>
        {why.history.filter((span) => span.seconds > waited / 400).map((span, index) => (
          <i key={index} title={`${span.label}, ${duration(span.seconds)}`} style={{ flexGrow: Math.max(span.seconds, 0.001), background: `var(--${span.tone})` }} />
        ))}
      </div>
      <div className={css.totals}>
        {why.totals.slice(0, TOTALS_SHOWN).map((total) => (
          <span key={total.label} className="row gap6"><i className={css.square} style={{ background: `var(--${total.tone})` }} />{total.label} <span className="mid">{duration(total.seconds)}</span></span>
        ))}
        <span className="space" />
        {why.history.length > 1 && <Button small look="ghost" aria-expanded={all} onClick={() => setAll(!all)}>{all ? "Fewer" : `All ${count(why.history.length)}`}</Button>}
      </div>
      {all && <Spans history={[...why.history].reverse()} />}
    </section>
  );
}
