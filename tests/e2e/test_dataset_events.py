"""Dataset events on the real daemon: none is lost over kill -9, and every link leads to its run."""

import unittest

import harness

MAKE = """
dag_id: make
datasets: {raw: {path: "raw/{{ ds }}.csv"}}
tasks:
  write: {outputs: [raw], script: 'mkdir -p "$(dirname "$OUTPUT_RAW")"; echo 1 >"$OUTPUT_RAW"'}
"""
READERS = {
    "all": "{datasets: [raw, prices]}",
    "each": "{datasets: [prices], policy: one_run_per_event}",
    "week": '{any: [raw, prices], partition: {to: "0 0 * * mon"}}',
    "moment": "{datasets: [raw, prices], partition: none}",
}
READER = """
dag_id: %s
schedule: %s
max_active_runs: 2
tasks:
  read: {script: 'true', retries: {limit: 3, delay: 0s}, idempotent: true}
"""
# ingestion -> features -> training: a day of features a day, a model once its whole week is there.
FEATURES = """
dag_id: features
schedule: {datasets: [raw]}
datasets: {days: {path: "features/{{ ds }}.csv"}}
tasks:
  build:
    inputs: [raw]
    outputs: [days]
    script: 'mkdir -p "${OUTPUT_DAYS%/*}"; cat "$INPUT_RAW" >"$OUTPUT_DAYS"'
"""
TRAIN = """
dag_id: train
schedule: {datasets: [days], partition: {to: "0 0 * * mon", each: "@daily"}}
tasks:
  fit: {script: 'true'}
"""
DAYS = [f"2001-01-{day:02}" for day in range(1, 15)]


class DatasetEvents(harness.DaemonTest):
    def asset(self, name):
        found = self.millrace.get("/assets", name_pattern=name).json["assets"]
        return next(asset["id"] for asset in found if asset["name"] == name)

    def send(self, asset, partition):
        answer = self.millrace.post("/assets/events", {"asset_id": asset, "partition_key": partition})
        self.assertEqual(answer.status, 200, answer)
        return answer.json["id"]

    def events(self):
        return self.millrace.get("/assets/events", limit=1000).json["asset_events"]

    def runs(self, dag_id):
        return self.millrace.get(f"/dags/{dag_id}/dagRuns", limit=1000).json["dag_runs"]

    def quiet(self):
        return all(run["state"] in ("success", "failed") for dag_id in READERS for run in self.runs(dag_id))

    def restart(self):
        self.millrace.kill()
        self.millrace.start()

    def test_no_event_is_lost_over_kill_9(self):
        self.millrace.submit(MAKE)
        for dag_id, schedule in READERS.items():
            self.millrace.submit(READER % (dag_id, schedule))
        raw, prices = self.asset("raw"), self.asset("prices")
        sent = {}
        for i, day in enumerate(DAYS):
            sent[self.send(raw, day)] = "raw"
            if i % 4 == 1:
                self.restart()
            if i % 2 == 0:
                sent[self.send(prices, day)] = "prices"
                sent[self.send(prices, day)] = "prices"
            if i % 4 == 3:
                self.restart()
        self.assertEqual((self.asset("raw"), self.asset("prices")), (raw, prices))
        self.millrace.wait_until(self.quiet, "every run has ended")
        events = self.events()
        self.assertEqual({event["id"]: event["name"] for event in events}, sent)
        fed = {dag_id: {} for dag_id in READERS}
        for event in events:
            self.assertEqual(event["skipped_dags"], [])
            for run in event["created_dagruns"]:
                fed[run["dag_id"]].setdefault(event["id"], []).append(run["run_id"])
        waiting = {dag_id: {row["event_id"] for row in
                            self.millrace.get(f"/dags/{dag_id}/assets/queuedEvents").json["queued_events"]}
                   for dag_id in READERS}
        for event in events:
            day_is_complete = DAYS.index(event["partition_key"]) % 2 == 0
            self.assertEqual(event["id"] in fed["all"], day_is_complete)
            self.assertEqual(event["id"] in waiting["all"], not day_is_complete)
            self.assertEqual(len(fed["each"].get(event["id"], [])), 1 if event["name"] == "prices" else 0)
            self.assertEqual(len(fed["week"][event["id"]]), 1)
            self.assertTrue((event["id"] in fed["moment"]) != (event["id"] in waiting["moment"]))
        self.assertEqual(len(self.runs("all")), 7)
        self.assertEqual(len(self.runs("each")), 14)
        self.assertEqual(len(self.runs("week")), 2)
        for dag_id in ("all", "week"):
            newest = {}
            for event in events:
                for run in fed[dag_id].get(event["id"], []):
                    newest[run] = max(newest.get(run, ""), event["timestamp"].rstrip("Z"))
            for run in self.runs(dag_id):
                self.assertEqual(run["state"], "success", run)
                self.assertGreaterEqual(run["start_date"].rstrip("Z"), newest[run["dag_run_id"]])

    def upstream(self, dag_id, run_id):
        return self.millrace.get(f"/dags/{dag_id}/dagRuns/{run_id}/upstreamAssetEvents").json["asset_events"]

    def test_three_dags_follow_from_a_backfill(self):
        for text in (MAKE, FEATURES, TRAIN):
            self.millrace.submit(text)
        week = {"dag_id": "make", "from_date": DAYS[0], "to_date": DAYS[5]}
        answer = self.millrace.post("/backfills", week)
        self.assertEqual(answer.status, 200, answer)
        self.millrace.wait_until(lambda: len(self.upstream_days()) == 6, "six days of features")
        waits, = self.millrace.get("/dags/train/schedule/preview").json["waiting"]
        self.assertEqual(waits["execution_date"], "2001-01-01T00:00:00Z")
        self.assertEqual(waits["missing"], [{"dataset": "days", "partitions": [DAYS[6]]}])
        self.assertEqual(self.runs("train"), [])
        self.restart()
        self.millrace.post("/dags/make/dagRuns", {"logical_date": DAYS[6]})
        self.millrace.wait_until(
            lambda: [run["state"] for run in self.runs("train")] == ["success"], "a model")
        model, = self.runs("train")
        self.assertEqual(model["data_interval_end"], "2001-01-08T00:00:00Z")
        days = self.upstream("train", model["dag_run_id"])
        self.assertEqual(sorted(event["partition_key"] for event in days), DAYS[:7])
        for event in days:
            self.assertEqual(event["source_dag_id"], "features")
            raw, = self.upstream("features", event["source_run_id"])
            self.assertEqual((raw["source_dag_id"], raw["partition_key"]), ("make", event["partition_key"]))
            version = self.version_of(event["name"], event["version_id"])
            self.assertEqual(version["run_id"], event["source_run_id"])

    def version_of(self, dataset, version_id):
        versions = self.millrace.get(f"/datasets/{dataset}/versions", limit=1000).json["versions"]
        return next(version for version in versions if version["id"] == version_id)

    def upstream_days(self):
        return [event for event in self.events() if event["name"] == "days"]

    def test_a_task_feeds_a_paused_dag_over_kill_9(self):
        self.millrace.submit(MAKE)
        self.millrace.submit(READER % ("late", "{datasets: [raw]}"))
        self.millrace.request("PATCH", "/dags/late", {"is_paused": True})
        for day in DAYS[:3]:
            answer = self.millrace.post("/dags/make/dagRuns", {"logical_date": day})
            self.assertEqual(answer.status, 200, answer)
        self.millrace.wait_until(lambda: len(self.events()) == 3, "three partitions are made")
        self.restart()
        queued = self.millrace.get("/dags/late/assets/queuedEvents").json
        self.assertEqual(queued["total_entries"], 3)
        self.assertEqual(self.runs("late"), [])
        self.millrace.request("PATCH", "/dags/late", {"is_paused": False})
        self.restart()
        self.millrace.wait_until(
            lambda: [run["state"] for run in self.runs("late")] == ["success"] * 3, "each day has run")
        self.assertEqual(self.millrace.get("/dags/late/assets/queuedEvents").json["total_entries"], 0)
        for event in self.events():
            run, = event["created_dagruns"]
            self.assertEqual(run["logical_date"][:10], event["partition_key"])
            fed_by = self.millrace.get(f"/dags/late/dagRuns/{run['run_id']}/upstreamAssetEvents").json
            self.assertEqual([e["id"] for e in fed_by["asset_events"]], [event["id"]])


if __name__ == "__main__":
    unittest.main()
