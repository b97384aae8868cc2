import { useQueries } from "@tanstack/react-query";
import { useLayoutEffect, useMemo, useRef } from "react";
import { Link } from "wouter";

import { prepare, readColors } from "@/canvas/colors";
import { queries, read } from "@/api/queries";
import { useTopic } from "@/api/stream";
import type { GridModel } from "@/model/grid";
import { Icon } from "@/ui/icon";
import { useTheme } from "@/ui/theme";
import { at } from "@/ui/url";

import css from "./grid.module.css";
import { LABELS } from "./grid_window";

// What the DAG's runs wrote: a bar for each partition, under the run that it is of.

export interface OutputRows {
  unit: "rows" | "bytes";
  rows: { dataset: string; size: ReadonlyMap<string, number> }[];
}

/** Each dataset is one question to the daemon. */
const MOST = 4;
const PATH = "/api/v2/datasets/{dataset}/partitions";

/** The newest partitions of the DAG's own datasets; null while there is nothing to show. */
export function useOutputs(dagId: string, datasets: readonly { name: string }[], runs: number): OutputRows | null {
  const names = datasets.slice(0, MOST).map((dataset) => dataset.name);
  const answers = useQueries({
    queries: names.map((dataset) => ({ ...read(PATH, { path: { dataset }, query: { order_by: "-partition", limit: runs } }), staleTime: 15_000 })),
  });
  useTopic(names.length ? `dag:${dagId}` : null, (events) => {
    const renewed = new Set(events.flatMap((event) => (event.type === "dataset" && "dataset" in event.data ? [event.data.dataset] : [])));
    for (const dataset of names) if (renewed.has(dataset)) void queries.invalidateQueries({ queryKey: [PATH, { dataset }] });
  });
  const stamp = answers.map((answer) => answer.dataUpdatedAt).join();
  return useMemo(() => {
    const found = answers.flatMap((answer, index) => {
      // What only others write isn't an output of this DAG.
      const partitions = answer.data?.partitions.filter((partition) => partition.newest_version.dag_id === dagId) ?? [];
      return partitions.length ? [{ dataset: names[index]!, partitions }] : [];
    });
    if (!found.length) return null;
    const counted = found.every(({ partitions }) => partitions.every((partition) => partition.newest_version.rows !== null));
    return {
      unit: counted ? "rows" : "bytes",
      rows: found.map(({ dataset, partitions }) => ({
        dataset, size: new Map(partitions.map(({ newest_version: written }) => [written.run_id, counted ? written.rows! : written.bytes])),
      })),
    };
  }, [stamp, dagId]);
}

const ROW = 27;
export const OUTPUT_HEIGHT = (rows: number) => 45 + rows * ROW;

interface Props {
  outputs: OutputRows;
  model: GridModel;
  columns: readonly number[];
  span: { left: number; right: number };
  pitchX: number;
  column: number;
}

export function GridOutputs({ outputs, model, columns, span, pitchX, column }: Props) {
  const theme = useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const colors = readColors();
    const context = prepare(canvas.current!, (span.right - span.left) * pitchX, outputs.rows.length * ROW, 128);
    const width = pitchX > 4 ? pitchX - 2 : pitchX;
    outputs.rows.forEach(({ size }, row) => {
      const most = Math.max(1, ...columns.map((each) => size.get(model.runs[each]!.run_id) ?? 0));
      const base = row * ROW + 20;
      for (let each = span.left; each < span.right; each += 1) {
        const run = model.runs[columns[each]!]!;
        const x = (each - span.left) * pitchX;
        const written = size.get(run.run_id);
        if (written !== undefined) {
          const high = Math.max(2, 18 * (written / most));
          context.fillStyle = colors.ink3;
          context.globalAlpha = each === column ? 0.9 : 0.55;
          context.fillRect(x, base - high, width, high);
          context.globalAlpha = 1;
        } else if (run.state === "failed") {
          context.fillStyle = colors.states.failed.solid;
          context.fillRect(x, base - 1.6, width, 1.6);
        } else if (run.state === "running" || run.state === "queued") {
          context.strokeStyle = colors.line2;
          context.setLineDash([2, 2]);
          context.strokeRect(x + 0.6, base - 15.4, Math.max(1, width - 1.2), 15.4);
          context.setLineDash([]);
        }
      }
    });
  }, [outputs, model.runs, columns, span.left, span.right, pitchX, column, theme]);
  return (
    <div className={css.outputs} style={{ height: OUTPUT_HEIGHT(outputs.rows.length) }}>
      <canvas ref={canvas} className={css.outputBars} aria-hidden style={{ left: LABELS + span.left * pitchX }} />
      <div className={css.outputNames}>
        <p>Output partitions, {outputs.unit} written</p>
        <ul>
          {outputs.rows.map(({ dataset }) => (
            <li key={dataset}><Icon name="datasets" size={12} /><Link href={at("datasets", dataset)} className="ellipsis">{dataset}</Link></li>
          ))}
        </ul>
      </div>
    </div>
  );
}
