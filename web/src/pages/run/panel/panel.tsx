import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { Link } from "wouter";

import { reasonText } from "@/model/exit";
import { isFinal, worstOf, wordOf } from "@/model/states";
import type { Instance } from "@/model/run_timeline";
import { itemText } from "@/model/run_rows";
import { count } from "@/model/time";
import { Choice, Segments } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { Empty, Loading, Shown as ShownQuery } from "@/ui/notes";
import { Card } from "@/ui/surface";
import { link, setQuery } from "@/ui/url";

import type { Selection, Tab } from "../selection";
import { nameOf, type RunView, type Shown } from "../view";
import { Attempts, Where } from "./attempts";
import { CommandEnv } from "./command";
import { Instances } from "./instances";
import { InputsOutputs } from "./io";
import { LogTab } from "./log_tab";
import { TaskMenu } from "./menu";
import css from "./panel.module.css";
import { readTask, readTries, type Ref, type TaskFacts, type Try } from "./queries";

const ExplainPanel = lazy(async () => ({ default: (await import("@/ui/explain")).ExplainPanel }));

interface Props {
  view: RunView;
  shown: Shown;
  selection: Selection;
  /** Within a drawer that has a title already. */
  bare: boolean;
}

/** What is known of a task instance, or of a mapped task as a whole. */
export function TaskPanel({ view, shown, selection, bare }: Props) {
  const members = view.instances.filter((one) => one.task === shown.task);
  if (shown.instance) return <InstancePanel view={view} instance={shown.instance} selection={selection} bare={bare} />;
  if (members.length && shown.map === null) return <MappedPanel view={view} task={shown.task} members={members} bare={bare} />;
  return <Card label={nameOf(shown)} title={nameOf(shown)}><Empty title={view.instances.length ? `This run has no ${members.length ? "instance" : "task"} ${nameOf(shown)}.` : "Nothing is known of it yet."} /></Card>;
}

function Head({ state, name, about, bare, children }: { state: string; name: string; about: ReactNode; bare: boolean; children?: ReactNode }) {
  return (
    <header className={css.head}>
      <Glyph state={state} size={15} />
      {!bare && <h2 className="ellipsis" title={name}>{name}</h2>}
      <span className={`dim ellipsis ${css.where}`}>{about}</span>
      <span className="space" />
      {children}
    </header>
  );
}

function MappedPanel({ view, task, members, bare }: { view: RunView; task: string; members: Instance[]; bare: boolean }) {
  const state = worstOf(members.map((member) => member.state));
  const done = members.filter((member) => isFinal(member.state)).length;
  return (
    <Card label={task} className={bare ? css.bare! : ""}>
      <Head state={state} name={task} bare={bare} about={`${count(done)} of ${count(members.length)} instances are done`}>
        <TaskMenu view={view} task={task} mapIndex={null} note={undefined} />
      </Head>
      <Instances view={view} members={members} />
    </Card>
  );
}

const FEW_TRIES = 5;

function TryChoice({ tries, chosen }: { tries: Try[]; chosen: number | null }) {
  if (tries.length < 2 || chosen === null) return null;
  const set = (value: string) => setQuery({ try: Number(value) === tries.at(-1)!.try_number ? null : value });
  if (tries.length > FEW_TRIES) {
    const options = tries.toReversed().map((one) => ({ value: String(one.try_number), label: `Attempt ${one.try_number}: ${wordOf(one.state ?? "none").toLowerCase()}` }));
    return <Choice label="Attempt" value={String(chosen)} options={options} onChange={set} />;
  }
  return (
    <>
      <span className="dim">Attempt</span>
      <Segments
        label="Attempt" value={String(chosen)} onChange={set}
        options={tries.map((one) => ({ value: String(one.try_number), label: <><Glyph state={one.state} size={11} />{one.try_number}</> }))}
      />
    </>
  );
}

function Tabs({ name, current, tries }: { name: string; current: Tab; tries: number }) {
  const here = new URLSearchParams(location.search);
  const tabs: { tab: Tab; label: string; count?: number }[] = [
    { tab: "log", label: "Log" }, { tab: "why", label: "Why" }, { tab: "io", label: "Inputs & outputs" },
    { tab: "attempts", label: "Attempts", ...(tries > 1 ? { count: tries } : {}) }, { tab: "command", label: "Command & env" },
  ];
  return (
    <nav className={css.tabs} aria-label={`About ${name}`}>
      {tabs.map(({ tab, label, count: number }) => (
        <Link key={tab} replace href={link(location.pathname, { ...Object.fromEntries(here), tab })} aria-current={tab === current ? "page" : undefined}>
          {label}{number !== undefined && <span className="dim small">{number}</span>}
        </Link>
      ))}
    </nav>
  );
}

/** What stands under the title while it matters: why it ended so, what people noted. */
function Remarks({ facts }: { facts: TaskFacts }) {
  const bad = facts.state === "failed" || facts.state === "up_for_retry";
  const reason = bad || facts.reason === "marked" ? reasonText(facts.reason) : null;
  if (!reason && !facts.note && !facts.changed_by) return null;
  return (
    <div className={css.remarks}>
      {reason && <span className={bad ? "bad" : "mid"}>{reason}{bad && facts.max_tries > 0 ? `, try ${facts.try_number} of ${facts.max_tries + 1}` : ""}</span>}
      {facts.changed_by && <span className="dim">changed by {facts.changed_by}</span>}
      {facts.note && <span className={`mid ${css.note}`}>{facts.note}</span>}
    </div>
  );
}

function InstancePanel({ view, instance, selection, bare }: { view: RunView; instance: Instance; selection: Selection; bare: boolean }) {
  const of: Ref = { dagId: view.dagId, runId: view.runId, task: instance.task, mapIndex: instance.mapIndex };
  const task = useQuery(readTask(of));
  const tries = useQuery(readTries(of)).data?.task_instances ?? [];
  const known = tries.find((one) => one.try_number === selection.attempt) ?? tries.at(-1);
  const chosen = known?.try_number ?? null;
  // A task that hasn't begun has no log: why not is what one wants to know. What was shown first stays.
  const [first] = useState<Tab>(instance.attempts > 0 || isFinal(instance.state) ? "log" : "why");
  const tab = selection.tab ?? first;
  const label = instance.key;
  const item = task.data?.item ?? null;
  const name = item === null ? label : `${instance.task} ${itemText(item)}`;
  return (
    <Card label={label} className={bare ? css.bare! : ""}>
      <Head
        state={instance.state} name={name} bare={bare}
        about={known?.hostname || known?.devices.length ? <Where host={known.hostname} devices={known.devices} /> : wordOf(instance.state).toLowerCase()}
      >
        <TryChoice tries={tries} chosen={chosen} />
        <TaskMenu view={view} task={instance.task} mapIndex={instance.mapIndex < 0 ? null : instance.mapIndex} note={task.data?.note} {...(chosen === null ? {} : { attempt: chosen })} />
      </Head>
      <Tabs name={name} current={tab} tries={tries.length} />
      {task.data && <Remarks facts={task.data} />}
      <div id="task-panel" className={css.body} tabIndex={tab === "log" ? -1 : 0} role="region" aria-label={`${label}, ${tab}`}>
        {tab === "log" && <LogTab of={of} attempt={chosen} state={known?.state ?? null} operator={task.data?.operator ?? null} />}
        {tab === "why" && <Suspense fallback={<Loading />}><ExplainPanel dagId={of.dagId} runId={of.runId} taskId={of.task} mapIndex={of.mapIndex} /></Suspense>}
        {tab === "io" && <InputsOutputs of={of} attempt={chosen} zone={view.zone} live={view.live} />}
        {tab === "attempts" && <Attempts tries={tries} chosen={chosen} />}
        {tab === "command" && <ShownQuery query={task} what="The task can't be read">{(facts) => <CommandEnv of={of} facts={facts} shown={known} params={view.run.conf} />}</ShownQuery>}
      </div>
    </Card>
  );
}
