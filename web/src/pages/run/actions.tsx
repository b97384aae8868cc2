import { useLocation } from "wouter";

import { Button } from "@/ui/controls";
import { link } from "@/ui/url";

import type { RunView } from "./view";

/** What can be done with the run. */
export function RunActions({ view }: { view: RunView }) {
  const [, go] = useLocation();
  return <Button icon="compare" onClick={() => go(link("/compare", { a: `${view.dagId}/${view.runId}` }))}>Compare</Button>;
}

/** The phone's one button: what failed runs again. */
export function RerunFailed(_: { view: RunView }) {
  return null;
}
