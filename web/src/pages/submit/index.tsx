import { Page, PageHead } from "@/ui/shell";

export default function SubmitPage() {
  return <Page crumbs={[{ label: "Submit a DAG" }]}><PageHead title="Submit a DAG" /></Page>;
}
