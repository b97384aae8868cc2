import { type Problem, placeOf } from "@/model/dag_problems";
import { Card, CardBody, Tag } from "@/ui/surface";

import css from "./submit.module.css";

/** Every mistake at once: a click goes there. */
export function Problems({ problems, onGo }: { problems: readonly Problem[]; onGo: (problem: Problem) => void }) {
  return (
    <Card title="Problems" about={<Tag>{problems.length}</Tag>} foot={<span>F8 goes from one to the next</span>} className={css.problems!}>
      <CardBody label="Problems of the file">
        <ul>
          {problems.map((problem, index) => (
            <li key={index}>
              <button type="button" disabled={problem.line === null} onClick={() => onGo(problem)}>
                <span className={css.place}><span aria-hidden>{problem.line === null ? "–" : `${problem.line}:${problem.column ?? 1}`}</span><span className="hidden">{placeOf(problem)}: </span></span>
                <span className={css.said}><span>{problem.message}</span>{problem.hint && <span className="mid">{problem.hint}</span>}</span>
              </button>
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}
