"""Backfills that carry on downstream, on a real daemon that is killed again and again."""

import random
import unittest

import harness

RAW = """
dag_id: raw
schedule: "@daily"
start_date: 2001-01-01
end_date: 2001-12-31
datasets:
  x: {path: "x/{{ ds }}.csv"}
tasks:
  load:
    outputs: [x]
    retries: 0
    idempotent: true
    script: |
      SCRIPT
      mkdir -p "$(dirname "{{ outputs.x }}")"
      echo a > "{{ outputs.x }}"
"""
FEATURES = """
dag_id: features
schedule: {datasets: [x], partition: same}
datasets:
  y: {path: "y/{{ ds }}.csv"}
tasks:
  build:
    inputs: [{dataset: x, window: 3d}]
    outputs: [y]
    retries: 0
    idempotent: true
    script: |
      SCRIPT
      mkdir -p "$(dirname "{{ outputs.y }}")"
      echo a > "{{ outputs.y }}"
"""
MODEL = """
dag_id: model
schedule: {datasets: [y], partition: same}
tasks:
  train:
    inputs: [y]
    retries: 0
    idempotent: true
    script: |
      SCRIPT
"""


def stamp(root, name):
    return f'echo "{{{{ ds }}}}" >> {root}/{name}'


class Cascades(harness.DaemonTest):
    def submit(self, **scripts):
        for dag_id, text in (("raw", RAW), ("features", FEATURES), ("model", MODEL)):
            script = scripts.get(dag_id, stamp(self.millrace.root, dag_id))
            self.millrace.submit(text.replace("SCRIPT", script))

    def create(self, first, last, **more):
        answer = self.millrace.post("/backfills", dict(
            {"dag_id": "raw", "from_date": f"2001-{first}", "to_date": f"2001-{last}",
             "cascade": True, "max_active_runs": 4}, **more))
        self.assertIn(answer.status, (200, 201), answer)
        return answer.json["id"]

    def get(self, backfill):
        return self.millrace.get(f"/backfills/{backfill}").json

    def end(self, backfill):
        def over():
            row = self.get(backfill)
            states = [row["state"]] + [other["state"] for other in row["carries_on"]]
            return all(state in ("completed", "failed", "cancelled") for state in states) and row
        return self.millrace.wait_until(over, f"the cascade of backfill {backfill} ends")

    def dates(self, name):
        file = self.millrace.root / name
        return file.read_text().split() if file.exists() else []

    def test_a_preview_shows_the_cascade_and_each_date_runs_once_in_every_dag(self):
        self.submit()
        for dag_id in ("features", "model"):  # paused: a backfill works all the same
            answer = self.millrace.request("PATCH", f"/dags/{dag_id}", {"is_paused": True})
            self.assertEqual(answer.status, 200, answer)
        body = {"dag_id": "raw", "from_date": "2001-01-01", "to_date": "2001-01-06", "cascade": True}
        plan = self.millrace.post("/backfills/dry_run", body).json
        self.assertEqual([step["dag_id"] for step in plan["cascade"]], ["features", "model"])
        self.assertEqual(plan["cascade"][0]["reads"], [{"dag_id": "raw", "window_days": 3}])
        self.assertEqual(plan["cascade"][0]["totals"]["create"], 6)
        row = self.end(self.create("01-01", "01-06", revision=plan["revision"], max_active_runs=10))
        self.assertEqual(row["state"], "completed")
        days = [f"2001-01-0{n}" for n in range(1, 7)]
        for name in ("raw", "features", "model"):
            self.assertEqual(sorted(self.dates(name)), days, name)

    def test_a_window_runs_the_touched_dates_again(self):
        self.submit()
        self.end(self.create("01-01", "01-05"))
        row = self.end(self.create("01-02", "01-02", reprocess_behavior="completed"))
        self.assertEqual(row["state"], "completed")
        again = [day for day in self.dates("features") if self.dates("features").count(day) == 2]
        self.assertEqual(sorted(set(again)), ["2001-01-02", "2001-01-03", "2001-01-04"])
        again = [day for day in self.dates("model") if self.dates("model").count(day) == 2]
        self.assertEqual(sorted(set(again)), ["2001-01-02", "2001-01-03", "2001-01-04"])

    def test_cancel_reaches_downstream_and_retry_takes_all_up(self):
        marker = self.millrace.root / "go"
        self.submit(features=f"until test -e {marker}; do sleep 0.05; done")
        backfill = self.create("01-01", "01-04")
        self.millrace.wait_until(
            lambda: self.millrace.get("/dags/features/dagRuns").json["total_entries"] > 0, "a run downstream")
        answer = self.millrace.request("PUT", f"/backfills/{backfill}/cancel?mode=terminate", {})
        self.assertIn(answer.status, (200, 409), answer)
        row = self.end(backfill)
        self.assertTrue(all(other["state"] == "cancelled" for other in row["carries_on"]), row)
        marker.touch()
        self.assertEqual(self.millrace.post(f"/backfills/{backfill}/retryFailed").status, 200)
        row = self.end(backfill)
        self.assertEqual([other["state"] for other in row["carries_on"]], ["completed", "completed"])

    def test_killed_in_any_phase_each_date_is_decided_once(self):
        self.submit()
        dice = random.Random(7)
        backfill = self.create("01-01", "01-25", max_active_runs=3)
        for _ in range(8):
            wanted = len(self.dates("model")) + dice.randrange(1, 4)
            self.millrace.wait_until(
                lambda: len(self.dates("model")) >= wanted or self.get(backfill)["state"] == "completed",
                "some runs end")
            self.millrace.kill()
            self.millrace.start()
        row = self.end(backfill)
        self.assertEqual(row["state"], "completed", row)
        self.assertEqual([other["state"] for other in row["carries_on"]], ["completed", "completed"])
        for name in ("raw", "features", "model"):
            self.assertEqual(len(set(self.dates(name))), 25)
            runs = self.millrace.get(f"/dags/{name}/dagRuns", limit=100).json
            self.assertEqual(runs["total_entries"], 25, name)
            self.assertEqual({run["state"] for run in runs["dag_runs"]}, {"success"}, name)
        for other in [backfill] + [one["id"] for one in row["carries_on"]]:
            counts = self.get(other)["counts"]
            items = self.millrace.get(f"/backfills/{other}/items", limit=100).json["total_entries"]
            self.assertEqual(counts["success"] + counts["skipped"], counts["total"])
            self.assertEqual(items, counts["total"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
