import { useRef } from "react";

import { ApiError } from "@/api/client";
import { isFinal, toState } from "@/model/states";

import type { LogName } from "./log_api";
import { useGrowth, useLogApi, useLogSource } from "./log_hooks";
import { LogPanel } from "./log_panel";
import css from "./log_view.module.css";
import { ErrorNote, Loading } from "./notes";

interface Props extends Omit<LogName, "mapIndex"> {
  /** -1, or nothing: not mapped. */
  mapIndex?: number;
  /** Of this try: running, or how it ended. Without one it hasn't begun. */
  state: string | null | undefined;
}

/**
 * The log of one try, of any length: what is looked at is read and no more. It opens at its end and follows it until the reader scrolls
 * up; `#L120-L140` in the address opens it there. Fills the height that its parent gives it.
 */
export function LogView(props: Props) {
  const { dagId, runId, taskId, mapIndex = -1, tryNumber } = props;
  if (tryNumber < 1) return <div className={css.nothing}>{NOT_YET}</div>;
  return <OneLog key={`${dagId}/${runId}/${taskId}/${mapIndex}/${tryNumber}`} {...props} mapIndex={mapIndex} />;
}

const NOT_YET = "It hasn't started: there is no log yet.";
const isMissing = (error: unknown) => error instanceof ApiError && error.status === 404;

function OneLog({ state, ...name }: Props & LogName) {
  const box = useRef<HTMLDivElement>(null);
  const api = useLogApi(name);
  const source = useLogSource(api);
  const known = toState(state);
  const live = !isFinal(known) && known !== "up_for_retry";
  useGrowth(name, source, live, box);
  return (
    <div ref={box} className={css.frame}>
      {source.status === "opening" || source.status === "closed" ? <Loading lines={12} height={18} />
      : source.status === "failed" && live && isMissing(source.error) ? <div className={css.nothing}>{NOT_YET}</div>
      : source.status === "failed" ? <ErrorNote what="The log can't be read" error={source.error} onRetry={() => source.retry()} />
      : source.rows === 0 ? <div className={css.nothing}>{live ? "The task has written nothing yet." : "The task wrote nothing."}</div>
      : <LogPanel name={name} api={api} source={source} live={live} />}
    </div>
  );
}
