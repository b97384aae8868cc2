import type { components } from "@/api/schema";

import type { Tone } from "./states";
import { bytes, count } from "./time";

// Words and colours of the gates (docs/explain.md): titles, figures without the words that the title has, names of reasons.

export type Gate = components["schemas"]["Gate"];

const TITLES: Record<string, string> = {
  paused: "DAG", max_active_runs: "Runs of the DAG", backfill_limit: "Runs of the backfill", upstream: "Upstream", retry_delay: "Retry delay",
  sensor: "Sensor", child_run: "Triggered run", not_before: "Start", pool: "Pool", max_active_tasks: "Active tasks", cpu: "CPU",
  memory: "Memory", gpu: "Devices", share: "Turn", admission: "Turn",
};
export const REASONS: Record<string, string> = {
  paused: "DAG paused", max_active_runs: "place for its run", backfill_limit: "backfill's limit", upstream: "upstream tasks",
  retry_delay: "retry delay", sensor: "sensor", child_run: "triggered run", not_before: "process start", pool: "pool slot",
  max_active_tasks: "active tasks", cpu: "CPU", memory: "memory", gpu: "device", share: "its turn", admission: "its turn",
};
const TONES: Record<string, Tone> = {
  upstream: "scheduled", retry_delay: "up_for_retry", sensor: "deferred", child_run: "deferred", paused: "skipped", not_before: "running",
};
export const toneOfGate = (kind: string): Tone => TONES[kind] ?? "queued";

/** `pool 'gpu': 3 of 3 slots taken` in its two parts. */
export function poolOf(text: string): { name: string; rest: string } {
  const found = /^pool '(.*)': (.*)$/.exec(text);
  return found ? { name: found[1]!, rest: found[2]! } : { name: "", rest: text };
}

const cores = (milli: number) => `${Number((milli / 1000).toFixed(2))} ${milli === 1000 ? "core" : "cores"}`;

/** Title and text of a gate: figures first, without the words that its title has. */
export function wordsOf(gate: Gate): { title: string; text: string } {
  const title = TITLES[gate.kind] ?? gate.kind;
  switch (gate.kind) {
    case "pool": {
      const { name, rest } = poolOf(gate.text);
      return { title: name ? `Pool ${name}` : title, text: gate.need > 1 ? `${rest}, needs ${count(gate.need)}` : rest };
    }
    case "paused": return { title, text: gate.ok ? "active" : "paused" };
    case "max_active_runs": return { title, text: gate.text.replace(/ runs of '.*' are running$/, " running") };
    case "backfill_limit": return { title, text: gate.text.replace(/ runs of backfill \d+ are active$/, " active") };
    case "upstream": return { title, text: gate.text.replace(/^it has no upstream tasks/, "none").replace(/ upstream tasks are done/, " done") };
    case "max_active_tasks": return { title, text: gate.text.replace(/ tasks of this run are running$/, " in this run") };
    case "cpu": return { title, text: `needs ${cores(gate.need)}, ${gate.have > 0 ? cores(gate.have) : "none"} free` };
    case "memory": return { title, text: `needs ${bytes(gate.need)}, ${gate.have > 0 ? bytes(gate.have) : "none"} free` };
    case "gpu": return { title, text: `needs ${count(gate.need)}, ${gate.have > 0 ? count(gate.have) : "none"} free` };
    case "sensor": return { title, text: sensorOf(gate.text)[0] };
    default: return { title, text: gate.text };
  }
}

/** `file '/x.csv' looked at again in 19s`: what it looks at, and when. */
export function sensorOf(text: string): [string, string] {
  const found = /^(.*) (looked at again in .*|is being looked at)$/.exec(text);
  return found ? [found[1]!, found[2]!] : [text, ""];
}
