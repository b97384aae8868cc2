import { differenceText } from "@/model/compare";
import type { Spent, TaskTimes } from "@/model/compare_times";
import { duration } from "@/model/time";
import { Empty } from "@/ui/notes";
import { Card, CardBody } from "@/ui/surface";

import css from "./compare.module.css";

function Bars({ spent, longest, side }: { spent: Spent | null; longest: number; side: "a" | "b" }) {
  const width = (seconds: number) => `${(100 * seconds) / longest}%`;
  return (
    <span className={css.bars} data-side={side}>
      {spent && <><i data-part="waited" style={{ width: width(spent.waited) }} /><i data-part="ran" style={{ width: width(spent.ran) }} /></>}
    </span>
  );
}

function inWords(times: TaskTimes): string {
  const of = (spent: Spent | null) => (spent ? `${duration(spent.ran)} and waited ${duration(spent.waited)}` : "isn't there");
  return `A: ran ${of(times.a)}. B: ran ${of(times.b)}.`;
}

/** Task by task: run time, and waiting pale before it. What made a difference stands out. */
export function TimesCard({ times, total }: { times: readonly TaskTimes[]; total: number | null }) {
  const longest = Math.max(1e-3, ...times.flatMap(({ a, b }) => [a, b]).map((spent) => (spent ? spent.waited + spent.ran : 0)));
  const notable = Math.max(1, Math.abs(total ?? 0) / 10, longest / 50);
  return (
    <Card title="Time per task" tools={<span className={css.key}><i data-bar="a" />A <i data-bar="b" />B, waiting pale</span>} className={css.card!}>
      {times.length ? (
        <CardBody label="Time per task">
          <table className={css.times}>
            <thead><tr><th scope="col">Task</th><th scope="col" className={css.wide}><span className="hidden">Bars</span></th><th scope="col" className="right">A ran</th><th scope="col" className="right">B ran</th><th scope="col" className="right">In all</th></tr></thead>
            <tbody>
              {times.map((each) => {
                const most = Math.max(each.a?.instances ?? 0, each.b?.instances ?? 0);
                return (
                  <tr key={each.task}>
                    <th scope="row"><span className="row gap6"><span className="ellipsis" title={each.task}>{each.task}</span>{most > 1 && <span className="dim small" title="The longest of its instances">×{most}</span>}</span></th>
                    <td className={css.wide}><span role="img" aria-label={inWords(each)} className={css.pair}><Bars spent={each.a} longest={longest} side="a" /><Bars spent={each.b} longest={longest} side="b" /></span></td>
                    <td className="right dim">{each.a ? duration(each.a.ran) : "–"}</td>
                    <td className="right">{each.b ? duration(each.b.ran) : "–"}</td>
                    <td className={`right ${Math.abs(each.more) >= notable ? css.much : "dim"}`}>{each.a && each.b ? differenceText(each.more) : "–"}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </CardBody>
      ) : <Empty title="Neither has come to its tasks yet." />}
    </Card>
  );
}
