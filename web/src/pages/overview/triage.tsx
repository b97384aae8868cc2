import { useMemo } from "react";
import { Link } from "wouter";

import type { Overview } from "@/model/overview";
import { runPath } from "@/model/run_address";
import { duration } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { Card, Tag } from "@/ui/surface";
import { link } from "@/ui/url";
import { Instant, useNow } from "@/ui/zone";

import css from "./overview.module.css";

const SHOWN = 8;

/** What a phone shows of all runs: those that failed or run now, the newest first. */
export function TriageRuns({ overview }: { overview: Overview }) {
  const now = useNow();
  const runs = useMemo(() => overview.lanes
    .flatMap((lane) => lane.bars.filter((bar) => bar.state === "failed" || bar.state === "running").map((bar) => ({ dag: lane.dag_id, bar })))
    .sort((a, b) => Number(b.bar.state === "running") - Number(a.bar.state === "running") || Date.parse(b.bar.end ?? b.bar.start) - Date.parse(a.bar.end ?? a.bar.start)), [overview.lanes]);
  return (
    <Card className={css.whole!} title="Running and failed" about={<Tag>{runs.length}</Tag>} tools={<Link href={link("/runs", { state: "failed" })} className={css.more!}>All failed</Link>}>
      {runs.length === 0 && <p className={`dim ${css.calm}`}>Nothing runs, nothing failed.</p>}
      <ul className={css.triage}>
        {runs.slice(0, SHOWN).map(({ dag, bar }) => (
          <li key={`${dag} ${bar.run_id}`}>
            <Link href={runPath(dag, bar.run_id!)}>
              <Glyph state={bar.state} size={16} />
              <span className="ellipsis"><span className="strong">{dag}</span><br /><span className="dim small mono">{bar.run_id}</span></span>
              <span className="dim small right"><Instant at={bar.end ?? bar.start} as="relative" /><br />{duration(((bar.end ? Date.parse(bar.end) : now) - Date.parse(bar.start)) / 1000)}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Card>
  );
}
