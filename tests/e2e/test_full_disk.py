"""A full disk: 507 with Retry-After, reads go on, running tasks go on, and it heals without a restart."""

import os
import subprocess
import unittest
import urllib.parse

import harness

DAG = "dag_id: etl\nmax_active_runs: 1000\ntasks: {t: {command: ['true']}}\n"
TWO = """dag_id: two
schedule: {cron: "@daily"}
start_date: 2001-01-01
end_date: 2001-01-31
tasks:
  a: {script: "sleep 600", priority: 2, pool: wide}
  b: {script: "true", pool: wide}
"""
LARGE = "n" * (200 << 10)


@unittest.skipUnless(os.geteuid() == 0, "a small file system has to be mounted")
class FullDisk(unittest.TestCase):
    def setUp(self):
        self.millrace = harness.Daemon()
        self.addCleanup(self.millrace.close)
        self.millrace.data.mkdir(mode=0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs",
                                  self.millrace.data], capture_output=True, text=True, check=False)
        if mounted.returncode:
            self.skipTest("no file system can be mounted here: " + mounted.stderr)
        self.addCleanup(subprocess.run, ["umount", "-l", self.millrace.data], check=False)
        self.millrace.start()
        self.millrace.submit(DAG)

    def one_task_waits(self):
        """A run whose second task waits for the slot that the first one holds."""
        self.assertEqual(self.millrace.post("/pools", {"name": "wide", "slots": 1}).status, 201)
        self.millrace.submit(TWO)
        run_id = self.millrace.trigger("two")
        self.millrace.wait_until(lambda: self.millrace.task_states("two", run_id)["a"] == "running", "a runs")
        return run_id

    def questions_are_answered(self, run_id):
        """What only the scheduler knows is said from memory: none of these waits for the disk."""
        get = self.millrace.get
        self.assertEqual(self.millrace.post("/pools", {"name": "p", "slots": 1}).status, 507)
        self.assertIn("wide", [pool["name"] for pool in get("/pools").json["pools"]])
        waits = get(f"/dags/two/dagRuns/{urllib.parse.quote(run_id, safe='')}/taskInstances/b/explain").json
        self.assertEqual([wait["kind"] for wait in waits["waiting_on"]], ["pool"])
        self.assertIn("b", [entry["ti"]["task_id"] for entry in get("/ui/queue").json["queue"]])
        self.assertEqual(get("/ui/overview").json["counters"]["dags"], 2)
        self.assertEqual(get("/ui/dags").json["total_entries"], 2)
        self.assertGreaterEqual(get("/workers").json["workers"][0]["attempts"], 1)
        metrics = self.millrace.request("GET", "/metrics", base="").body
        self.assertIn(b"millrace_store_writable 0", metrics)
        self.assertIn(b'millrace_dags{paused="false"} 2', metrics)
        dates = {"dag_id": "two", "from_date": "2001-01-01", "to_date": "2001-01-03"}
        self.assertEqual(self.millrace.post("/backfills/dry_run", dates).status, 200)

    def test_a_full_disk_refuses_with_507_and_heals(self):
        waiting = self.one_task_waits()
        ballast = self.millrace.data / "ballast"
        ballast.write_bytes(b"x" * (4 << 20))
        keyed = {"Idempotency-Key": "the-one"}
        answer = None
        for number in range(200):
            key = {"Idempotency-Key": f"k{number}"}
            answer = self.millrace.post("/dags/etl/dagRuns", {"note": LARGE}, headers=key)
            if answer.status != 200:
                break
        self.assertEqual(answer.status, 507, answer)
        self.assertEqual(answer.json["code"], "disk_full")
        self.assertIn("Retry-After", answer.headers)
        answer = self.millrace.post("/dags/etl/dagRuns", {}, headers=keyed)
        self.assertEqual(answer.status, 507, answer)
        self.assertEqual(self.millrace.post("/tokens", {"name": "x"}).status, 507)
        self.assertEqual(self.millrace.post("/dags", DAG + "# other\n").status, 507)
        self.assertEqual(self.millrace.get("/dags").status, 200)
        self.questions_are_answered(waiting)
        health = self.millrace.get("/monitor/health").json
        self.assertEqual(health["metadatabase"]["status"], "unhealthy")
        stored = self.millrace.get("/dags/etl/dagRuns").json["total_entries"]
        self.assertEqual(stored, number)
        ballast.unlink()
        self.millrace.wait_until(
            lambda: self.millrace.post("/dags/etl/dagRuns", {}, headers=keyed).status == 200, "there is room")
        # What waited when the disk filled up is stored now, once; its key gives its answer.
        head = {"Idempotency-Key": f"k{number}"}
        again = self.millrace.post("/dags/etl/dagRuns", {"note": LARGE}, headers=head)
        self.assertEqual(again.status, 200)
        self.assertEqual(self.millrace.get("/dags/etl/dagRuns").json["total_entries"], number + 2)
        self.assertTrue(self.millrace.get("/auditLogs/verify").json["valid"])
        self.millrace.kill()


if __name__ == "__main__":
    unittest.main()
