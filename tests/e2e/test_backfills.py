"""Backfills over REST on a real daemon: dry run, create, overlap, reprocess, pause, cancel, retry."""

import unittest

import harness

DAG = """
dag_id: daily
schedule: "@daily"
start_date: 2001-01-01
end_date: 2001-12-31
tasks:
  work: {{script: '{script}', retries: 0, termination: {{grace: 1s}}}}
"""


class Backfills(harness.DaemonTest):
    def body(self, first, last, **more):
        return dict({"dag_id": "daily", "from_date": f"2001-{first}T00:00:00Z",
                     "to_date": f"2001-{last}T00:00:00Z", "max_active_runs": 4}, **more)

    def create(self, *dates, **more):
        answer = self.millrace.post("/backfills", self.body(*dates, **more))
        self.assertIn(answer.status, (200, 201), answer)
        return answer.json["id"]

    def end(self, backfill):
        return self.millrace.wait_until(
            lambda: (row := self.millrace.get(f"/backfills/{backfill}").json)["state"]
            in ("completed", "failed", "cancelled") and row, f"backfill {backfill} ends")

    def test_a_dry_run_says_what_would_happen_and_changes_nothing(self):
        self.millrace.submit(DAG.format(script="true"))
        self.millrace.finish("daily", self.millrace.trigger("daily", logical_date="2001-01-02T00:00:00Z"))
        answer = self.millrace.post("/backfills/dry_run", self.body("01-01", "01-03"))
        self.assertEqual(answer.status, 200, answer)
        actions = [(row["logical_date"][:10], row["action"]) for row in answer.json["backfills"]]
        self.assertEqual(actions, [("2001-01-01", "create"), ("2001-01-02", "skip"),
                                   ("2001-01-03", "create")])
        self.assertEqual(self.millrace.get("/backfills").json["total_entries"], 0)

    def test_every_date_runs_once_and_a_second_backfill_skips_them(self):
        self.millrace.submit(DAG.format(script="true"))
        self.assertEqual(self.end(self.create("01-01", "01-20"))["state"], "completed")
        rows = self.millrace.get("/dags/daily/dagRuns", limit=1000, run_type="backfill").json
        self.assertEqual(rows["total_entries"], 20)
        self.end(self.create("01-01", "01-20"))
        rows = self.millrace.get("/dags/daily/dagRuns", run_type="backfill").json
        self.assertEqual(rows["total_entries"], 20)
        again = self.end(self.create("01-01", "01-03", reprocess_behavior="completed"))
        self.assertEqual(again["state"], "completed")

    def test_an_overlap_is_refused_and_an_end_before_the_start_too(self):
        self.millrace.submit(DAG.format(script="sleep 1000"))
        first = self.create("01-01", "01-10")
        second = self.millrace.post("/backfills", self.body("01-10", "01-12"))
        self.assertEqual(second.status, 409, second)
        self.assertIn("2001-01-10", second.json["detail"])
        self.assertEqual(self.millrace.post("/backfills", self.body("03-02", "03-01")).status, 422)
        answer = self.millrace.request("PUT", f"/backfills/{first}/cancel?mode=terminate", {})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(self.end(first)["state"], "cancelled")

        def quiet():
            rows = self.millrace.get("/dags/daily/dagRuns", limit=1000).json["dag_runs"]
            return all(row["state"] in ("success", "failed") for row in rows if row["run_type"] == "backfill")
        self.millrace.wait_until(quiet, "nothing is left running or queued")

    def test_failed_dates_can_be_retried_after_a_restart(self):
        marker = self.millrace.root / "fixed"
        self.millrace.submit(DAG.format(script=f"test -e {marker}"))
        backfill = self.create("01-01", "01-03")
        self.assertEqual(self.end(backfill)["state"], "failed")
        marker.touch()
        self.millrace.kill()
        self.millrace.start()
        answer = self.millrace.post(f"/backfills/{backfill}/retryFailed")
        self.assertEqual(answer.status, 200, answer)
        self.millrace.wait_until(
            lambda: self.millrace.get(f"/backfills/{backfill}").json["state"] == "completed", "it completes")


if __name__ == "__main__":
    unittest.main(verbosity=2)
