import { useEffect, useState } from "react";

import { type Answer, api, ApiError } from "@/api/client";
import { type Problem, problemsOf } from "@/model/dag_problems";

export type Validated = Answer<"/api/v2/dags/validate", "post">;
export type Verdict =
  | { kind: "valid"; text: string; answer: Validated }
  | { kind: "invalid"; text: string; problems: Problem[] }
  /** The daemon couldn't say. */
  | { kind: "failed"; text: string; error: unknown };

/** What the API refused a file for, when it was for what is in it. */
export function problemsIn(error: unknown, text: string): Problem[] | null {
  return error instanceof ApiError && error.status === 422 && error.errors.length > 0 ? problemsOf(error.errors, text) : null;
}

/**
 * What the daemon says of the newest text that has stood still for `ms`; the question about an older one is withdrawn. `last`: what it
 * said of the last text without a mistake.
 */
export function useValidation(text: string, ms = 300): { verdict: Verdict | null; checking: boolean; last: Validated | null } {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [last, setLast] = useState<Validated | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      api.ask("/api/v2/dags/validate", { query: { preview: true }, text: { type: "text/yaml", text }, signal: abort.signal }).then(
        (answer) => {
          setVerdict({ kind: "valid", text, answer });
          setLast(answer);
        },
        (error: unknown) => {
          if (abort.signal.aborted) return;
          const problems = problemsIn(error, text);
          setVerdict(problems ? { kind: "invalid", text, problems } : { kind: "failed", text, error });
        },
      );
    }, ms);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, ms]);
  return { verdict, checking: verdict?.text !== text, last };
}
