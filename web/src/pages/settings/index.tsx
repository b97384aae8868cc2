import { Page, PageHead } from "@/ui/shell";

export default function SettingsPage() {
  return <Page crumbs={[{ label: "Settings" }]}><PageHead title="Settings" /></Page>;
}
