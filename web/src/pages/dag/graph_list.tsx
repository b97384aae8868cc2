import { type Graph, type TaskTimes, taskWords } from "@/model/graph";
import type { State } from "@/model/states";
import { wordOf } from "@/model/states";
import { count } from "@/model/time";
import { Glyph } from "@/ui/glyph";
import { CardBody } from "@/ui/surface";
import { useNow } from "@/ui/zone";

import css from "./graph.module.css";

interface Props {
  graph: Graph;
  states: readonly State[];
  times: ReadonlyMap<string, TaskTimes>;
  task: number;
  lit: Uint8Array | null;
  onTask: (task: number) => void;
}

const MOST = 300;

/** The graph in words: each task after all that it waits for. */
export function GraphList({ graph, states, times, task, lit, onTask }: Props) {
  const now = useNow();
  const order = lit ? graph.order.filter((index) => lit[index]) : graph.order;
  const from = order.length > MOST ? Math.max(0, Math.min(order.indexOf(task) - MOST / 2, order.length - MOST)) : 0;
  const shown = order.slice(from, from + MOST);
  const names = (tasks: readonly number[]) => tasks.slice(0, 3).map((index) => graph.tasks[index]!.label).join(", ") + (tasks.length > 3 ? ` and ${tasks.length - 3} more` : "");
  return (
    <CardBody label="Tasks in the order of their edges">
      <table className={`list ${css.rows}`}>
        <thead><tr><th scope="col">Task</th><th scope="col">State</th><th scope="col">Group</th><th scope="col">After</th></tr></thead>
        <tbody>
          {shown.map((index) => {
            const entry = graph.tasks[index]!;
            const words = taskWords(graph, index, (each) => states[each]!, times.get(entry.id), now);
            return (
              <tr key={entry.id} aria-selected={index === task}>
                <td><button type="button" className={css.name} onClick={() => onTask(index)}><Glyph state={states[index]!} size={13} label="" />{entry.label}</button></td>
                <td className="mid">{wordOf(states[index]!)}{words && words !== wordOf(states[index]!).toLowerCase() && <span className="dim">, {words}</span>}</td>
                <td className="mid">{entry.group ?? <span className="dim">–</span>}</td>
                <td className={`dim ${css.after}`} title={graph.upstream[index]!.map((each) => graph.tasks[each]!.label).join(", ")}>{names(graph.upstream[index]!) || "nothing"}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {shown.length < order.length && <p className="dim small" style={{ padding: "8px 14px" }}>{count(shown.length)} of {count(order.length)} tasks, around the chosen one</p>}
    </CardBody>
  );
}
