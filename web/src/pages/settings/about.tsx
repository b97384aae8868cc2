import { useQuery } from "@tanstack/react-query";

import { read } from "@/api/queries";
import { Glyph } from "@/ui/glyph";
import { Shown } from "@/ui/notes";
import { Card } from "@/ui/surface";
import { Instant } from "@/ui/zone";

import css from "./settings.module.css";

function Healthy({ word, detail }: { word: string; detail?: string | null }) {
  const good = word === "healthy";
  return <span className="row gap6"><Glyph state={good ? "success" : "failed"} size={13} label="" />{word}{detail && <span className="bad">{detail}</span>}</span>;
}

/** The daemon: its version, how it is, and where more is said. */
export function About() {
  const health = useQuery({ ...read("/api/v2/monitor/health"), refetchInterval: 5_000 });
  return (
    <Card title="Daemon" className={css.card!}>
      <Shown query={health} what="The daemon's health can't be read">
        {({ metadatabase, scheduler, millrace }) => (
          <dl className={`facts ${css.facts}`}>
            <dt>Database</dt><dd><Healthy word={metadatabase.status} detail={millrace?.store_detail} /></dd>
            <dt>Scheduler</dt><dd><Healthy word={scheduler.status} /></dd>
            <dt>Heard from</dt><dd><Instant at={scheduler.latest_scheduler_heartbeat} as="full" /></dd>
            {millrace && (
              <>
                {millrace.hold && <><dt>Held</dt><dd className="bad">{millrace.hold}</dd></>}
                <dt>Version</dt><dd className="mono">{millrace.version}</dd>
                <dt>Up since</dt><dd><Instant at={millrace.started_at} as="full" /></dd>
                <dt>Isolation</dt><dd>{millrace.isolation}</dd>
                <dt>Active</dt><dd>{millrace.active_runs} runs, {millrace.live_attempts} attempts</dd>
              </>
            )}
            <dt>More</dt>
            <dd className={css.links}>
              <a href="/docs" target="_blank" rel="noopener">API reference</a>
              <a href="/openapi.json" target="_blank" rel="noopener">OpenAPI document</a>
              <a href="/metrics" target="_blank" rel="noopener">Metrics</a>
            </dd>
          </dl>
        )}
      </Shown>
    </Card>
  );
}
