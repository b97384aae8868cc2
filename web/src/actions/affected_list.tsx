import type { UseQueryResult } from "@tanstack/react-query";

import { type Affected, byRun, countStates, countText, instanceName } from "@/model/affected";
import { wordOf } from "@/model/states";
import { count, executionDate } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { ErrorNote, Loading } from "@/ui/notes";
import { StateWord } from "@/ui/surface";

import css from "./actions.module.css";

const SHOWN = 300;

interface Props {
  query: Pick<UseQueryResult<Affected[]>, "data" | "error" | "isPlaceholderData" | "refetch">;
  zone: string | undefined;
  /** When the dry run found none. */
  nothing: string;
}

/** The dry run's answer: how many, in which states, which. While another one is asked for, the old one stays, paler. */
export function AffectedList({ query, zone, nothing }: Props) {
  const { data, error } = query;
  if (error) return <div className={css.affected}><ErrorNote error={error} onRetry={() => void query.refetch()} /></div>;
  if (!data) return <div className={css.affected}><Loading lines={3} /></div>;
  const runs = byRun(data.slice(0, SHOWN));
  return (
    <section className={css.affected} data-old={query.isPlaceholderData} aria-label="What it would change" aria-busy={query.isPlaceholderData}>
      <div className={css.summary}>
        <b className="strong">{data.length ? countText(data) : nothing}</b>
        {countStates(data).map(({ state, count: number }) => <StateWord key={state} state={state} text={`${count(number)} ${wordOf(state).toLowerCase()}`} />)}
      </div>
      <div className={css.rows} tabIndex={0} role="region" aria-label="Task instances">
        {runs.map((run) => (
          <div key={run.runId}>
            {runs.length > 1 && <h3 className="mono">{zone ? executionDate(run.executionDate, zone) : run.runId}</h3>}
            <ul>
              {run.instances.map((each) => (
                <li key={`${each.task_id}/${each.map_index}`}><Glyph state={each.state} size={13} /><span className="mono ellipsis">{instanceName(each)}</span></li>
              ))}
            </ul>
          </div>
        ))}
        {data.length > SHOWN && <p className="dim small" style={{ padding: "6px 10px" }}>and {count(data.length - SHOWN)} more</p>}
      </div>
    </section>
  );
}
