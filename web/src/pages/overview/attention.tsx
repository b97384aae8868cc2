import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { type Notice, noticesOf } from "@/model/attention";
import type { Overview } from "@/model/overview";
import { runPath } from "@/model/run_address";
import { Glyph } from "@/ui/glyph";
import { Card, CardBody, Tag } from "@/ui/surface";
import { at } from "@/ui/url";
import { Instant, useNow } from "@/ui/zone";

import { retryingQuery } from "./counters";
import css from "./overview.module.css";

/** On a phone the run itself: what failed stands first there, with its last lines and a button to run it again. */
function placeOf(notice: Notice, phone: boolean): string {
  if (!notice.dagId) return "/event-log";
  if (!notice.runId) return at("dags", notice.dagId);
  return runPath(notice.dagId, notice.runId, null, phone ? {} : { task: notice.taskId });
}

function useNotices({ attention: items }: Overview): Notice[] {
  const someFailed = items.some((item) => item.kind === "run_failed");
  const failed = useQuery({
    ...read("/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances", { path: { dag_id: "~", run_id: "~" }, query: { state: ["failed"], order_by: "-id", limit: 100 } }),
    enabled: someFailed,
  }).data?.task_instances;
  const retrying = useQuery(retryingQuery).data?.task_instances;
  const now = useNow();
  return useMemo(() => noticesOf(items, failed ?? [], retrying ?? [], now), [items, failed, retrying, now]);
}

export function Attention({ overview, whole }: { overview: Overview; whole?: boolean }) {
  const notices = useNotices(overview);
  return (
    <Card title="Needs attention" about={notices.length > 0 && <Tag>{notices.length}</Tag>} className={whole ? css.whole! : ""}>
      {notices.length === 0 ? <p className={`dim ${css.calm}`}>Nothing: no failure, no retry, no wait over 10 minutes.</p> : (
        <CardBody label="What needs attention">
          <ul className={css.notices}>
            {notices.map((notice) => (
              <li key={notice.key}>
                <Glyph state={notice.state} label="" />
                <Link href={placeOf(notice, whole === true)} className="strong ellipsis">{notice.title}</Link>
                <span className="dim small nowrap">{notice.since && <Instant at={notice.since} />}</span>
                <span className={`mid ellipsis ${css.why}`} title={notice.text}>{notice.text || "\u00a0"}</span>
              </li>
            ))}
          </ul>
        </CardBody>
      )}
    </Card>
  );
}
