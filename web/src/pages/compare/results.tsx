import { changeText, numberText, type Result } from "@/model/compare";
import { Empty } from "@/ui/notes";
import { Card, CardBody, Tag } from "@/ui/surface";

import css from "./compare.module.css";

const LEAST = 0.01; // the axis is never finer than 1% to a side
const MOST = 1; // nor coarser than 100%: what goes beyond stands at its end

/** A's value is the middle of the line; B's dot is beside it by as many percent as it moved. */
function Dumbbell({ change, reach }: { change: number | null; reach: number }) {
  const moved = change === null ? 0 : Math.max(-1, Math.min(1, change / reach));
  const x = 50 + moved * 46;
  return (
    <svg className={css.dumbbell} width="100%" height="16" aria-hidden>
      <line x1="4%" x2="96%" y1="8" y2="8" className={css.axis} />
      <line x1="50%" x2={`${x}%`} y1="8" y2="8" className={css.link} />
      <circle cx="50%" cy="8" r="4" className={css.dotA} />
      {change !== null && change !== 0 && <circle cx={`${x}%`} cy="8" r="4.5" className={css.dotB} />}
    </svg>
  );
}

function axisText(reach: number): string {
  return `${Math.round(reach * 100)}%`;
}

/** Outputs that are numbers, all on one scale: by how many percent B's is off A's. */
export function ResultsCard({ results }: { results: readonly Result[] }) {
  const moved = results.filter((result) => result.a !== result.b);
  const changes = moved.flatMap(({ change }) => (change === null ? [] : [Math.abs(change)]));
  const reach = Math.min(MOST, Math.max(LEAST, ...changes));
  const rows = [...moved, ...results.filter((result) => result.a === result.b)];
  return (
    <Card
      title="Results" about={results.length > 0 && <Tag>{moved.length} of {results.length} differ</Tag>}
      tools={results.length > 0 && <span className={css.key}><i data-dot="a" />A <i data-dot="b" />B{moved.length > 0 && `, the line is ±${axisText(reach)}`}</span>}
      className={css.card!}
    >
      {rows.length ? (
        <CardBody label="Results">
          <table className={css.results}>
            <thead><tr><th scope="col">Output</th><th scope="col" className={css.wide}><span className="hidden">Change</span></th><th scope="col" className="right">A</th><th scope="col" className="right">B</th><th scope="col" className="right">Change</th></tr></thead>
            <tbody>
              {rows.map((result) => (
                <tr key={result.key}>
                  <th scope="row"><span className="ellipsis" title={result.label}>{result.label}</span></th>
                  <td className={css.wide}><Dumbbell change={result.change} reach={reach} /></td>
                  <td className="right dim">{numberText(result.a)}</td>
                  <td className="right">{numberText(result.b)}</td>
                  <td className={`right ${result.a === result.b ? "dim" : "strong"}`}>{changeText(result)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </CardBody>
      ) : <Empty title="No output of theirs is a number in both." command={'echo "auc=0.73" >> "$MILLRACE_OUTPUT"'} />}
    </Card>
  );
}
