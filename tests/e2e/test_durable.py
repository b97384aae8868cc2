"""Nothing is acknowledged before it is durable: kill -9 after each 2xx, start again, look for the effect."""

import unittest
import urllib.parse

import harness

DAG = """
dag_id: etl
schedule: {datasets: [raw]}
start_date: 2001-01-01
tasks:
  load: {command: ["true"]}
  train: {command: ["false"], depends_on: [load]}
"""
HELD = """
dag_id: held
schedule: "@daily"
start_date: 2001-01-01
end_date: 2001-01-31
tasks:
  wait: {sensor: {file: /nonexistent/for/ever, poke_interval: 1h}}
"""


class Durable(unittest.TestCase):
    """One data folder, one daemon after the other; each step is one mutation and its proof."""

    def setUp(self):
        self.millrace = harness.Daemon()
        self.addCleanup(self.millrace.close)
        self.millrace.start()
        self.kills = 0

    def send(self, method, path, body=None, want=(200, 201, 204)):
        """The request; the daemon is dead before its answer is looked at, and a new one lives."""
        answer = self.millrace.request(method, path, body)
        self.millrace.kill()
        self.kills += 1
        self.assertIn(answer.status, want, f"{method} {path}: {answer!r}")
        self.millrace.start()
        return answer.json if answer.body else None

    def get(self, path, **query):
        answer = self.millrace.get(path, **query)
        self.assertEqual(answer.status, 200, f"{path}: {answer!r}")
        return answer.json

    def gone(self, path):
        self.assertEqual(self.millrace.get(path).status, 404, path)

    def run_path(self, dag_id, run_id):
        return f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}"

    def test_dags_runs_and_task_instances(self):
        self.send("POST", "/dags", DAG)
        self.assertFalse(self.get("/dags/etl")["is_paused"])
        self.send("PATCH", "/dags/etl", {"is_paused": True})
        self.assertTrue(self.get("/dags/etl")["is_paused"])
        wish = {"logical_date": "2001-01-05T00:00:00Z"}
        run_id = self.send("POST", "/dags/etl/dagRuns", wish)["dag_run_id"]
        path = self.run_path("etl", run_id)
        self.assertEqual(self.millrace.finish("etl", run_id)["state"], "failed")
        self.send("PATCH", path, {"note": "looked at"})
        self.assertEqual(self.get(path)["note"], "looked at")
        self.send("PATCH", path + "/taskInstances/train", {"new_state": "success"})
        self.assertEqual(self.get(path + "/taskInstances/train")["state"], "success")
        self.send("PATCH", path, {"state": "success"})
        self.assertEqual(self.get(path)["state"], "success")
        self.send("POST", "/dags/etl/clearTaskInstances",
                  {"dag_run_id": run_id, "task_ids": ["train"], "only_failed": False, "dry_run": False})
        tries = lambda: self.get(path + "/taskInstances/train")["try_number"]  # noqa: E731
        self.millrace.wait_until(lambda: tries() == 2, "the cleared task runs again")
        self.millrace.finish("etl", run_id)
        self.send("POST", path + "/clear", {"dry_run": False, "only_failed": True})
        self.millrace.wait_until(lambda: tries() == 3, "the cleared run runs again")
        self.millrace.finish("etl", run_id)
        self.send("DELETE", path)
        self.gone(path)
        self.send("DELETE", "/dags/etl")
        self.gone("/dags/etl")
        self.assertEqual(self.kills, 10)

    def test_cancel(self):
        self.millrace.submit(HELD)
        run_id = self.send("POST", "/dags/held/dagRuns", {})["dag_run_id"]
        path = self.run_path("held", run_id)
        self.assertIn(self.get(path)["state"], ("queued", "running"))
        self.send("POST", path + "/cancel", {})
        run = self.millrace.finish("held", run_id)
        self.assertEqual((run["state"], run["reason"]), ("failed", "cancelled"))

    def test_backfills(self):
        self.millrace.submit(HELD)
        wish = {"dag_id": "held", "from_date": "2001-01-01T00:00:00Z", "to_date": "2001-01-09T00:00:00Z",
                "max_active_runs": 2}
        backfill = self.send("POST", "/backfills", wish)["id"]
        path = f"/backfills/{backfill}"
        self.assertEqual(self.get(path)["state"], "running")
        self.send("PUT", path + "/pause", {})
        self.assertTrue(self.get(path)["is_paused"])
        self.send("PUT", path + "/unpause", {})
        self.assertFalse(self.get(path)["is_paused"])
        self.send("PUT", path + "/cancel?mode=terminate", {})
        self.millrace.wait_until(lambda: self.get(path)["state"] == "cancelled", "the backfill is cancelled")
        self.send("POST", path + "/retryFailed", {})
        self.assertEqual(self.get(path)["state"], "running")

    def test_pools_variables_tokens_and_events_from_outside(self):
        self.send("POST", "/pools", {"name": "narrow", "slots": 1, "description": "one at a time"})
        self.assertEqual(self.get("/pools/narrow")["slots"], 1)
        self.send("PATCH", "/pools/narrow", {"slots": 3})
        self.assertEqual(self.get("/pools/narrow")["slots"], 3)
        self.send("DELETE", "/pools/narrow")
        self.gone("/pools/narrow")
        self.send("POST", "/variables", {"key": "region", "value": "eu"})
        self.assertEqual(self.get("/variables/region")["value"], "eu")
        self.send("PATCH", "/variables/region", {"key": "region", "value": "us"})
        self.assertEqual(self.get("/variables/region")["value"], "us")
        self.send("DELETE", "/variables/region")
        self.gone("/variables/region")
        token = self.send("POST", "/tokens", {"name": "ci", "role": "viewer"})
        as_ci = {"Authorization": f"Bearer {token['token']}"}
        self.assertEqual(self.millrace.request("GET", "/dags", headers=as_ci).status, 200)
        self.send("DELETE", f"/tokens/{token['id']}")
        self.assertEqual(self.millrace.request("GET", "/dags", headers=as_ci).status, 401)
        self.millrace.submit(DAG)
        asset = next(row for row in self.get("/assets")["assets"] if row["name"] == "raw")
        event = self.send("POST", "/assets/events",
                          {"asset_id": asset["id"], "partition": "2001-01-07T00:00:00Z", "extra": {"n": 1}})
        events = self.get("/assets/events", asset_id=asset["id"])["asset_events"]
        self.assertEqual([row["id"] for row in events], [event["id"]])
        runs = self.millrace.wait_until(lambda: self.get("/dags/etl/dagRuns")["dag_runs"], "the event's run")
        self.assertEqual([run["logical_date"] for run in runs], ["2001-01-07T00:00:00Z"])


if __name__ == "__main__":
    unittest.main()
