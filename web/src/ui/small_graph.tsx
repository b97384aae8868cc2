import { useMemo } from "react";

import { NODE_HEIGHT } from "@/model/layout";
import { count } from "@/model/time";
import { layPicture, MOST_TASKS, pathOf, type Picture, type Sign } from "@/model/small_picture";

import css from "./small_graph.module.css";
import { useWidth } from "./use_width";

const WORDS: Record<Sign, string> = { "": "", "+": "added", "−": "removed", "~": "changed" };
const LETTERS = 31;
const PAD = 6;

/** Few tasks as they are wired, without a state. What came is green with a plus, what is gone red and dashed with a minus; a list says the same. */
export function SmallGraph({ picture, label, height = 210 }: { picture: Picture; label: string; height?: number }) {
  const laid = useMemo(() => (picture.tasks.length <= MOST_TASKS ? layPicture(picture) : null), [picture]);
  const [box, room] = useWidth<HTMLDivElement>();
  const signs = useMemo(() => new Map(picture.edges.map((edge) => [`${edge.from} ${edge.to}`, edge.sign])), [picture]);
  if (!laid) return <p className="dim small">{count(picture.tasks.length)} tasks are too many for a small picture.</p>;
  if (!picture.tasks.length) return null;
  const [width, tall] = [laid.width + 2 * PAD, laid.height + 2 * PAD];
  // Small enough to see at once, never too small to read: then it scrolls.
  const zoom = Math.max(0.62, Math.min(1, height / tall, room ? room / width : 1));
  return (
    <div ref={box} className={css.box} role="region" aria-label={label} tabIndex={0}>
      <svg width={width * zoom} height={tall * zoom} viewBox={`${-PAD} ${-PAD} ${width} ${tall}`} role="img" aria-label={label}>
        {Array.from(laid.edgeFrom, (from, edge) => {
          const sign = signs.get(`${laid.nodeTask[from]} ${laid.nodeTask[laid.edgeTo[edge]!]}`) ?? "";
          return <path key={edge} d={pathOf(laid, edge)} className={css.edge} data-sign={sign} />;
        })}
        {Array.from(laid.x, (x, node) => {
          const task = picture.tasks[laid.nodeTask[node]!]!;
          const name = task.id.length > LETTERS ? `${task.id.slice(0, LETTERS - 1)}…` : task.id;
          return (
            <g key={task.id} className={css.node} data-sign={task.sign} transform={`translate(${x} ${laid.y[node]})`}>
              <title>{task.sign ? `${task.id}, ${WORDS[task.sign]}` : task.id}</title>
              <rect y={6} width={laid.nodeWidth} height={NODE_HEIGHT - 12} rx={7} />
              <text x={task.sign ? 24 : 12} y={NODE_HEIGHT / 2 + 4}>{name}</text>
              {task.sign && <text x={10} y={NODE_HEIGHT / 2 + 4} className={css.sign}>{task.sign}</text>}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
