import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";

import { api, ApiError } from "@/api/client";
import { queries, read } from "@/api/queries";
import { useTopic } from "@/api/stream";
import type { Dated } from "@/model/backfill_calendar";
import type { BackfillWish } from "@/model/backfill_form";
import { type Action, datedBy, type MissingSource, missingSource, type Plan, type PlanAnswer, planOf } from "@/model/backfill_plan";
import { apiTime } from "@/model/typed_date";
import { instant } from "@/model/time";

const SHOWN = 400; // dates told one by one: a year of days, and enough to see whether they are even

/** A value that has been the same for a while. */
function useSettled<V>(value: V, ms: number): V {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

export interface Previewed {
  wish: BackfillWish;
  answer: PlanAnswer;
  plan: Plan;
  /** When the answer came. */
  at: number;
}

const body = (wish: BackfillWish) => wish as never;

/**
 * The dry run of what the form says, asked a moment after the last change. What was shown stays until the next one is there, and
 * while the form says nothing that could be asked. `isOld`: what is shown isn't of the form as it is.
 */
export function usePreview(wish: BackfillWish | null) {
  const text = wish ? JSON.stringify(wish) : null;
  const settled = useSettled(text, 300);
  const query = useQuery({
    queryKey: ["/api/v2/backfills/dry_run", settled],
    queryFn: async ({ signal }): Promise<Previewed> => {
      const asked = JSON.parse(settled!) as BackfillWish;
      const answer: PlanAnswer = await api.ask("/api/v2/backfills/dry_run", { query: { limit: SHOWN }, body: body(asked), signal });
      return { wish: asked, answer, plan: planOf(answer), at: Date.now() };
    },
    enabled: settled !== null,
    placeholderData: keepPreviousData,
    staleTime: 0,
    retry: false,
  });
  const [last, setLast] = useState<Previewed | undefined>(undefined);
  if (query.data && query.data !== last) setLast(query.data);
  const shown = query.data ?? last;
  // Runs of this DAG that begin or end may change what would happen: looked at again, but not with each of them.
  const again = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(again.current), []);
  useTopic(wish ? `dag:${wish.dag_id}` : null, (events) => {
    if (again.current || !events.some((event) => event.type === "run" || event.type === "backfill" || event.type === "dag" || event.type === "reset")) return;
    again.current = setTimeout(() => {
      again.current = undefined;
      void queries.invalidateQueries({ queryKey: ["/api/v2/backfills/dry_run"] });
    }, 2_000);
  });
  return {
    shown,
    error: query.error as ApiError | null,
    refetch: query.refetch,
    isOld: text !== settled || query.isPlaceholderData || (query.isFetching && !query.data) || text === null,
    isAsking: query.isFetching,
  };
}

const MOST_PAGES = 4; // of 1,000 ticks: beyond, a year is spread evenly

/**
 * The dates of one year where stretches alone don't say which they are (weekdays, say): the schedule's own ticks. null: the
 * stretches do, or there are too many.
 */
export function useYearDates(dagId: string, plan: Plan | undefined, from: number, to: number): readonly Dated<Action>[] | null {
  const needed = Boolean(plan && !plan.exact && !plan.even);
  const ticks = useQuery({
    queryKey: ["/api/v2/dags/{dag_id}/schedule/preview", dagId, from, to],
    queryFn: async ({ signal }) => {
      const out: number[] = [];
      let next = from;
      for (let page = 0; page < MOST_PAGES; page += 1) {
        const { ticks: found } = await api.get("/api/v2/dags/{dag_id}/schedule/preview", { path: { dag_id: dagId }, query: { count: 1000, from: apiTime(next) }, signal });
        const dates = found.map((tick) => instant(tick.execution_date) ?? 0).filter((at) => at > (out.at(-1) ?? -Infinity));
        out.push(...dates.filter((at) => at < to));
        if (dates.length < 900 || dates.at(-1)! >= to) return out;
        next = dates.at(-1)!;
      }
      return null;
    },
    enabled: needed,
    staleTime: 60_000,
  });
  return useMemo(() => {
    if (!plan) return null;
    if (plan.exact) return plan.exact;
    return plan.even || !ticks.data?.length ? null : datedBy(ticks.data, plan.stretches);
  }, [plan, ticks.data]);
}

/** Datasets that the DAG reads and that lack some of the dates. Only those whose partitions could all be read. */
export function useSources(dagId: string, plan: Plan | undefined): MissingSource[] {
  const lineage = useQuery({ ...read("/api/v2/lineage", { query: { node: `dag:${dagId}`, depth: 2, direction: "upstream" } }), enabled: Boolean(dagId), staleTime: 60_000 });
  const names = useMemo(() => {
    const mine = (id: string) => id === `dag:${dagId}` || id.startsWith(`task:${dagId}/`);
    const edges = lineage.data?.edges ?? [];
    const made = new Set(edges.filter((edge) => mine(edge.from)).map((edge) => edge.to));
    return [...new Set(edges.filter((edge) => mine(edge.to) && edge.from.startsWith("dataset:") && !made.has(edge.from)).map((edge) => edge.from.slice("dataset:".length)))].slice(0, 4);
  }, [dagId, lineage.data]);
  const found = useQuery({
    queryKey: ["/api/v2/datasets/{dataset}/partitions", "all of", names],
    queryFn: async ({ signal }) => {
      const out: { name: string; partitions: { at: number; rows: number | null }[] }[] = [];
      for (const name of names) {
        const { partitions, total_entries: total } = await api.get("/api/v2/datasets/{dataset}/partitions", { path: { dataset: name }, query: { limit: 1000, order_by: "-partition" }, signal });
        if (total > partitions.length) continue;
        out.push({ name, partitions: partitions.map((each) => ({ at: instant(each.partition) ?? 0, rows: each.newest_version.rows })) });
      }
      return out;
    },
    enabled: names.length > 0,
    staleTime: 30_000,
  });
  return useMemo(() => (plan && found.data ? found.data : []).flatMap(({ name, partitions }) => missingSource(plan!, name, partitions) ?? []), [plan, found.data]);
}
