import { Link } from "wouter";

import { type InstanceRef, runLabel, taskLabel } from "@/model/capacity";
import { runPath } from "@/model/run_address";
import { IconButton } from "@/ui/controls";
import { ExplainPanel } from "@/ui/explain";
import { useKeys } from "@/ui/keys";
import { Card, CardBody } from "@/ui/surface";

import css from "./capacity.module.css";

interface Props {
  of: InstanceRef;
  zone: string;
  onClose: () => void;
}

function taskHref(of: InstanceRef): string {
  return runPath(of.dagId, of.runId, null, { task: of.taskId, map: of.mapIndex >= 0 ? of.mapIndex : null });
}

/** The same panel as on the pages of a DAG and a run, for a row of the line. */
export function WhyCard({ of, zone, onClose }: Props) {
  useKeys([{ keys: "Escape", says: "Close the panel", act: onClose }]);
  return (
    <Card
      label={`Why ${taskLabel(of)} waits`}
      title={<Link href={taskHref(of)}>{taskLabel(of)}</Link>}
      about={<span className="dim ellipsis" title={of.runId}>{of.dagId} {runLabel(of.runId, zone)}</span>}
      tools={<IconButton icon="close" size={13} label="Close the panel (Esc)" onClick={onClose} />}
      className={css.why!}
    >
      <CardBody label={`Why ${taskLabel(of)} waits`}><ExplainPanel {...of} /></CardBody>
    </Card>
  );
}

/** On a narrow screen it lies over the page: there is one pane. */
export function WhyInDrawer({ of }: Pick<Props, "of">) {
  return <><p><Link href={taskHref(of)} className={css.link}>{taskLabel(of)}</Link> <span className="dim">of {of.dagId}</span></p><div className={css.flush}><ExplainPanel {...of} /></div></>;
}
