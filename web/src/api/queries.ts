import { QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";

import { api, ApiError, type Answer, type Options, type PathsOf } from "./client";
import { useStreamStatus } from "./stream";

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The stream says when something changed; a page that is shown again reads anew.
      staleTime: 2_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && (error.status === 0 || error.status === 503),
    },
  },
});

/**
 * The query of a GET: its key is [path, pieces, query], so that `queries.invalidateQueries({queryKey: ["/api/v2/pools"]})` names all
 * of a path. Pass what it returns to useQuery(), queries.setQueryData(), …
 */
export function read<P extends PathsOf<"get">>(path: P, options: Omit<Options<P, "get">, "signal" | "body" | "text"> = {}) {
  return queryOptions<Answer<P>, ApiError>({
    queryKey: [path, options.path ?? {}, options.query ?? {}],
    queryFn: ({ signal }) => api.get(path, { ...options, signal } as Options<P, "get">),
  });
}

/** Reads anew, at once, everything of these paths that is on the screen; marks the rest as old. */
export function renew(...paths: PathsOf<"get">[]): void {
  for (const path of paths) void queries.invalidateQueries({ queryKey: [path] });
}

export type Me = Answer<"/auth/me">;

export function useMe(): Me | undefined {
  return useQuery({ ...read("/auth/me"), staleTime: Infinity }).data;
}

/** Whether this session sees all DAGs: what belongs to no DAG alone is shut to others (docs/security.md). Undefined until it is known. */
export function useSeesAll(): boolean | undefined {
  const me = useMe();
  return me && me.scope.dags.length === 0;
}

const RANKS = ["viewer", "operator", "author", "admin"] as const;

/** Whether this session's role is at least that one: what it can't do isn't offered. */
export function useMay(role: (typeof RANKS)[number]): boolean {
  const mine = useMe()?.role;
  return mine !== undefined && RANKS.indexOf(mine as (typeof RANKS)[number]) >= RANKS.indexOf(role);
}

/** Without the stream, what is on the screen is read anew every few seconds: in one place, for all pages. */
export function usePollingWhenLost(): void {
  const { liveness } = useStreamStatus();
  useEffect(() => {
    if (liveness !== "offline") return;
    const timer = setInterval(() => {
      if (!document.hidden) void queries.invalidateQueries();
    }, 5_000);
    return () => clearInterval(timer);
  }, [liveness]);
}
