import { useQuery } from "@tanstack/react-query";

import { read, useMay, useMe } from "@/api/queries";
import { Empty, Loading, Shown } from "@/ui/notes";
import { NotFound, Page, PageHead } from "@/ui/shell";
import { Card } from "@/ui/surface";
import { at, useParam } from "@/ui/url";
import { DagZoneProvider } from "@/ui/zone";

import example from "./example.yaml?raw";
import { Workbench } from "./workbench";

export default function SubmitPage() {
  const [dagId] = useParam("dag");
  const [version] = useParam("v");
  const me = useMe();
  const may = useMay("author");
  const title = dagId ? "Edit" : "Submit a DAG";
  return (
    <Page crumbs={[{ label: "DAGs", href: "/dags" }, ...(dagId ? [{ label: dagId, href: at("dags", dagId, "code") }] : []), { label: title }]}>
      {!me ? <Loading /> : !may ? (
        <>
          <PageHead title={title} />
          <Card label={title}><Empty title={`Your role is ${me.role}: submitting a DAG needs the role author`} command="millrace submit my_dag.yaml" /></Card>
        </>
      )
      : dagId ? <Edit key={`${dagId} ${version}`} dagId={dagId} version={/^[1-9]\d{0,8}$/.test(version) ? Number(version) : null} />
      : <Workbench key="new" base={{ dagId: "", text: example, version: null, inForce: null }} />}
    </Page>
  );
}

/** Begins with the text in force, or with that of an older version. */
function Edit({ dagId, version }: { dagId: string; version: number | null }) {
  const details = useQuery(read("/api/v2/dags/{dag_id}/details", { path: { dag_id: dagId } }));
  // Read once: what comes into force meanwhile must not change the text under the hands.
  const source = useQuery({
    ...read("/api/v2/dagSources/{dag_id}", { path: { dag_id: dagId }, query: version === null ? {} : { version_number: version } }),
    staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false, refetchOnReconnect: false,
  });
  if (source.error?.status === 404) return <NotFound what={version === null ? `There is no DAG ${dagId}.` : `DAG ${dagId} has no version ${version}.`} />;
  return (
    <DagZoneProvider zone={details.data?.timezone}>
      <Shown query={details} what={`${dagId} can't be read`} lines={12}>
        {({ version_number }) => (
          <Shown query={source} what={`The source of ${dagId} can't be read`} lines={12}>
            {(found) => <Workbench base={{ dagId, text: found.content.replaceAll("\r\n", "\n"), version: found.version_number, inForce: version_number }} />}
          </Shown>
        )}
      </Shown>
    </DagZoneProvider>
  );
}
