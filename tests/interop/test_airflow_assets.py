"""Airflow's own client on our datasets: assets, their events, queues, what fed a run."""

import datetime
import pathlib
import sys
import unittest

import airflow_client.client as airflow
from airflow_client.client.rest import ApiException

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402

MAKE = """
dag_id: make
datasets: {raw: {path: "raw/{{ ds }}.csv"}}
tasks:
  write: {outputs: [raw], script: 'mkdir -p "$(dirname "$OUTPUT_RAW")"; echo 1 >"$OUTPUT_RAW"'}
"""
USE = """
dag_id: use
schedule: {datasets: [raw]}
tasks:
  read: {inputs: [raw], script: 'true'}
"""
BOTH = """
dag_id: both
schedule: {datasets: [raw, prices]}
tasks:
  read: {script: 'true'}
"""
EACH = """
dag_id: each
schedule: {datasets: [prices], policy: one_run_per_event}
tasks:
  read: {script: 'true'}
"""
UTC = datetime.timezone.utc
DAY = datetime.datetime(2001, 1, 5, tzinfo=UTC)


class Assets(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        for text in (MAKE, USE, BOTH, EACH):
            self.millrace.submit(text)
        configuration = airflow.Configuration(host=f"http://127.0.0.1:{self.millrace.port}",
                                              access_token=self.millrace.token)
        client = airflow.ApiClient(configuration)
        self.addCleanup(client.rest_client.pool_manager.clear)
        self.assets = airflow.AssetApi(client)
        self.runs = airflow.DagRunApi(client)

    def asset(self, name):
        found = [asset for asset in self.assets.get_assets(name_pattern=name).assets if asset.name == name]
        self.assertEqual(len(found), 1)
        return found[0]

    def ended(self, dag_id, run_id):
        self.millrace.wait_until(
            lambda: self.runs.get_dag_run(dag_id, run_id).state in ("success", "failed"), f"{dag_id} ends")
        return self.runs.get_dag_run(dag_id, run_id)

    def refused(self, status, call, *arguments, **more):
        with self.assertRaises(ApiException) as refusal:
            call(*arguments, **more)
        self.assertEqual(refusal.exception.status, status)

    def test_assets_know_who_makes_and_reads_them(self):
        every = self.assets.get_assets(order_by=["name"])
        self.assertEqual([asset.name for asset in every.assets], ["prices", "raw"])
        self.assertEqual(every.total_entries, 2)
        raw = self.asset("raw")
        self.assertEqual(self.assets.get_asset(raw.id), raw)
        self.assertEqual(raw.uri, "raw/{{ ds }}.csv")
        self.assertEqual([(task.dag_id, task.task_id) for task in raw.producing_tasks], [("make", "write")])
        self.assertEqual([(task.dag_id, task.task_id) for task in raw.consuming_tasks], [("use", "read")])
        self.assertEqual([dag.dag_id for dag in raw.scheduled_dags], ["both", "use"])
        self.assertIsNone(raw.last_asset_event)
        prices = self.asset("prices")  # a name that only schedules use
        self.assertEqual((prices.uri, prices.producing_tasks), ("prices", []))
        self.assertEqual([asset.name for asset in self.assets.get_assets(dag_ids=["make"]).assets], ["raw"])
        self.assertEqual([asset.name for asset in self.assets.get_assets(uri_pattern="RAW/").assets], ["raw"])
        page = self.assets.get_assets(limit=1, offset=1, order_by=["-name"])
        self.assertEqual([asset.name for asset in page.assets], ["prices"])
        aliases = self.assets.get_asset_aliases()
        self.assertEqual((aliases.asset_aliases, aliases.total_entries), ([], 0))
        self.refused(404, self.assets.get_asset_alias, 1)
        self.refused(404, self.assets.get_asset, 999)

    def test_materialize_runs_the_producer_and_its_event_feeds_the_readers(self):
        raw = self.asset("raw")
        made = self.assets.materialize_asset(raw.id, airflow.MaterializeAssetBody(logical_date=DAY))
        self.assertEqual((made.dag_id, made.logical_date), ("make", DAY))
        self.assertEqual(self.ended("make", made.dag_run_id).state, "success")
        fed = "dataset__2001-01-05T00:00:00+00:00"
        run = self.ended("use", fed)
        self.assertEqual((run.state, run.run_type, run.triggered_by), ("success", "asset_triggered", "asset"))
        self.assertEqual((run.partition_key, run.partition_date), ("2001-01-05", DAY))
        event, = self.assets.get_asset_events(asset_id=raw.id).asset_events
        self.assertEqual((event.source_dag_id, event.source_task_id), ("make", "write"))
        self.assertEqual((event.source_run_id, event.source_map_index), (made.dag_run_id, -1))
        self.assertEqual((event.name, event.partition_key, event.extra), ("raw", "2001-01-05", {}))
        created, = event.created_dagruns
        self.assertEqual((created.dag_id, created.run_id, created.logical_date), ("use", fed, DAY))
        self.assertEqual((created.state, created.triggering), ("success", True))
        upstream = self.runs.get_upstream_asset_events("use", fed)
        self.assertEqual([e.id for e in upstream.asset_events], [event.id])
        self.assertEqual(self.runs.get_upstream_asset_events("make", made.dag_run_id).total_entries, 0)
        self.assertEqual(self.asset("raw").last_asset_event.id, event.id)
        for fits in (dict(source_dag_id="make"), dict(source_run_id=made.dag_run_id),
                     dict(source_task_id="write"), dict(source_map_index=-1), dict(name_pattern="RA"),
                     dict(timestamp_gte=event.timestamp), dict(timestamp_lte=event.timestamp),
                     dict(name_prefix_pattern="ra")):
            self.assertEqual(self.assets.get_asset_events(**fits).total_entries, 1, fits)
        for misses in (dict(source_dag_id="use"), dict(source_run_id="x"), dict(source_task_id="x"),
                       dict(source_map_index=0), dict(asset_id=999), dict(timestamp_gt=event.timestamp),
                       dict(timestamp_lt=event.timestamp), dict(name_prefix_pattern="aw")):
            self.assertEqual(self.assets.get_asset_events(**misses).total_entries, 0, misses)
        self.refused(404, self.assets.materialize_asset, self.asset("prices").id)
        again = airflow.MaterializeAssetBody(logical_date=DAY)
        self.refused(409, self.assets.materialize_asset, raw.id, again)

    def test_events_from_outside_wait_in_queues_until_their_set_is_complete(self):
        raw, prices = self.asset("raw"), self.asset("prices")
        sent = self.assets.create_asset_event(airflow.CreateAssetEventsBody(
            asset_id=raw.id, partition_key="2001-01-06", extra={"rows": 12}))
        self.assertEqual((sent.asset_id, sent.partition_key), (raw.id, "2001-01-06"))
        self.assertEqual(sent.extra, {"rows": 12, "from_rest_api": True})
        self.assertIsNone(sent.source_dag_id)
        self.assertEqual([run.dag_id for run in sent.created_dagruns], ["use"])
        waits, = self.assets.get_dag_asset_queued_events("both").queued_events
        self.assertEqual((waits.asset_id, waits.dag_id), (raw.id, "both"))
        self.assertEqual(self.assets.get_dag_asset_queued_event("both", raw.id), waits)
        self.assertEqual(self.assets.get_asset_queued_events(raw.id).total_entries, 1)
        self.assertEqual(self.assets.get_asset_queued_events(prices.id).queued_events, [])
        self.refused(404, self.assets.get_dag_asset_queued_event, "both", prices.id)
        self.assets.create_asset_event(
            airflow.CreateAssetEventsBody(asset_id=prices.id, partition_key="2001-01-06"))
        self.assertEqual(self.assets.get_dag_asset_queued_events("both").total_entries, 0)
        run_id = "dataset__2001-01-06T00:00:00+00:00"
        fed_by = self.runs.get_upstream_asset_events("both", run_id).asset_events
        self.assertEqual([event.name for event in fed_by], ["raw", "prices"])
        links = [run for event in fed_by for run in event.created_dagruns if run.dag_id == "both"]
        self.assertEqual([run.triggering for run in links], [False, True])

    def test_dropped_events_are_on_record(self):
        raw = self.asset("raw")
        self.assets.create_asset_event(
            airflow.CreateAssetEventsBody(asset_id=raw.id, partition_key="2001-01-07"))
        self.refused(404, self.assets.delete_dag_asset_queued_events, "both", before="2001-01-01T00:00:00Z")
        self.assets.delete_dag_asset_queued_event("both", raw.id)
        self.assertEqual(self.assets.get_dag_asset_queued_events("both").total_entries, 0)
        self.refused(404, self.assets.delete_asset_queued_events, raw.id)
        seen = self.millrace.get("/assets/events", asset_id=raw.id).json["asset_events"][0]
        self.assertEqual([skip["dag_id"] for skip in seen["skipped_dags"]], ["both"])
        self.assertRegex(seen["skipped_dags"][0]["reason"], "^dropped by ")

    def test_each_event_has_a_run_of_its_own_when_asked(self):
        prices = self.asset("prices")
        for _ in range(3):
            self.assets.create_asset_event(
                airflow.CreateAssetEventsBody(asset_id=prices.id, partition_key="2001-01-08"))
        runs = self.runs.get_dag_runs("each").dag_runs
        self.assertEqual(len(runs), 3)
        self.assertEqual({run.logical_date.date().isoformat() for run in runs}, {"2001-01-08"})
        self.assertEqual(len({run.logical_date for run in runs}), 3)
        events = self.assets.get_asset_events(asset_id=prices.id).asset_events
        self.assertEqual(sorted(run.run_id for event in events for run in event.created_dagruns),
                         sorted(run.dag_run_id for run in runs))

    def test_bad_events_are_refused(self):
        raw = self.asset("raw")
        self.refused(404, self.assets.create_asset_event, airflow.CreateAssetEventsBody(asset_id=999))
        self.refused(422, self.assets.create_asset_event,
                     airflow.CreateAssetEventsBody(asset_id=raw.id, partition_key="blue"))
        self.refused(422, self.assets.get_assets, order_by=["nonsense"])


if __name__ == "__main__":
    unittest.main()
