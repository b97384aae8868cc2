import { useQuery } from "@tanstack/react-query";
import { useMemo, useRef } from "react";

import { isFinal, wordOf } from "@/model/states";
import { endOf, type Instance, keyOf, startOf, workOf } from "@/model/run_timeline";
import { count, duration } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { Icon } from "@/ui/icon";
import { Empty } from "@/ui/notes";
import { usePreferences } from "@/ui/preferences";
import { setQuery, useParam } from "@/ui/url";
import { useWindow } from "@/ui/window";
import { Instant } from "@/ui/zone";

import { Where } from "./panel/attempts";
import { readManifest } from "./panel/queries";
import css from "./run.module.css";
import { select } from "./selection";
import type { RunView } from "./view";

const MOST_WITH_HOSTS = 2000; // the manifest says where each try ran, but carries each command as well

type Line = { instance: Instance; name: string; pool: string; start: number | null; seconds: number | null; host: string | null; devices: string[] };
const COLUMNS = {
  task: { label: "Task", of: (line: Line) => line.name },
  state: { label: "State", of: (line: Line) => wordOf(line.instance.state) },
  try: { label: "Tries", of: (line: Line) => line.instance.attempts },
  start: { label: "Start", of: (line: Line) => line.start },
  duration: { label: "Duration", of: (line: Line) => line.seconds },
  pool: { label: "Pool", of: (line: Line) => line.pool },
  where: { label: "Where", of: (line: Line) => `${line.host ?? ""} ${line.devices.join()}` },
} as const;
type Column = keyof typeof COLUMNS;
const RIGHT: readonly Column[] = ["try", "duration"];

function compare(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
}

function useHosts(view: RunView): Map<string, { host: string | null; devices: string[] }> {
  const manifest = useQuery({
    ...readManifest(view.dagId, view.runId), enabled: view.instances.length <= MOST_WITH_HOSTS, ...(view.live ? { refetchInterval: 5000 } : {}),
  }).data;
  return useMemo(() => new Map(manifest?.tasks.map((task) => {
    const last = task.attempts.at(-1);
    return [keyOf(task.task_id, task.map_index), { host: last?.host ?? null, devices: last?.devices ?? [] }];
  })), [manifest]);
}

function useLines(view: RunView, hosts: ReturnType<typeof useHosts>): Line[] {
  const { instances, graph, now } = view;
  const pools = useMemo(() => new Map(graph?.tasks.map((task) => [task.id, task.pool])), [graph]);
  return instances.map((instance) => {
    const work = workOf(instance);
    const name = instance.key;
    return {
      instance, name, pool: pools.get(instance.task) ?? "", start: work?.from ?? startOf(instance),
      seconds: work === null ? null : ((work.to ?? (isFinal(instance.state) ? (endOf(instance) ?? work.from) : now)) - work.from) / 1000,
      host: hosts.get(name)?.host ?? null, devices: hosts.get(name)?.devices ?? [],
    };
  });
}

/** All task instances in words: the chart's twin. */
export default function TableView({ view }: { view: RunView }) {
  const box = useRef<HTMLDivElement>(null);
  const [sort] = useParam("sort", "");
  const hosts = useHosts(view);
  const lines = useLines(view, hosts);
  const row = usePreferences().dense ? 28 : 35; // as table.list has them
  const seen = useWindow(box, lines.length, row, 28);
  const down = sort.startsWith("-");
  const by = sort.replace("-", "") as Column;
  const sorted = by in COLUMNS ? lines.toSorted((a, b) => compare(COLUMNS[by].of(a), COLUMNS[by].of(b)) * (down ? -1 : 1)) : lines;
  const shown = (line: Line) => line.instance.task === view.shown?.task && line.instance.mapIndex === (view.shown.map ?? -1);
  if (!lines.length) return <Empty title="No task yet: the run waits for a place." />;
  const columns = (Object.keys(COLUMNS) as Column[]).filter((column) => column !== "where" || hosts.size > 0);
  return (
    <div ref={box} className={css.scroll} tabIndex={0} role="region" aria-label="Task instances">
      <table className={`list ${css.table}`} aria-rowcount={lines.length + 1}>
        <thead>
          <tr>
            {columns.map((column) => {
              const on = by === column;
              return (
                <th key={column} className={RIGHT.includes(column) ? "right" : ""} aria-sort={on ? (down ? "descending" : "ascending") : "none"}>
                  <button type="button" className={css.sort} onClick={() => setQuery({ sort: on && down ? null : on ? `-${column}` : column })}>
                    {COLUMNS[column].label}{on && <Icon name={down ? "down" : "up"} size={11} />}
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {seen.first > 0 && <tr aria-hidden style={{ height: seen.first * row }} />}
          {sorted.slice(seen.first, seen.end).map((line, index) => (
            <tr key={line.instance.key} aria-rowindex={seen.first + index + 2} aria-selected={shown(line)} onClick={() => select(line.instance.task, line.instance.mapIndex)}>
              <td><button type="button" className={css.cell}>{line.name}</button></td>
              <td><span className="row gap6"><Glyph state={line.instance.state} size={13} label="" />{wordOf(line.instance.state)}</span></td>
              <td className="right">{line.instance.attempts || <span className="dim">–</span>}</td>
              <td><Instant at={line.start} as="clock" /></td>
              <td className="right">{duration(line.seconds)}</td>
              <td className="mid">{line.pool}</td>
              {hosts.size > 0 && <td className="mid"><Where host={line.host} devices={line.devices} /></td>}
            </tr>
          ))}
          {seen.end < lines.length && <tr aria-hidden style={{ height: (lines.length - seen.end) * row }} />}
        </tbody>
      </table>
      {lines.length > MOST_WITH_HOSTS && <p className={`dim small ${css.note}`}>{count(lines.length)} task instances; open one to see where it ran.</p>}
    </div>
  );
}
