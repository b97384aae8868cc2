import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";

import { read } from "@/api/queries";
import { shortDigest } from "@/model/versions";
import { IconButton } from "@/ui/controls";
import { Tip } from "@/ui/tip";
import { toast } from "@/ui/toast";
import { at } from "@/ui/url";

import css from "./datasets.module.css";

/** One DAG by name, several by number: the names in the tip, and each with its link on the dataset's page. */
export function DagNames({ ids, none }: { ids: string[]; none: string }) {
  const unique = [...new Set(ids)];
  const [first] = unique;
  if (first === undefined) return <span className="dim">{none}</span>;
  if (unique.length === 1) return <Link href={at("dags", first)} className={`mid ${css.above}`}>{first}</Link>;
  return <Tip text={unique.join("\n")}><span className={`mid ${css.above}`} tabIndex={0}>{unique.length} DAGs</span></Tip>;
}

/** The datasets that pages of a dataset look others up in: one question for all of them. */
export function useKnownDatasets() {
  return useQuery({ ...read("/api/v2/datasets", { query: { limit: 200, order_by: "name" } }), staleTime: 10_000 }).data?.datasets;
}

/** The zone whose dates are a dataset's partitions: that of the DAG that makes it. */
export function useZoneOf(): (dataset: string) => string {
  const known = useKnownDatasets();
  return (dataset) => known?.find((each) => each.name === dataset)?.timezone ?? "UTC";
}

export function copy(text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => toast(`${what} copied`),
    () => toast(`The browser doesn't let ${what.toLowerCase()} be copied: ${text}`, { kind: "bad" }),
  );
}

/** The first digits of a content's hash; the whole of it is copied. */
export function Digest({ version }: { version: string }) {
  return (
    <span className={css.digest}>
      <span className="mono" title={version}>{shortDigest(version)}</span>
      <IconButton icon="copy" size={12} label={`Copy ${shortDigest(version)}… in full`} onClick={() => copy(version, "Content id")} />
    </span>
  );
}
