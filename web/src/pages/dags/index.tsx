import { useMay } from "@/api/queries";
import { Button } from "@/ui/controls";
import { Page, PageHead } from "@/ui/shell";
import { useGo } from "@/ui/url";

import { DagsCard } from "./card";
import { useLiveDags } from "./live";

export default function DagsPage() {
  const may = useMay("author");
  const go = useGo();
  useLiveDags();
  return (
    <Page crumbs={[{ label: "DAGs" }]}>
      <PageHead title="DAGs">{may && <Button icon="plus" onClick={() => go("/submit")}>Submit a DAG</Button>}</PageHead>
      <DagsCard on="dags" />
    </Page>
  );
}
