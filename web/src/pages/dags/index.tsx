import { Page, PageHead } from "@/ui/shell";

export default function DagsPage() {
  return <Page crumbs={[{ label: "DAGs" }]}><PageHead title="DAGs" /></Page>;
}
