import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { ApiError, request } from "@/api/client";
import { queries } from "@/api/queries";
import { useTopic } from "@/api/stream";
import { isBadLine, plainLines } from "@/model/log_tail";
import { Empty, Shown } from "@/ui/notes";

import css from "./panel.module.css";
import { logPath, type Ref } from "./queries";

const TAIL_BYTES = 16_384;
const AT_MOST_EACH_MS = 1000;

async function readTail(path: string, lines: number, signal: AbortSignal): Promise<string[]> {
  let response: Response;
  try {
    response = await request(path, { headers: { Accept: "text/plain", Range: `bytes=-${TAIL_BYTES}` }, signal });
  } catch (error) {
    if (error instanceof ApiError && error.status === 416) return []; // nothing is written yet
    throw error;
  }
  const range = response.headers.get("content-range");
  return plainLines(await response.text(), lines, range !== null && !range.startsWith("bytes 0-"));
}

/** The last lines of a try's log; they follow it. */
export function LogTail({ of, attempt, lines = 200 }: { of: Ref; attempt: number; lines?: number }) {
  const path = logPath(of, attempt);
  const queryKey = ["log tail", path, lines];
  const tail = useQuery({ queryKey, queryFn: ({ signal }) => readTail(path, lines, signal) });
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useTopic(`run:${of.dagId}/${of.runId}`, (events) => {
    const grown = events.some(({ type, data }) => (type === "log" || type === "ti") && data.task_id === of.task && data.map_index === of.mapIndex);
    if (!grown) return;
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void queries.invalidateQueries({ queryKey });
    }, AT_MOST_EACH_MS);
  });
  const box = useRef<HTMLDivElement>(null);
  const last = tail.data?.at(-1);
  useEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [last]);
  return (
    <Shown query={tail} what="The log can't be read">
      {(shown) => shown.length === 0 ? <Empty title="The log is empty." /> : (
        <div ref={box} className={css.tail} role="log" aria-live="off" aria-label={`Last lines of the log of ${of.task}, try ${attempt}`} tabIndex={0}>
          {shown.map((line, index) => <div key={index} data-bad={isBadLine(line)}>{line || " "}</div>)}
        </div>
      )}
    </Shown>
  );
}
