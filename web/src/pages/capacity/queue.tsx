import { useRef } from "react";
import { Link } from "wouter";

import { chipsOf, groupCounts, groupOf, GROUPS, type Group, instanceText, runLabel, taskLabel } from "@/model/capacity";
import { count, duration, instant } from "@/model/time";
import { Button, Segments } from "@/ui/controls";
import { Glyph } from "@/ui/glyph";
import { Empty } from "@/ui/notes";
import { useRowKeys } from "@/ui/rows";
import { Card, CardBody, Tag } from "@/ui/surface";
import { Tip } from "@/ui/tip";
import { link, setQuery, useParam } from "@/ui/url";
import { Instant, useNow } from "@/ui/zone";

import css from "./capacity.module.css";
import type { Queue } from "./live";

type Queued = Queue["queue"][number];

export const instanceOf = ({ ti }: Queued) => ({ dagId: ti.dag_id, runId: ti.dag_run_id, taskId: ti.task_id ?? "", mapIndex: ti.map_index });

function Chips({ queued }: { queued: Queued }) {
  const chips = chipsOf(queued);
  return (
    <span className="row gap4">
      {chips.slice(0, 2).map(({ text, tone, detail }, index) => (
        <Tip key={index} text={detail}>
          <span className={css.chip} style={tone === "none" ? undefined : { background: `var(--${tone}-b)`, color: `var(--${tone}-t)` }}>{text}</span>
        </Tip>
      ))}
      {chips.length > 2 && <Tip text={chips.slice(2).map((chip) => chip.detail).join("\n")}><span className="dim" tabIndex={0}>+{chips.length - 2}</span></Tip>}
    </span>
  );
}

function Row({ queued, picked, zone, href }: { queued: Queued; picked: boolean; zone: string; href: string }) {
  const now = useNow();
  const since = instant(queued.since);
  const { ti } = queued;
  return (
    <tr data-row={instanceText(instanceOf(queued))} aria-selected={picked}>
      <td className={`right dim ${css.rank}`}>{queued.rank}</td>
      <td className={css.stretch}>
        <Link href={href} replace className={`row gap8 ${css.task}`} aria-current={picked || undefined}>
          <Glyph state={ti.state ?? "scheduled"} size={14} /><span className="strong ellipsis">{taskLabel(instanceOf(queued))}</span>
        </Link>
      </td>
      <td className={`mid ${css.runCell}`}><span className="ellipsis" title={ti.dag_run_id}>{ti.dag_id} <span className="mono">{runLabel(ti.dag_run_id, zone)}</span></span></td>
      <td><Chips queued={queued} /></td>
      <td className={`right mid ${css.medium}`}>{since === null ? "–" : duration(Math.max(0, Math.round((now - since) / 1000)))}</td>
      <td className={`right mid ${css.medium}`}>{queued.priority}</td>
      <td className="right">{queued.starts_at ? <Instant at={queued.starts_at.p50} /> : <span className="dim">unknown</span>}</td>
    </tr>
  );
}

interface Props {
  queue: Queue;
  picked: string;
  zoneOf: (dagId: string) => string;
  more: (() => void) | null;
}

export function QueueCard({ queue: { queue, total_entries: total }, picked, zoneOf, more }: Props) {
  const [asked, setGroup] = useParam("waits");
  const groups = groupCounts(queue);
  const group = groups.some((each) => each.group === asked) ? (asked as Group) : null;
  const shown = group ? queue.filter((each) => groupOf(each) === group) : queue;
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(body, [{ keys: "y", says: "Why it waits", act: (row) => setQuery({ why: row }) }]);
  const search = new URLSearchParams(location.search);
  const hrefOf = (queued: Queued) => link("/capacity", { ...Object.fromEntries(search), why: instanceText(instanceOf(queued)) });
  return (
    <Card
      title="Waiting tasks"
      className={queue.length ? css.queue! : css.noQueue!}
      about={
        <>
          <Tag>{count(total)}</Tag>
          {groups.length > 1 && (
            <Segments
              label="What is waited for" value={group ?? "all"} onChange={(next) => setGroup(next === "all" ? null : next)}
              options={[{ value: "all", label: "All" }, ...groups.map((each) => ({ value: each.group as string, label: `${GROUPS[each.group]} ${count(each.count)}` }))]}
            />
          )}
        </>
      }
      tools={queue.length > 0 && <span className={`dim ${css.wide}`}>in the order they will start in</span>}
      foot={shown.length > 0 && <><span>A smaller task may pass one that doesn’t fit yet.</span><span className="space" /><span className={css.wide}><kbd>J</kbd> <kbd>K</kbd> rows · <kbd>Enter</kbd> why</span></>}
    >
      {shown.length ? (
        <CardBody label="Waiting tasks">
          <table className="list">
            <thead>
              <tr><th className={`right ${css.rank}`}>#</th><th>Task</th><th className={css.runCell}>Run</th><th>Waits for</th><th className={`right ${css.medium}`}>Since</th><th className={`right ${css.medium}`}>Priority</th><th className="right">Starts about</th></tr>
            </thead>
            <tbody ref={body}>
              {shown.map((queued) => {
                const text = instanceText(instanceOf(queued));
                return <Row key={text} queued={queued} picked={text === picked} zone={zoneOf(queued.ti.dag_id)} href={hrefOf(queued)} />;
              })}
            </tbody>
          </table>
          {queue.length < total && (
            <p className={css.more}>{more ? <Button small onClick={more}>Show more of {count(total)}</Button> : <span className="dim">The first {count(queue.length)} of {count(total)}.</span>}</p>
          )}
        </CardBody>
      ) : <Empty title="No task waits: whatever is due has its place." command="millrace queue" />}
    </Card>
  );
}
