import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import type { Answer } from "@/api/client";
import { read } from "@/api/queries";
import { dayWords, type PartitionDay, partitionDays, yearsOf } from "@/model/partitions";
import { count } from "@/model/time";
import { Segments } from "@/ui/controls";
import { Card, CardBody } from "@/ui/surface";
import { useParam } from "@/ui/url";
import { type CalendarCell, CalendarKey, YearCalendar } from "@/ui/year_calendar";

import css from "./datasets.module.css";

type Partition = Answer<"/api/v2/datasets/{dataset}/partitions">["partitions"][number];

const YEARS_SHOWN = 6;

function lookOf(day: PartitionDay): Pick<CalendarCell, "look" | "tone" | "mark"> {
  if (day.missing === null) return { look: "solid", tone: "success", ...(day.writes > day.partitions.length ? { mark: "retry" as const } : {}) };
  if (day.missing === "failed") return { look: "solid", tone: "failed", mark: "cross" };
  if (day.missing === "running" || day.missing === "queued") return { look: "tint", tone: day.missing, mark: "dots" };
  return { look: "outline", tone: "ink" };
}

interface Props {
  name: string;
  /** Who makes it: its runs say why a day has no partition. */
  dagId: string | null;
  zone: string;
  partitions: Partition[];
  hrefOf: (version: { id: number }) => string;
}

/** A year of days: which partitions are there, which were written again, and where a run left none. */
export function PartitionYear({ name, dagId, zone, partitions, hrefOf }: Props) {
  const years = useMemo(() => yearsOf(partitions, zone), [partitions, zone]);
  const [asked, setYear] = useParam("year", String(years[0] ?? ""));
  const year = Number(asked);
  const runs = useQuery({
    ...read("/api/v2/ui/dags/{dag_id}/calendar", { path: { dag_id: dagId ?? "" }, query: { year } }), enabled: dagId !== null, staleTime: 10_000,
  }).data;
  const days = useMemo(() => partitionDays(partitions, runs?.days ?? [], zone), [partitions, runs, zone]);
  const hours = useMemo(() => new Map(runs?.dst.map((each) => [each.date, each.hours])), [runs]);
  const shown = [...days.keys()].filter((date) => date.startsWith(`${year}-`)).sort();
  const [first, last] = [shown[0] ?? `${year}-01-01`, shown.at(-1) ?? `${year}-12-31`];
  const cell = (date: string): CalendarCell | null => {
    const day = days.get(date);
    if (!day) return null;
    const newest = day.partitions[0]?.newest_version;
    return { ...lookOf(day), says: dayWords(day), notable: day.missing !== null || day.writes > day.partitions.length, ...(newest ? { href: hrefOf(newest) } : {}) };
  };
  const there = shown.filter((date) => days.get(date)!.missing === null).length;
  const failed = shown.filter((date) => days.get(date)!.missing === "failed").length;
  const again = shown.filter((date) => days.get(date)!.writes > days.get(date)!.partitions.length).length;
  return (
    <Card
      title={`${year}`}
      about={<span className="dim">{count(there)} {there === 1 ? "day" : "days"} with data{failed > 0 && `, ${count(failed)} whose run failed`}</span>}
      tools={years.length > 1 && <Segments label="Year" value={asked} options={years.slice(0, YEARS_SHOWN).map(String)} onChange={setYear} />}
      foot={
        <>
          <CalendarKey cell={{ look: "solid", tone: "success" }}>written</CalendarKey>
          <CalendarKey cell={{ look: "solid", tone: "success", mark: "retry" }}>written again{again > 0 && `, ${count(again)}`}</CalendarKey>
          <CalendarKey cell={{ look: "solid", tone: "failed", mark: "cross" }}>run failed</CalendarKey>
          <CalendarKey cell={{ look: "outline", tone: "ink" }}>run wrote nothing</CalendarKey>
        </>
      }
      className={css.year!}
    >
      <CardBody label={`Partitions of ${year}`} pad>
        <YearCalendar label={`Partitions of ${name} in ${year}`} from={`${first.slice(0, 7)}-01`} to={last} cell={cell} hours={hours} />
      </CardBody>
    </Card>
  );
}
