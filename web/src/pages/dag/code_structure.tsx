import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";

import { read } from "@/api/queries";
import { rewiredOf, sameStructure, type VersionsDiff } from "@/model/dag_versions";
import { differenceOf, MOST_TASKS } from "@/model/small_picture";
import { Shown } from "@/ui/notes";
import { SmallGraph } from "@/ui/small_graph";
import { Card, CardBody, Tag } from "@/ui/surface";

import css from "./code.module.css";

/** Which tasks came, went, wait for others or say something else: what a text diff doesn't tell at a glance. */
export function Structure({ dagId, from, to }: { dagId: string; from: number; to: number }) {
  const diff = useQuery({
    ...read("/api/v2/ui/dags/{dag_id}/versions/diff", { path: { dag_id: dagId }, query: { from_version: from, to_version: to } }), staleTime: Infinity,
  });
  return (
    <Card title="Structure" about={<span className="dim">v{from} to v{to}</span>} className={css.structure!}>
      <CardBody label={`Structure of v${from} and v${to}`} className={css.changes!}>
        <Shown query={diff} what="The versions can't be compared" lines={2}>{(found) => <Changes dagId={dagId} diff={found} />}</Shown>
      </CardBody>
    </Card>
  );
}

function useGraphOf(dagId: string, version: number) {
  return useQuery({ ...read("/api/v2/ui/dags/{dag_id}/graph", { path: { dag_id: dagId }, query: { version } }), staleTime: Infinity }).data;
}

/** The changed tasks as they are wired, where there are few enough of them. */
function Drawn({ dagId, diff }: { dagId: string; diff: VersionsDiff }) {
  const before = useGraphOf(dagId, diff.from);
  const after = useGraphOf(dagId, diff.to);
  const picture = useMemo(() => before && after && differenceOf(before, after, diff.changed), [before, after, diff.changed]);
  if (!picture || picture.tasks.length > MOST_TASKS) return null;
  return <SmallGraph picture={picture} label={`What is wired differently in v${diff.to}`} height={170} />;
}

function Changes({ dagId, diff }: { dagId: string; diff: VersionsDiff }) {
  if (sameStructure(diff)) return <p className="mid">The same tasks, wired the same and saying the same: what differs is about the DAG as a whole, or comments.</p>;
  return (
    <div className={css.both}>
      <dl className={css.groups}>
        <Group sign="+" word="Added" names={diff.added} />
        <Group sign="−" word="Removed" names={diff.removed} />
        {diff.rewired.length > 0 && (
          <>
            <Head sign="⇄" word="Re-wired" number={diff.rewired.length} />
            <dd><ul className={css.wires}>
              {rewiredOf(diff).map(({ task, gained, lost }) => (
                <li key={task}>
                  <b className="strong">{task}</b>
                  {gained.length > 0 && <span className="mid">waits now for {list(gained)}</span>}
                  {lost.length > 0 && <span className="mid">{gained.length > 0 && "and "}no longer for {list(lost)}</span>}
                </li>
              ))}
            </ul></dd>
          </>
        )}
        <Group sign="~" word="Changed" names={diff.changed} />
      </dl>
      <Drawn dagId={dagId} diff={diff} />
    </div>
  );
}

function list(names: string[]): ReactNode {
  const shown = names.slice(0, 6);
  return <>{shown.map((name, index) => <span key={name}>{index > 0 && ", "}<span className={css.task}>{name}</span></span>)}{names.length > shown.length && ` and ${names.length - shown.length} more`}</>;
}

function Head({ sign, word, number }: { sign: string; word: string; number: number }) {
  return <dt><span className={css.sign} data-sign={sign} aria-hidden>{sign}</span>{word} <span className="dim">{number}</span></dt>;
}

function Group({ sign, word, names }: { sign: string; word: string; names: string[] }) {
  if (!names.length) return null;
  return <><Head sign={sign} word={word} number={names.length} /><dd className={css.names}>{names.map((name) => <Tag key={name}>{name}</Tag>)}</dd></>;
}
