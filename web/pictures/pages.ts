// The pages that have a picture: each of the design's, over the scene that record.spec.ts makes.

const RUN = "dataset__2001-01-10T00:00:00%2B00:00";
const FAILED = "manual__failed";

export interface Pictured {
  path: string;
  /** A phone's page. */
  phone?: true;
}

export const PAGES: Record<string, Pictured> = {
  overview: { path: "/" },
  dags: { path: "/dags" },
  grid: { path: "/dags/flights_ingest" },
  calendar: { path: "/dags/flights_ingest/calendar?year=2001" },
  dag_runs: { path: "/dags/flights_ingest/runs" },
  tasks: { path: "/dags/flights_features/tasks" },
  durations: { path: "/dags/flights_features/durations" },
  code: { path: "/dags/flights_ingest/code?v=2&diff=1" },
  run: { path: `/dags/flights_features/runs/${RUN}?task=build&tab=log` },
  failed_run: { path: `/dags/flights_ingest/runs/${FAILED}` },
  why: { path: "/dags/nightly_report/runs/manual__night?task=mail&tab=why" },
  runs: { path: "/runs" },
  backfills: { path: "/backfills" },
  new_backfill: { path: "/backfills/new?dag=flights_ingest&from=2001-01-01&to=2001-01-31" },
  backfill: { path: "/backfills/2" },
  datasets: { path: "/datasets" },
  dataset: { path: "/datasets/airport_delay_7d" },
  capacity: { path: "/capacity" },
  compare: { path: `/compare?a=flights_features/${RUN}&b=flights_features/${RUN.replace("-10T", "-11T")}` },
  event_log: { path: "/event-log" },
  settings: { path: "/settings" },
  submit: { path: "/submit" },
  not_found: { path: "/nowhere" },
  phone_overview: { path: "/", phone: true },
  phone_run: { path: `/dags/flights_ingest/runs/${FAILED}`, phone: true },
};

export const WIDE = { width: 1200, height: 660 };
export const PHONE = { width: 390, height: 844 };
