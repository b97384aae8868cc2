import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { read } from "@/api/queries";
import { rewiredOf, sameStructure, type VersionsDiff } from "@/model/dag_versions";
import { Shown } from "@/ui/notes";
import { Card, CardBody, Tag } from "@/ui/surface";

import css from "./code.module.css";

/** Which tasks came, went, wait for others or say something else: what a text diff doesn't tell at a glance. */
export function Structure({ dagId, from, to }: { dagId: string; from: number; to: number }) {
  const diff = useQuery({
    ...read("/api/v2/ui/dags/{dag_id}/versions/diff", { path: { dag_id: dagId }, query: { from_version: from, to_version: to } }), staleTime: Infinity,
  });
  return (
    <Card title="Structure" about={<span className="dim">v{from} → v{to}</span>} className={css.structure!}>
      <CardBody label={`Structure of v${from} and v${to}`} className={css.changes!}>
        <Shown query={diff} what="The versions can't be compared" lines={2}>{(found) => <Changes diff={found} />}</Shown>
      </CardBody>
    </Card>
  );
}

function Changes({ diff }: { diff: VersionsDiff }) {
  if (sameStructure(diff)) return <p className="mid">The same tasks, wired the same and saying the same: what differs is about the DAG as a whole, or comments.</p>;
  return (
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
