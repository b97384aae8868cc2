import { ApiError, request, urlOf } from "@/api/client";
import type { IndexAnswer } from "@/model/log_index";

// The calls of one try's log (docs/logs.md), as functions: the viewer's parts are given them, a test gives its own.

export interface LogBytes {
  /** Where they begin. */
  from: number;
  bytes: Uint8Array;
  /** Of the log, now. */
  size: number;
  /** Names the file: another one has another name, however long it grows. */
  file: string;
}
export interface LogMatch {
  /** From 1 on. */
  line: number;
  text: string;
}
export interface SearchAnswer {
  matches: LogMatch[];
  /** Where to go on; null: searched to the end. */
  next: string | null;
  searched: number;
  size: number;
}
export interface SearchWish {
  q?: string;
  level?: string;
  from?: string;
  limit?: number;
}
export interface LogApi {
  /** Entries of the line index from number `from` on. A call scans for a moment only: ask again until it has all bytes. */
  index(from: number, signal: AbortSignal): Promise<IndexAnswer>;
  /** Bytes `from` up to `to`; null: the log isn't that long (any more). */
  bytes(from: number, to: number, signal: AbortSignal): Promise<LogBytes | null>;
  search(wish: SearchWish, signal: AbortSignal): Promise<SearchAnswer>;
  /** Where a browser gets all of it. */
  url: string;
}

export interface LogName {
  dagId: string;
  runId: string;
  taskId: string;
  mapIndex: number;
  tryNumber: number;
}

export function logUrl({ dagId, runId, taskId, mapIndex, tryNumber }: LogName): string {
  const mapped = mapIndex >= 0 ? "/{map}" : "";
  return urlOf(`/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}${mapped}/logs/{try}`, {
    dag: dagId, run: runId, task: taskId, map: mapIndex, try: tryNumber,
  });
}

/** 64-bit little-endian numbers; a log is far below 2^53 bytes. */
function numbersOf(buffer: ArrayBuffer): number[] {
  const view = new DataView(buffer);
  return Array.from({ length: Math.floor(buffer.byteLength / 8) }, (_, index) => Number(view.getBigUint64(index * 8, true)));
}

export function logApi(name: LogName): LogApi {
  const url = logUrl(name);
  return {
    url,
    async index(from, signal) {
      const response = await request(`${url}/index?from=${from}`, { headers: { Accept: "application/octet-stream" }, signal });
      const header = (field: string) => Number(response.headers.get(`log-index-${field}`));
      return { every: header("every"), lines: header("lines"), bytes: header("bytes"), offsets: numbersOf(await response.arrayBuffer()) };
    },
    async bytes(from, to, signal) {
      let response: Response;
      try {
        response = await request(url, { headers: { Accept: "text/plain", Range: `bytes=${from}-${to - 1}` }, signal });
      } catch (error) {
        if (error instanceof ApiError && error.status === 416) return null;
        throw error;
      }
      const size = Number(/\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1]);
      // Something between that doesn't know ranges would send all of it: no browser wants a log of a gigabyte.
      if (response.status !== 206 || !Number.isFinite(size)) {
        void response.body?.cancel();
        throw new ApiError(response.status, "the log came whole where a part was asked for", "no_range", "Is there a proxy that drops the Range header?");
      }
      const file = (response.headers.get("etag") ?? "").replace(/-[0-9a-f]+"$/, "");
      return { from, bytes: new Uint8Array(await response.arrayBuffer()), size, file };
    },
    async search({ q, level, from, limit }, signal) {
      const wish = { q, ignore_case: q ? "true" : undefined, level, from, limit };
      const response = await request(urlOf(`${url}/search`, {}, wish), { headers: { Accept: "application/json" }, signal });
      return (await response.json()) as SearchAnswer;
    },
  };
}
