import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";

import type { Answer } from "@/api/client";
import { read } from "@/api/queries";
import { ABSENT, cellOf, type GridModel, type GridRun, MAPPED, runSeconds, stateOf } from "@/model/grid";
import { runPath } from "@/model/run_address";
import { type State, STATES, toState, urgencyOf, wordOf } from "@/model/states";
import { bytes, count, duration, executionDate, instant } from "@/model/time";
import { Button, Choice } from "@/ui/controls";
import { ExplainPanel } from "@/ui/explain";
import { Glyph } from "@/ui/glyph";
import { Icon } from "@/ui/icon";
import { Menu } from "@/ui/menu";
import { Empty, Shown } from "@/ui/notes";
import { Card, StateWord } from "@/ui/surface";
import { useGo } from "@/ui/url";
import { Instant, useNow } from "@/ui/zone";

import css from "./inspector.module.css";
import type { Chosen } from "./grid_choice";
import { Sparkline } from "./sparkline";

export type TaskInstance = Answer<"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}">;
export type Try = Answer<"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/tries">["task_instances"][number];

const INSTANCE = "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}";
const TRIES = "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/tries";
const MAPPED_INSTANCES = "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/listMapped";
const MAPPED_TRIES = "/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/{map_index}/tries";
/** What an event of a task instance makes old. */
export const INSTANCE_PATHS = [INSTANCE, TRIES, MAPPED_INSTANCES, MAPPED_TRIES] as const;

interface Props {
  dagId: string;
  model: GridModel;
  chosen: Chosen;
  zone: string;
  runs: number;
}

/** What is chosen: a task of a run, or the run. */
export function Inspector(props: Props) {
  const { model, chosen, zone } = props;
  const run = model.runs[chosen.run];
  if (chosen.missing !== null) {
    return <Card label="Inspector"><Empty title={`No run ${chosen.missing} among those that are shown`}><Button small onClick={() => chosen.choose({ run: model.runs.length - 1 })}>Choose the newest</Button></Empty></Card>;
  }
  if (!run) return <Card label="Inspector"><Empty title="Choose a run or a task" /></Card>;
  if (chosen.task === null) return <RunCard {...props} run={run} />;
  const task = model.taskIndex.get(chosen.task);
  const cell = task === undefined ? ABSENT : cellOf(model, task, chosen.run);
  if (cell & ABSENT) {
    const version = `v${run.version}`;
    return <Card title={chosen.task} about={<span className="dim ellipsis">{executionDate(run.execution_date, zone)}</span>}><Empty title={`${version}, which this run is of, has no task ${chosen.task}`} /></Card>;
  }
  if (cell & MAPPED) return <MappedTask {...props} run={run} task={chosen.task} state={stateOf(cell)} />;
  return <PlainTask {...props} run={run} task={chosen.task} state={stateOf(cell)} />;
}

interface TaskProps extends Props {
  run: GridRun;
  task: string;
  state: State;
}

function PlainTask(props: TaskProps) {
  const path = { dag_id: props.dagId, run_id: props.run.run_id, task_id: props.task };
  const instance = useQuery(read(INSTANCE, { path }));
  const tries = useQuery(read(TRIES, { path }));
  return <TaskCard {...props} query={instance} tries={tries.data?.task_instances ?? []} mapIndex={-1} />;
}

/** Of a mapped task one instance is looked at: the one that was chosen, else the one that needs eyes first. */
function MappedTask(props: TaskProps) {
  const path = { dag_id: props.dagId, run_id: props.run.run_id, task_id: props.task };
  const all = useQuery(read(MAPPED_INSTANCES, { path, query: { limit: 200 } }));
  const list = all.data?.task_instances ?? [];
  const urgent = list.reduce<TaskInstance | undefined>((worst, each) => (!worst || urgencyOf(toState(each.state)) > urgencyOf(toState(worst.state)) ? each : worst), undefined);
  const instance = list.find((each) => each.map_index === props.chosen.map) ?? urgent;
  const tries = useQuery({ ...read(MAPPED_TRIES, { path: { ...path, map_index: instance?.map_index ?? 0 } }), enabled: instance !== undefined });
  const pick = list.length > 0 && (
    <span className={css.pick}><Choice
      label="Mapped instance"
      value={String(instance?.map_index ?? "")}
      options={list.map((each) => ({ value: String(each.map_index), label: `${each.rendered_map_index ?? itemText(each)}: ${wordOf(toState(each.state)).toLowerCase()}` }))}
      onChange={(value) => props.chosen.choose({ map: Number(value) })}
    /></span>
  );
  if (all.data && !instance) {
    return <Card title={props.task} about={<span className="dim">mapped</span>}><Empty title="It has no instances yet: what it maps over isn't known" /></Card>;
  }
  return <TaskCard {...props} query={{ ...all, data: instance }} tries={tries.data?.task_instances ?? []} mapIndex={instance?.map_index ?? 0} pick={pick} />;
}

function itemText(instance: TaskInstance): string {
  const text = typeof instance.item === "string" ? instance.item : JSON.stringify(instance.item);
  return text && text !== "null" ? (text.length > 28 ? `${text.slice(0, 27)}…` : text) : `[${instance.map_index}]`;
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

function TaskCard(props: TaskProps & { query: Asked<TaskInstance>; tries: readonly Try[]; mapIndex: number; pick?: ReactNode }) {
  const { dagId, run, task, zone, query, mapIndex } = props;
  const go = useGo();
  const state = query.data ? toState(query.data.state) : props.state;
  const map = mapIndex < 0 ? null : mapIndex;
  const attempt = query.data && query.data.try_number > 0 ? ` · attempt ${query.data.try_number} of ${query.data.max_tries + 1}` : "";
  const log = runPath(dagId, run, zone, { task, map });
  return (
    <Card
      label={`Task ${task}`}
      title={<span className="row gap8"><Glyph state={state} size={15} /><span className="ellipsis">{task}</span></span>}
      about={<span className="dim ellipsis">{executionDate(run.execution_date, zone)}{attempt}</span>}
      tools={(
        <>
          {props.pick}
          <Link href={log} className={css.button}>Open log</Link>
          <Menu
            entries={[
              { label: "Open the run", icon: "runs", act: () => go(runPath(dagId, run, zone)) },
              { label: "Copy a link to this", icon: "link", act: () => void navigator.clipboard.writeText(location.href) },
            ]}
          >
            <Button small look="ghost">More<Icon name="chevron" size={12} /></Button>
          </Menu>
        </>
      )}
    >
      <div className={css.halves}>
        <div className={css.why} id="why" tabIndex={-1}><ExplainPanel dagId={dagId} runId={run.run_id} taskId={task} mapIndex={mapIndex} compact /></div>
        <div className={css.facts}>
          <Durations dagId={dagId} task={task} runs={props.runs} run={run.run_id} />
          <Shown query={query} lines={3} what="This task instance can't be read">
            {(instance) => <Facts dagId={dagId} task={task} instance={instance} tries={props.tries} />}
          </Shown>
        </div>
      </div>
    </Card>
  );
}

function Durations({ dagId, task, runs, run }: { dagId: string; task: string; runs: number; run: string }) {
  const shown = Math.min(200, runs);
  const { data } = useQuery({ ...read("/api/v2/ui/dags/{dag_id}/durations", { path: { dag_id: dagId }, query: { runs: shown } }), staleTime: 30_000 });
  const entry = data?.tasks.find((each) => each.id === task);
  const known = entry?.seconds.filter((each) => each !== null).length ?? 0;
  return (
    <div>
      <div className="row"><span className="dim">Duration, {count(known)} {known === 1 ? "run" : "runs"}</span><span className="space" /><span className="strong">p50 {duration(entry?.p50_s)}</span></div>
      <div className={css.spark}>
        {entry && known > 1 && <Sparkline values={entry.seconds} mark={data!.runs.findIndex((each) => each.run_id === run)} label={`Durations of ${task} in the last ${known} runs: ${duration(Math.min(...entry.seconds.filter((each) => each !== null)))} to ${duration(Math.max(...entry.seconds.filter((each) => each !== null)))}, p90 ${duration(entry.p90_s)}`} />}
      </div>
    </div>
  );
}

/** `137, out of memory`: how a try ended, short. */
export function tryWords(attempt: Pick<Try, "state" | "outcome" | "exit" | "duration">): string {
  const { exit } = attempt;
  if (!exit || attempt.state === "running" || attempt.state === "queued") return wordOf(toState(attempt.state)).toLowerCase();
  const signal = exit.wait_status & 0x7f;
  const code = (exit.wait_status >> 8) & 0xff;
  const cause = exit.oom ? "out of memory" : exit.timed_out ? "timed out" : exit.killed ? "killed" : signal ? `signal ${signal}` : code ? `exit ${code}` : "";
  const words = [attempt.state === "success" ? "success" : cause || attempt.outcome || "failed"];
  if (attempt.state !== "success" && exit.message && exit.message !== cause) words.push(exit.message);
  return attempt.duration === null ? words.join(", ") : `${words.join(", ")}, ${duration(attempt.duration)}`;
}

const RECENT = 3;

function Facts({ dagId, task, instance, tries }: { dagId: string; task: string; instance: TaskInstance; tries: readonly Try[] }) {
  const about = useQuery({ ...read("/api/v2/dags/{dag_id}/tasks/{task_id}", { path: { dag_id: dagId, task_id: task } }), staleTime: 60_000 }).data;
  const needs = about && [
    about.resources.cpu_milli && `${about.resources.cpu_milli / 1000} CPU`, about.resources.memory_bytes && bytes(about.resources.memory_bytes),
    about.resources.gpu && `${about.resources.gpu} GPU`,
  ].filter(Boolean).join(", ");
  const next = instant(instance.not_before);
  return (
    <dl className={css.list}>
      <dt>Pool</dt><dd>{instance.pool}{instance.pool_slots !== 1 && `, ${instance.pool_slots} slots`}</dd>
      {needs && <><dt>Needs</dt><dd>{needs}</dd></>}
      {tries.slice(-RECENT).map((attempt) => (
        <FactOfTry key={attempt.try_number} attempt={attempt} alone={tries.length === 1} />
      ))}
      {instance.state === "up_for_retry" && next !== null && <><dt>Next try</dt><dd><Instant at={next} as="relative" /></dd></>}
      {instance.note && <><dt>Note</dt><dd className={css.note}>{instance.note}</dd></>}
    </dl>
  );
}

function FactOfTry({ attempt, alone }: { attempt: Try; alone: boolean }) {
  const words = tryWords(attempt);
  return (
    <>
      <dt>{alone ? "Attempt" : `Attempt ${attempt.try_number}`}</dt>
      <dd className={attempt.state === "failed" ? "bad ellipsis" : "ellipsis"} title={words}>{words}</dd>
    </>
  );
}

const RUN_WORDS: Record<GridRun["run_type"], string> = { scheduled: "scheduled", manual: "by hand", backfill: "backfill", dataset_triggered: "by datasets" };

/** A run as a whole: how it went, and which tasks to look at. */
function RunCard({ dagId, model, chosen, zone, run }: Props & { run: GridRun }) {
  const now = useNow();
  const height = model.tasks.length;
  const tasks = model.tasks.map((task, index) => ({ id: task.id, cell: model.cells[chosen.run * height + index]! })).filter(({ cell }) => !(cell & ABSENT));
  const counted = STATES.map((state) => ({ state, number: tasks.filter(({ cell }) => stateOf(cell) === state).length })).filter(({ number }) => number > 0);
  const trouble = tasks.filter(({ cell }) => ["failed", "up_for_retry", "running", "restarting", "queued"].includes(stateOf(cell)))
    .sort((a, b) => urgencyOf(stateOf(b.cell)) - urgencyOf(stateOf(a.cell)));
  return (
    <Card
      label="Run"
      title={<span className="row gap8"><Glyph state={run.state} size={15} /><span className="ellipsis">Run {executionDate(run.execution_date, zone)}</span></span>}
      about={<span className="dim ellipsis">{wordOf(toState(run.state)).toLowerCase()}{run.reason && `, ${run.reason.replaceAll("_", " ")}`} · {RUN_WORDS[run.run_type]}</span>}
      tools={<Link href={runPath(dagId, run, zone)} className={css.button}>Open run</Link>}
    >
      <div className={css.halves}>
        <div className={css.eyes}>
          <p className="strong">{trouble.length ? "Worth a look" : "Nothing that needs eyes"}</p>
          <ul>
            {trouble.slice(0, 40).map(({ id, cell }) => (
              <li key={id}><button type="button" onClick={() => chosen.choose({ task: id })}><Glyph state={stateOf(cell)} size={13} label="" /><span className="ellipsis">{id}</span><span className="dim">{wordOf(stateOf(cell)).toLowerCase()}</span></button></li>
            ))}
          </ul>
        </div>
        <div className={css.facts}>
          <dl className={css.list}>
            <dt>Started</dt><dd><Instant at={run.start} /></dd>
            <dt>Duration</dt><dd>{duration(runSeconds(run, now))}</dd>
            <dt>Version</dt><dd>v{run.version}</dd>
          </dl>
          <ul className={css.counts}>
            {counted.map(({ state, number }) => <li key={state}><StateWord state={state} text={<>{wordOf(state)} <span className="dim">{count(number)}</span></>} /></li>)}
          </ul>
        </div>
      </div>
    </Card>
  );
}
