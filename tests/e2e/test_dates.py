"""Dates without an offset are the DAG's: they name the runs that its schedule made."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import harness

# New York's clocks went from 02:00 to 03:00 on 2013-03-10; Berlin's back from 03:00 to 02:00 on 2013-10-27.
MAKER = """
dag_id: maker
timezone: America/New_York
schedule: "@daily"
start_date: 2013-03-08
end_date: 2013-03-12
catchup: true
datasets: {x: {path: "x/{{ ts_nodash }}.txt"}}
tasks:
  make: {outputs: [x], script: 'echo here > "$OUTPUT_X"', retries: 0}
"""
READER = """
dag_id: reader
schedule: {datasets: [x]}
tasks:
  read: {inputs: [x], script: 'cat "$INPUT_X"', retries: 0}
"""
NIGHTLY = """
dag_id: nightly
schedule: {cron: "30 2 * * *", timezone: Europe/Berlin}
start_date: 2013-10-25
end_date: 2013-10-28
catchup: true
tasks:
  look: {command: [echo, "{{ ts }}"], retries: 0}
"""
BY_HAND = """
dag_id: by_hand
timezone: America/New_York
tasks:
  look: {command: [echo, "at {{ ts }}"], retries: 0}
"""
DAYS = ["2013-03-08T05:00:00Z", "2013-03-09T05:00:00Z", "2013-03-10T05:00:00Z", "2013-03-11T04:00:00Z",
        "2013-03-12T04:00:00Z"]


class Dates(harness.DaemonTest):
    def cli(self, *words, code=0):
        done = subprocess.run([str(harness.BINARY), "--data", str(self.millrace.data), *words], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, timeout=harness.GUARD_S,
                              env=dict(os.environ, MILLRACE_URL=f"http://127.0.0.1:{self.millrace.port}"))
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def dates(self, dag_id):
        rows = self.millrace.get(f"/dags/{dag_id}/dagRuns", limit=1000, order_by="logical_date").json
        return [(run["logical_date"], run["state"]) for run in rows["dag_runs"]]

    def await_dates(self, dag_id, dates):
        self.millrace.wait_until(lambda: self.dates(dag_id) == [(date, "success") for date in dates],
                                 f"{dag_id} has run: {self.dates(dag_id)}")

    def test_a_backfill_by_date_alone_finds_what_the_schedule_made_and_downstream_too(self):
        self.millrace.submit(READER)
        self.millrace.submit(MAKER)
        self.await_dates("maker", DAYS)
        self.await_dates("reader", DAYS)
        for dag_id in ("maker", "reader"):
            plan = json.loads(self.cli("backfill", "create", dag_id, "--dates", "2013-03-09..2013-03-12",
                                       "--dry-run", "--json"))
            self.assertEqual([(one["logical_date"], one["action"]) for one in plan["backfills"]],
                             [(date, "skip") for date in DAYS[1:]])
            self.assertEqual(plan["timezone"], "America/New_York")
            shown = self.cli("backfill", "create", dag_id, "--dates", "2013-03-09..2013-03-12")
            self.assertIn("taken in America/New_York", shown)
            self.assertIn("nothing to do", shown)
            made = json.loads(self.cli("backfill", "create", dag_id, "--date", "2013-03-10", "2013-03-12",
                                       "--yes", "--wait", "--json"))
            self.assertEqual((made["counts"]["total"], made["counts"]["skipped"]), (2, 2))
            self.assertEqual(made["dates"], [DAYS[2], DAYS[4]])
            self.assertEqual(self.dates(dag_id), [(date, "success") for date in DAYS])
            run = json.loads(self.cli("runs", "show", dag_id, "2013-03-11", "--json"))
            self.assertEqual(run["logical_date"], DAYS[3])
        # The day's partition is renewed by the day's name: maker runs again, and reader after it.
        done = json.loads(self.cli("backfill", "create", "maker", "--dates", "2013-03-10..2013-03-10",
                                   "--reprocess", "completed", "--cascade", "--yes", "--wait", "--json"))
        self.assertEqual([(one["dag_id"], one["total"], one["failed"]) for one in done["carries_on"]],
                         [("reader", 1, 0)])
        self.assertEqual(self.dates("reader"), [(date, "success") for date in DAYS])
        taken = self.millrace.post("/dags/maker/dagRuns", {"logical_date": "2013-03-09"})
        self.assertEqual(taken.status, 409, taken)
        versions = json.loads(self.cli("datasets", "versions", "x", "--partition", "2013-03-10", "--json"))
        self.assertEqual([one["partition"] for one in versions["versions"]], [DAYS[2]] * 2)

    def test_a_backfill_of_days_that_were_never_run_makes_the_partitions_that_the_schedule_would(self):
        self.millrace.submit(MAKER.replace("catchup: true", "catchup: false"))
        self.millrace.request("PATCH", "/dags/maker", {"is_paused": True})
        self.cli("backfill", "create", "maker", "--dates", "2013-03-09..2013-03-11", "--yes", "--wait")
        wanted = [run for run in self.dates("maker") if run[0] in DAYS[1:4]]
        self.assertEqual(wanted, [(date, "success") for date in DAYS[1:4]])

    def test_a_day_as_an_end_is_the_whole_day(self):
        self.millrace.submit(NIGHTLY)  # at half past two; its own end_date is a day too
        dates = ["2013-10-25T00:30:00Z", "2013-10-26T00:30:00Z", "2013-10-27T00:30:00Z",
                 "2013-10-28T01:30:00Z"]
        self.await_dates("nightly", dates)
        plan = json.loads(self.cli("backfill", "create", "nightly", "--dates", "2013-10-26..2013-10-28",
                                   "--dry-run", "--json"))
        self.assertEqual([one["logical_date"] for one in plan["backfills"]], dates[1:])
        body = {"dag_id": "nightly", "from_date": "2013-10-26", "to_date": "2013-10-27T00:00"}
        plan = self.millrace.post("/backfills/dry_run", body)
        self.assertEqual([one["logical_date"] for one in plan.json["backfills"]], dates[1:2], plan)
        refused = self.millrace.post("/backfills/dry_run", dict(body, to_date="2013-10-29"))
        self.assertEqual(refused.status, 422, refused)
        self.assertIn("after the DAG's end_date 2013-10-28T23:59:59.999999Z", json.dumps(refused.json))

        def listed(**filters):
            rows = self.millrace.get("/dags/nightly/dagRuns", order_by="logical_date", **filters).json
            return [run["logical_date"] for run in rows["dag_runs"]]
        self.assertEqual(listed(logical_date_lte="2013-10-26"), dates[:2])
        self.assertEqual(listed(logical_date_lt="2013-10-26"), dates[:1])
        self.assertEqual(listed(logical_date_gte="2013-10-26"), dates[1:])
        self.assertEqual(listed(logical_date_gt="2013-10-26"), dates[2:])
        cleared = self.millrace.post("/dags/nightly/clearTaskInstances", {
            "dry_run": True, "only_failed": False, "start_date": "2013-10-27", "end_date": "2013-10-28"}).json
        self.assertEqual(cleared["total_entries"], 2, cleared)

    def test_a_time_shown_twice_is_the_tick_and_a_full_time_with_an_offset_is_itself(self):
        self.millrace.submit(NIGHTLY)
        dates = ["2013-10-25T00:30:00Z", "2013-10-26T00:30:00Z", "2013-10-27T00:30:00Z",
                 "2013-10-28T01:30:00Z"]
        self.millrace.wait_until(lambda: set(dates[:3]) <= {date for date, _ in self.dates("nightly")},
                                 "it has caught up")
        run = json.loads(self.cli("runs", "show", "nightly", "2013-10-27T02:30", "--json"))
        self.assertEqual(run["logical_date"], dates[2])
        body = {"dag_id": "nightly", "dates": ["2013-10-26T02:30", "2013-10-26T02:30:00+02:00"]}
        plan = self.millrace.post("/backfills/dry_run", body)
        self.assertEqual([one["logical_date"] for one in plan.json["backfills"]], [dates[1]], plan)
        # The day's first instant isn't a tick: refused, with the one that is.
        refused = self.cli("backfill", "create", "nightly", "--date", "2013-10-26", "--yes", code=1)
        self.assertIn("the next one is 2013-10-26T00:30:00Z", refused)

    def test_a_run_by_hand_and_one_without_a_daemon_are_of_the_dag_s_day(self):
        self.millrace.submit(BY_HAND)
        self.cli("run", "by_hand", "--date", "2013-05-01", "--wait")
        self.assertEqual(self.dates("by_hand"), [("2013-05-01T04:00:00Z", "success")])
        self.cli("backfill", "create", "by_hand", "--dates", "2013-03-09..2013-03-11", "--yes", "--wait")
        self.assertEqual([date for date, _ in self.dates("by_hand")], [*DAYS[1:4], "2013-05-01T04:00:00Z"])
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "by_hand.yaml"
            file.write_text(BY_HAND)
            self.assertIn("at 2013-01-05T05:00:00+00:00",
                          self.cli("run", "--local", str(file), "--date", "2013-01-05"))


if __name__ == "__main__":
    unittest.main()
