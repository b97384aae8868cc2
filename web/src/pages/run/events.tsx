import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { read } from "@/api/queries";
import { wordOf, toState } from "@/model/states";
import { count } from "@/model/time";
import { IconButton } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { Empty, Shown } from "@/ui/notes";
import { setQuery, useParam } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./run.module.css";
import { select } from "./selection";
import { nameOf, type RunView } from "./view";

const PAGE = 100;

/** Every move of the run and of its task instances, with its cause; the newest first. */
export default function EventsView({ view }: { view: RunView }) {
  const [page] = useParam("page", "1");
  const at = Math.max(1, Number(page) || 1);
  const events = useQuery({
    ...read("/api/v2/eventLogs", { query: { dag_id: view.dagId, run_id: view.runId, order_by: "-event_log_id", limit: PAGE, offset: (at - 1) * PAGE } }),
    placeholderData: keepPreviousData,
  });
  return (
    <Shown query={events} what="The events can't be read" lines={10}>
      {({ event_logs: lines, total_entries: all }) => lines.length === 0 ? <Empty title="Nothing has happened yet." /> : (
        <>
          <div className={css.scroll} tabIndex={0} role="region" aria-label="Events of the run">
            <table className={`list ${css.table}`}>
              <thead><tr><th>When</th><th>What</th><th>To</th><th>Cause</th><th>Who</th></tr></thead>
              <tbody>
                {lines.map((line) => {
                  const map = line.map_index === null || line.map_index < 0 ? null : line.map_index;
                  const state = line.to === null ? null : toState(line.to);
                  return (
                    <tr key={line.event_log_id}>
                      <td><Instant at={line.when} as="clock" /></td>
                      <td>{line.task_id
                        ? <button type="button" className={css.cell} onClick={() => select(line.task_id, map)}>{nameOf({ task: line.task_id, map })}</button>
                        : <span className="mid">{line.event.replaceAll("_", " ")}</span>}
                        {line.try_number ? <span className="dim"> try {line.try_number}</span> : null}
                      </td>
                      <td>{state !== null && <span className="row gap6"><Glyph state={state} size={12} label="" />{state === "none" && line.to !== "none" ? line.to : wordOf(state)}</span>}</td>
                      <td className={`mid ${css.causeCell}`} title={line.cause ?? ""}>{line.cause}</td>
                      <td className="dim">{line.owner}</td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
          {all > PAGE && (
            <div className={css.pages}>
              <span className="dim">{count((at - 1) * PAGE + 1)}–{count((at - 1) * PAGE + lines.length)} of {count(all)}</span>
              <span className="space" />
              <IconButton icon="up" label="Newer events" disabled={at === 1} onClick={() => setQuery({ page: at === 2 ? null : at - 1 })} />
              <IconButton icon="down" label="Older events" disabled={at * PAGE >= all} onClick={() => setQuery({ page: at + 1 })} />
            </div>
          )}
        </>
      )}
    </Shown>
  );
}
