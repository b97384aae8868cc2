"""Backfills over REST on a real daemon: dry run, create, overlap, reprocess, pause, cancel, retry."""

import concurrent.futures
import datetime
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

    def test_backfills_and_their_dates_are_listed_by_state(self):
        self.millrace.submit(DAG.format(script='case "$DS" in 2001-01-02) exit 3;; esac'))
        bad = self.create("01-01", "01-03")
        self.assertEqual(self.end(bad)["state"], "failed")
        good = self.create("02-01", "02-02")
        self.assertEqual(self.end(good)["state"], "completed")
        for query, wanted in (({}, [bad, good]), ({"state": "failed"}, [bad]), ({"state": "queued"}, [])):
            rows = self.millrace.get("/backfills", **query).json
            self.assertEqual([row["id"] for row in rows["backfills"]], wanted, query)
            self.assertEqual(rows["total_entries"], len(wanted))
        rows = self.millrace.get(f"/backfills/{bad}/items", state="failed").json
        self.assertEqual(rows["total_entries"], 1)
        date = rows["items"][0]
        self.assertEqual((date["logical_date"][:10], date["state"]), ("2001-01-02", "failed"))
        self.assertLessEqual(date["start_date"], date["end_date"])
        for path in ("/backfills", f"/backfills/{bad}/items"):
            answer = self.millrace.get(path, state="asleep")
            self.assertEqual(answer.status, 422, answer)
            self.assertIn("asleep", answer.json["message"])

    def test_nothing_comes_between_the_look_at_a_revision_and_the_start(self):
        self.millrace.submit(DAG.format(script="true"))
        days = [datetime.date(2001, 1, 1) + datetime.timedelta(days=n) for n in range(40)]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for day in days:
                body = {"dag_id": "daily", "dates": [f"{day}T00:00:00Z"]}
                plan = self.millrace.post("/backfills/dry_run", body).json
                start = pool.submit(self.millrace.post, "/backfills", dict(body, revision=plan["revision"]))
                trigger = pool.submit(self.millrace.post, "/dags/daily/dagRuns",
                                      {"logical_date": f"{day}T00:00:00Z"})
                self.assertIn(start.result().status, (200, 201, 409), start.result())
                self.assertIn(trigger.result().status, (200, 201, 409), trigger.result())
        lines = []
        while page := self.millrace.get("/eventLogs", dag_id="daily", limit=1000,
                                        after=lines[-1]["event_log_id"] if lines else 0).json["event_logs"]:
            lines += page
        made = {}  # date -> the order in which its run and its backfill came
        for line in lines:
            by_hand = (line["run_id"] or "").startswith("manual__")
            if line["event"] == "run" and line["from"] is None and by_hand:
                made.setdefault(line["logical_date"][:10], []).append("run")
            if line["event"] == "backfill" and "created by" in line["cause"]:
                row = self.millrace.get(f"/backfills/{line['cause'].split(':')[0]}").json
                made.setdefault(row["dates"][0][:10], []).append("backfill")
        self.assertEqual(len(made), len(days))
        # What the dry run would create isn't there when the backfill is made: 409 otherwise.
        self.assertNotIn(["run", "backfill"], made.values())

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

    def test_a_dry_run_names_what_is_in_the_way_and_its_revision_guards_the_start(self):
        self.millrace.submit(DAG.format(script="true"))
        first = self.end(self.create("01-01", "01-03"))
        self.assertEqual(first["progress"]["done"], 3)
        body = self.body("01-01", "01-06")
        plan = self.millrace.post("/backfills/dry_run", body).json
        self.assertEqual({key: plan["totals"][key] for key in ("create", "skip", "total")},
                         {"create": 3, "skip": 3, "total": 6})
        self.assertEqual([(span["count"], span["action"]) for span in plan["spans"]],
                         [(3, "skip"), (3, "create")])
        self.assertGreater(plan["estimate"]["samples"], 0)
        self.assertIsNotNone(plan["estimate"]["ends_at"])
        self.assertEqual(plan["estimate"]["pool_series"][0]["pool"], "cpu")
        # Another one takes a date: the start is refused and says which.
        self.millrace.finish("daily", self.millrace.trigger("daily", logical_date="2001-01-05T00:00:00Z"))
        answer = self.millrace.post("/backfills", dict(body, revision=plan["revision"]))
        self.assertEqual(answer.status, 409, answer)
        self.assertIn("2001-01-05T00:00:00Z: was create, is skip", answer.body.decode())
        plan = self.millrace.post("/backfills/dry_run", body).json
        answer = self.millrace.post("/backfills", dict(body, revision=plan["revision"]))
        self.assertIn(answer.status, (200, 201), answer)
        other = self.millrace.post("/backfills", dict(self.body("01-01", "01-07"), revision=plan["revision"]))
        self.assertEqual(other.status, 409, other)

    def test_a_blocked_date_names_the_backfill(self):
        self.millrace.submit(DAG.format(script="sleep 1000"))
        first = self.create("01-03", "01-04", max_active_runs=1)
        plan = self.millrace.post("/backfills/dry_run", self.body("01-01", "01-05")).json
        blocked = [row for row in plan["backfills"] if row["action"] == "blocked"]
        self.assertEqual([row["logical_date"][:10] for row in blocked], ["2001-01-03", "2001-01-04"])
        self.assertEqual(blocked[0]["blocked_by"], {"kind": "backfill", "backfill_id": first})
        self.assertEqual(plan["totals"]["blocked"], 2)

    def test_the_matrix_and_the_causes_of_a_failure(self):
        self.millrace.submit(DAG.format(script='test "{{ ds_nodash }}" != 20010102 || exit 7'))
        backfill = self.create("01-01", "01-04", max_active_runs=1, run_backwards=True)
        self.assertEqual(self.end(backfill)["state"], "failed")
        matrix = self.millrace.get(f"/backfills/{backfill}/dagRuns").json
        self.assertEqual(matrix["cells"], "sfss")
        self.assertEqual(matrix["step_seconds"], 86400)
        self.assertEqual([(span["count"], span["state"]) for span in matrix["spans"]],
                         [(1, "success"), (1, "failed"), (2, "success")])
        groups = self.millrace.get(f"/backfills/{backfill}/failures").json["groups"]
        self.assertEqual([(g["task_id"], g["reason"], g["count"]) for g in groups], [("work", "exit:7", 1)])
        self.assertEqual(groups[0]["dates"], ["2001-01-02T00:00:00Z"])

    def test_a_cancelled_backfill_leaves_nothing_queued_and_a_retry_takes_up_all_of_it(self):
        marker = self.millrace.root / "go"
        self.millrace.submit(DAG.format(script=f"until test -e {marker}; do sleep 0.05; done"))
        backfill = self.create("01-01", "01-12", max_active_runs=2)
        self.millrace.wait_until(lambda: self.millrace.get("/dags/daily/dagRuns").json["total_entries"] == 2,
                                 "two runs")
        self.assertEqual(
            self.millrace.request("PUT", f"/backfills/{backfill}/cancel?mode=terminate", {}).status, 200)
        row = self.end(backfill)
        self.assertEqual((row["counts"]["queued"], row["counts"]["running"]), (0, 0))
        self.assertEqual(row["counts"]["cancelled"], 12)
        marker.touch()
        self.millrace.kill()
        self.millrace.start()
        self.assertEqual(self.millrace.post(f"/backfills/{backfill}/retryFailed").status, 200)
        self.millrace.wait_until(
            lambda: self.millrace.get(f"/backfills/{backfill}").json["state"] == "completed", "it completes")
        self.assertEqual(self.millrace.get("/dags/daily/dagRuns").json["total_entries"], 12)

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
