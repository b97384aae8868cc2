import { type ReactNode, useRef, useState } from "react";

import { type State, wordOf, worstOf } from "@/model/states";
import { countsOf, failuresOf, type Instance, lengthOf } from "@/model/run_timeline";
import { duration, executionDate, instant } from "@/model/time";
import { Button } from "@/ui/controls";
import { Dialog } from "@/ui/dialog";
import { Glyph } from "@/ui/glyph";
import { Card, StateChip } from "@/ui/surface";
import { useWindow } from "@/ui/window";
import { Instant } from "@/ui/zone";

import { RerunFailed } from "./actions";
import { shortWord } from "./counts";
import { LogTail } from "./panel/log_tail";
import { select, type Selection } from "./selection";
import css from "./triage.module.css";
import { nameOf, type RunView } from "./view";

const FIRST_SHOWN = 4;
const LINES = 40;

/** Worst first: what failed, what couldn't start because of it, what goes on. */
function worthSeeing(instances: Instance[]): Instance[] {
  const of = (...states: State[]) => instances.filter((one) => states.includes(one.state));
  return [...failuresOf(instances), ...of("upstream_failed"), ...of("up_for_retry"), ...of("running", "restarting"), ...of("up_for_reschedule", "deferred", "queued", "scheduled")];
}

function about(one: Instance): string {
  if (one.state === "upstream_failed") return "did not start";
  if (one.state === "failed") return one.attempts > 1 ? `failed, attempt ${one.attempts}` : "failed";
  return `${wordOf(one.state).toLowerCase()}${one.attempts > 1 ? `, attempt ${one.attempts}` : ""}`;
}

function Lines({ view, all, onMore }: { view: RunView; all: Instance[]; onMore: () => void }) {
  const shown = worthSeeing(all).slice(0, FIRST_SHOWN);
  const others = all.filter((one) => !shown.includes(one));
  const words = [...countsOf(others)].map(([state, number]) => `${number} ${shortWord(state)}`).join(", ");
  return (
    <ul className={css.list}>
      {shown.map((one) => {
        const ms = one.state === "upstream_failed" ? null : lengthOf(one, view.now);
        return (
          <li key={one.key}>
            <button type="button" className={css.line} onClick={() => select(one.task, one.mapIndex)}>
              <Glyph state={one.state} size={16} label="" />
              <span className={css.two}><b className="ellipsis">{one.key}</b><span className="dim">{about(one)}</span></span>
              <span className="dim">{ms === null ? "" : duration(ms / 1000)}</span>
            </button>
          </li>
        );
      })}
      {others.length > 0 && (
        <li>
          <button type="button" className={css.line} onClick={onMore}>
            <Glyph state={worstOf(others.map((one) => one.state))} size={16} label="" />
            <span className={css.two}><b>{others.length} {shown.length ? "other " : ""}task{others.length === 1 ? "" : "s"}</b><span className="dim">{words}</span></span>
            <span className="dim">all</span>
          </button>
        </li>
      )}
    </ul>
  );
}

const LINE = 49;

/** All of them, on a screen of their own. */
function AllTasks({ view, onClose }: { view: RunView; onClose: () => void }) {
  return (
    <Dialog title={`All tasks of ${view.dagId}`} open drawer onClose={onClose}>
      <AllLines view={view} onChosen={onClose} />
    </Dialog>
  );
}

function AllLines({ view, onChosen }: { view: RunView; onChosen: () => void }) {
  const box = useRef<HTMLDivElement>(null);
  const seen = useWindow(box, view.instances.length, LINE);
  return (
    <div ref={box} className={css.all} tabIndex={0} role="region" aria-label="Task instances">
      <ul style={{ height: view.instances.length * LINE }}>
        {view.instances.slice(seen.first, seen.end).map((one, index) => (
          <li key={one.key} style={{ top: (seen.first + index) * LINE }}>
            <button type="button" className={css.line} onClick={() => {
              onChosen();
              select(one.task, one.mapIndex);
            }}>
              <Glyph state={one.state} size={16} label="" />
              <span className={css.two}><b className="ellipsis">{one.key}</b><span className="dim">{wordOf(one.state).toLowerCase()}</span></span>
              <span className="dim">{duration((lengthOf(one, view.now) ?? NaN) / 1000)}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A run on a phone: what failed, its last words, and the button that tries again. */
export default function Triage({ view, selection, panel }: { view: RunView; selection: Selection; panel: ReactNode }) {
  const { run, dagId, zone, instances, live, now, shown } = view;
  const [all, setAll] = useState(false);
  const failures = failuresOf(instances);
  const first = failures[0] ?? (shown?.instance && shown.instance.attempts > 0 ? shown.instance : null);
  const began = instant(run.start_date);
  const seconds = run.duration ?? (began === null ? null : (now - began) / 1000);
  return (
    <div className={css.page}>
      <div className={css.head}>
        <div className="row gap8">
          <h1 className="ellipsis">{dagId}</h1>
          <span className="space" />
          <StateChip state={run.state} />
        </div>
        <p className="mid">
          <span className="mono">{executionDate(run.execution_date, zone)}</span> · {live ? "began" : run.state === "failed" ? "failed" : "ended"}{" "}
          <Instant at={live ? (run.start_date ?? run.queued_at) : run.end_date} /> · {duration(seconds)}
        </p>
      </div>
      <Card label="Tasks" className={css.fixed!}><Lines view={view} all={instances} onMore={() => setAll(true)} /></Card>
      {first && (
        <Card
          className={css.log!} label={`Log of ${first.key}`} title={first.key}
          about={<Glyph state={first.state} size={15} />} tools={<span className="dim small">last lines</span>}
        >
          <LogTail of={{ dagId, runId: view.runId, task: first.task, mapIndex: first.mapIndex }} attempt={first.attempts} lines={LINES} />
        </Card>
      )}
      <div className={css.act}>
        {first && <Button onClick={() => select(first.task, first.mapIndex, "log")}>Full log</Button>}
        <RerunFailed view={view} />
      </div>
      {all && <AllTasks view={view} onClose={() => setAll(false)} />}
      <Dialog title={shown ? nameOf(shown) : ""} open={selection.task !== null} onClose={() => select(null)} drawer>
        <div className={css.drawer}>{panel}</div>
      </Dialog>
    </div>
  );
}
