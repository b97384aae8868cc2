import { useQuery } from "@tanstack/react-query";

import { bytes } from "@/model/time";
import { IconButton } from "@/ui/controls";
import { Empty, Shown } from "@/ui/notes";
import { toast, toastError } from "@/ui/toast";

import css from "./panel.module.css";
import { readManifest, type Ref, type TaskFacts, type Try } from "./queries";

function copy(text: string): void {
  navigator.clipboard.writeText(text).then(() => toast("Copied"), (error: unknown) => toastError(error, "It can't be copied"));
}

const NO_PROCESS: Record<string, string> = {
  sensor: "A sensor starts no process: the daemon looks itself.", trigger_dag: "It starts a run of another DAG, and no process.",
};

function Facts({ facts, shown, params }: { facts: TaskFacts; shown: Try | undefined; params: Record<string, unknown> }) {
  return (
    <dl className="facts">
      <dt>Action</dt><dd>{facts.operator?.replaceAll("_", " ") ?? "–"}</dd>
      <dt>Pool</dt><dd>{facts.pool}, {facts.pool_slots === 1 ? "1 slot" : `${facts.pool_slots} slots`}</dd>
      <dt>Priority</dt><dd>{facts.priority_weight}</dd>
      <dt>Retries</dt><dd>{facts.max_tries}</dd>
      {typeof shown?.pid === "number" && <><dt>Process</dt><dd>{shown.pid} on {shown.hostname}</dd></>}
      {Object.keys(params).length > 0 && (
        <>
          <dt>Params</dt>
          <dd>{Object.entries(params).map(([name, value]) => <div key={name} className="mono">{name} = {JSON.stringify(value)}</div>)}</dd>
        </>
      )}
      {facts.dag_version && (
        <><dt>DAG version</dt><dd>v{facts.dag_version.version_number} <span className="mono dim" title={facts.dag_version.hash}>{facts.dag_version.hash.slice(0, 12)}</span></dd></>
      )}
    </dl>
  );
}

/** What was started, with secrets masked by the daemon, and with which names in its environment. */
export function CommandEnv({ of, facts, shown, params }: { of: Ref; facts: TaskFacts; shown: Try | undefined; params: Record<string, unknown> }) {
  const manifest = useQuery(readManifest(of.dagId, of.runId));
  const command = shown?.command ?? facts.rendered_fields.command ?? null;
  return (
    <div className={css.pad}>
      {command === null
        ? <Empty title={NO_PROCESS[facts.operator ?? ""] ?? "It hasn't been started yet, so its command isn't rendered."} />
        : (
          <div className={css.command}>
            <pre className="mono" tabIndex={0} aria-label="Command">{command.trimEnd()}</pre>
            <IconButton icon="copy" label="Copy the command" onClick={() => copy(command)} />
          </div>
        )}
      <Facts facts={facts} shown={shown} params={params} />
      <Shown query={manifest} lines={1} what="The environment's names can't be read">
        {(found) => {
          const task = found.tasks.find((one) => one.task_id === of.task && one.map_index === of.mapIndex);
          const memory = task?.attempts.find((one) => one.try_number === shown?.try_number)?.memory_bytes ?? 0;
          return (
            <dl className="facts">
              {memory > 0 && <><dt>Memory limit</dt><dd>{bytes(memory)}</dd></>}
              <dt>Environment</dt>
              <dd>
                {task?.env.length
                  ? <>{task.env.map((name) => <code key={name} className={`mono ${css.env}`}>{name}</code>)}<p className="dim small">Names that the DAG sets; their values aren't told.</p></>
                  : <span className="dim">the DAG sets none</span>}
              </dd>
            </dl>
          );
        }}
      </Shown>
    </div>
  );
}
