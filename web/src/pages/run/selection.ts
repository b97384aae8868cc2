import { useMemo } from "react";
import { useSearch } from "wouter";

import { setQuery } from "@/ui/url";

export const VIEWS = ["gantt", "graph", "table", "events"] as const;
export type View = (typeof VIEWS)[number];
export const TABS = ["log", "why", "io", "attempts", "command"] as const;
export type Tab = (typeof TABS)[number];

/** What the address says of the page: the task instance that is open, and how all is shown. */
export interface Selection {
  task: string | null;
  /** null: the task as a whole. */
  map: number | null;
  attempt: number | null;
  tab: Tab | null;
  view: View;
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

export function useSelection(): Selection {
  const search = useSearch();
  return useMemo(() => {
    const query = new URLSearchParams(search);
    const [view, tab] = [query.get("view") as View, query.get("tab") as Tab];
    return {
      task: query.get("task"), map: numberOf(query.get("map")), attempt: numberOf(query.get("try")),
      tab: TABS.includes(tab) ? tab : null, view: VIEWS.includes(view) ? view : "gantt",
    };
  }, [search]);
}

/** Another task: its newest try, in the same tab. */
export function select(task: string | null, map: number | null = null, tab?: Tab): void {
  setQuery({ task, map: map === null || map < 0 ? null : map, try: null, ...(tab ? { tab } : task === null ? { tab: null } : {}) });
}

export function setTab(tab: Tab): void {
  setQuery({ tab });
}
