import { Page, PageHead } from "@/ui/shell";

export default function RunPage(_: { dagId: string; runName: string }) {
  return <Page crumbs={[{ label: "Run" }]}><PageHead title="Run" /></Page>;
}
