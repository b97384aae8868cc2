import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { type Effect, effectOf, type KnownDag } from "@/model/submit_effect";
import { pictureOf } from "@/model/small_picture";
import { count } from "@/model/time";
import { Icon } from "@/ui/icon";
import { Empty, Loading } from "@/ui/notes";
import { SmallGraph } from "@/ui/small_graph";
import { Card, CardBody } from "@/ui/surface";
import { at } from "@/ui/url";
import { Instant } from "@/ui/zone";

import css from "./submit.module.css";
import type { Validated, Verdict } from "./use_validation";

/** The DAG that is there by this name, and what the text would make of it. */
export function useEffectOf(answer: Validated | null): { known: KnownDag | null; effect: Effect | null; again: () => Promise<KnownDag | null> } {
  const path = { dag_id: answer?.dag_id ?? "" };
  const details = useQuery({ ...read("/api/v2/dags/{dag_id}/details", { path }), enabled: answer !== null, retry: false });
  const missing = details.error?.status === 404;
  const twin = useQuery({
    ...read("/api/v2/dags/{dag_id}/dagVersions", { path, query: { bundle_version: answer?.hash ?? "", limit: 1 } }),
    enabled: answer !== null && details.data !== undefined, retry: false,
  });
  const knownOf = (data: typeof details.data): KnownDag | null => data ? {
    version_number: data.version_number, is_stale: data.is_stale, hash: data.latest_dag_version?.hash ?? "", fileName: data.latest_dag_version?.file_name ?? "",
  } : null;
  const known = missing ? null : knownOf(details.data);
  const ready = answer !== null && (missing || (details.data !== undefined && (twin.data !== undefined || twin.isError)));
  return {
    known,
    effect: ready ? effectOf(known, answer.hash, twin.data?.dag_versions[0]?.version_number ?? null) : null,
    again: async () => {
      const found = await details.refetch();
      return found.error?.status === 404 ? null : knownOf(found.data);
    },
  };
}

export function effectWords(effect: Effect, dagId: string): string {
  switch (effect.kind) {
    case "new": return `makes the new DAG ${dagId}`;
    case "next": return `makes a new version of ${dagId}, after v${effect.since}`;
    case "back": return `puts v${effect.to} of ${dagId} in force again, in place of v${effect.since}`;
    case "same": return `changes nothing: v${effect.as}, which is in force, says the same`;
    case "folder": return `is refused: ${dagId} is defined by the file ${effect.file} of the DAG folder`;
  }
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return <><dt>{name}</dt><dd>{children}</dd></>;
}

/** What the text says, once it is without a mistake. */
interface PlanProps {
  /** Of the last text without a mistake; `current`: that is the text as it stands. */
  answer: Validated | null;
  current: boolean;
  verdict: Verdict | null;
  effect: Effect | null;
  edited: string;
}

export function Plan({ answer, current, verdict, effect, edited }: PlanProps) {
  const graph = answer?.preview?.graph;
  const picture = useMemo(() => graph && pictureOf(graph), [graph]);
  return (
    <Card title="What this says" about={answer && !current && verdict?.kind === "invalid" && <span className="dim">as of the last valid text</span>} className={css.plan!}>
      <CardBody label="What the text says" pad>
        {verdict === null ? <Loading lines={3} />
        : answer === null ? <Empty title={verdict.kind === "invalid" ? "Shown once the problems are gone" : "The daemon couldn't check it"} />
        : (
          <div className={css.facts} data-old={!current}>
            {effect && <p className="row gap8"><Icon name={effect.kind === "folder" ? "warning" : effect.kind === "same" ? "check" : "up"} size={14} /><span>Submit {effectWords(effect, answer.dag_id)}.</span></p>}
            {edited && answer.dag_id !== edited && <p className="warn">Its dag_id is {answer.dag_id}, not {edited}: {edited} stays as it is.</p>}
            <dl className="facts">
              <Fact name="DAG">{effect && effect.kind !== "new" ? <Link href={at("dags", answer.dag_id)} className="strong">{answer.dag_id}</Link> : <b className="strong">{answer.dag_id}</b>}</Fact>
              <Fact name="Tasks">{count(answer.task_count)}</Fact>
              <Fact name="Schedule">{answer.schedule ? <code className="mono">{answer.schedule}</code> : "none: runs by hand"}</Fact>
              {answer.preview && answer.preview.ticks.length > 0 && (
                <Fact name="Next runs"><ul>{answer.preview.ticks.map((tick) => <li key={tick.run_after}><span className="mono">{tick.local_time.replace("T", " ").replace(/:00$/, "")}</span> <span className="dim">{tick.timezone}, <Instant at={tick.run_after} as="relative" /></span></li>)}</ul></Fact>
              )}
            </dl>
            {picture && <SmallGraph picture={picture} label={`Tasks of ${answer.dag_id} as they are wired`} height={300} />}
            {graph === null && <p className="dim small">Over 2,000 tasks: too many for a picture.</p>}
          </div>
        )}
      </CardBody>
    </Card>
  );
}
