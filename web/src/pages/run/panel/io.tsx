import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Link } from "wouter";

import { bytes, count, executionDate } from "@/model/time";
import { Empty, Shown } from "@/ui/notes";
import { at, link } from "@/ui/url";

import css from "./panel.module.css";
import { type ManifestTask, readManifest, readOutputs, type Ref } from "./queries";

type Attempt = ManifestTask["attempts"][number];

function Part({ title, number, children }: { title: string; number: number; children: ReactNode }) {
  if (!number) return null;
  return <section className={css.part}><h3>{title} <span className="dim">{number}</span></h3>{children}</section>;
}

function Name({ dataset, version }: { dataset: string; version: number }) {
  return <Link href={link(at("datasets", dataset), { v: version })} className={css.link}>{dataset}</Link>;
}

/** Enough of it to see whether two are the same. */
function Digest({ of }: { of: string }) {
  return <span className="mono" title={of}>{of.slice(0, 13)}</span>;
}

function Read({ inputs, zone }: { inputs: Attempt["inputs"]; zone: string }) {
  return (
    <table className="list">
      <thead><tr><th>Dataset</th><th>Partition</th><th>Version</th></tr></thead>
      <tbody>
        {inputs.map((input) => (
          <tr key={input.dataset + input.partition}>
            <td><Name dataset={input.dataset} version={input.version_id} /></td>
            <td className="mono">{executionDate(input.partition, zone)}</td>
            <td><Digest of={input.version} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Written({ outputs, zone }: { outputs: Attempt["outputs"]; zone: string }) {
  return (
    <table className="list">
      <thead><tr><th>Dataset</th><th>Partition</th><th>Version</th><th className="right">Rows</th><th className="right">Size</th></tr></thead>
      <tbody>
        {outputs.map((output) => (
          <tr key={output.dataset + output.partition} title={output.path}>
            <td><Name dataset={output.dataset} version={output.version_id} /></td>
            <td className="mono">{executionDate(output.partition, zone)}</td>
            <td><Digest of={output.version} /></td>
            <td className="right">{output.rows === null ? <span className="dim">–</span> : count(output.rows)}</td>
            <td className="right">{bytes(output.bytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The datasets that a try read and wrote, as versions, and what the task gave to those after it. */
export function InputsOutputs({ of, attempt, zone, live }: { of: Ref; attempt: number | null; zone: string; live: boolean }) {
  const manifest = useQuery({ ...readManifest(of.dagId, of.runId), ...(live ? { refetchInterval: 5000 } : {}) });
  const given = useQuery(readOutputs(of)).data?.xcom_entries ?? [];
  return (
    <Shown query={manifest} what="The manifest can't be read">
      {(found) => {
        const task = found.tasks.find((one) => one.task_id === of.task && one.map_index === of.mapIndex);
        const shown = task?.attempts.find((one) => one.try_number === attempt) ?? task?.attempts.at(-1);
        const item = task?.item ?? null;
        const [inputs, outputs] = [shown?.inputs ?? [], shown?.outputs ?? []];
        if (!given.length && !inputs.length && !outputs.length && item === null) {
          return <Empty title={shown ? "This try read and wrote no dataset and gave no value." : "It hasn't been started yet."} />;
        }
        return (
          <>
            {item !== null && <section className={css.part}><h3>Mapped value</h3><pre className={css.value}>{JSON.stringify(item, null, 2)}</pre></section>}
            <Part title="Read" number={inputs.length}><Read inputs={inputs} zone={zone} /></Part>
            <Part title="Written" number={outputs.length}><Written outputs={outputs} zone={zone} /></Part>
            <Part title="Values given on" number={given.length}>
              <dl className={`facts ${css.facts}`}>
                {given.map((entry) => (
                  <div key={entry.key} className={css.pair}><dt>{entry.key}</dt><dd><pre className={css.value}>{JSON.stringify(entry.value, null, 2)}</pre></dd></div>
                ))}
              </dl>
            </Part>
          </>
        );
      }}
    </Shown>
  );
}
