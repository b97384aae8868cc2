"""The flights example twice: in peace, and with kill -9 of the daemon at random moments: the same bytes."""

import collections
import hashlib
import os
import random
import unittest

import harness

KILLS = int(os.environ.get("MILLRACE_KILLS", "20"))
SEED = int(os.environ.get("MILLRACE_SEED", "1"))
DAYS = 31
WEEKS = 4


def backfill(millrace):
    millrace.wait_until(lambda: millrace.get("/dags").json["total_entries"] == 3, "the three DAGs are there")
    for dag_id, last in (("flights_ingest", "2001-01-31"), ("flights_train", "2001-01-22")):
        answer = millrace.post("/backfills", {"dag_id": dag_id, "from_date": "2001-01-01T00:00:00Z",
                                              "to_date": f"{last}T00:00:00Z", "max_active_runs": 8})
        if answer.status not in (200, 201):
            raise AssertionError(f"backfill of {dag_id}: {answer!r}")


def finished(millrace):
    rows = millrace.get("/dags/~/dagRuns", limit=1000).json["dag_runs"]
    return [row for row in rows if row["state"] in ("success", "failed")]


def partitions(millrace):
    """Content of every Parquet partition, by path below the data root."""
    root = millrace.data / "datasets"
    return {str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(root.rglob("*.parquet"))}


class FlightsKill(unittest.TestCase):
    def daemon(self):
        millrace = harness.Daemon(dags=harness.SOURCE / "examples/flights/dags", config="pools: {cpu: 2}\n")
        self.addCleanup(millrace.close)
        return millrace.start()

    def end(self, millrace):
        rows = millrace.wait_until(lambda: len(done := finished(millrace)) == 2 * DAYS + WEEKS and done,
                                   "every run is final", guard_s=600)
        self.assertEqual(collections.Counter((r["dag_id"], r["state"]) for r in rows),
                         {("flights_ingest", "success"): DAYS, ("flights_features", "success"): DAYS,
                          ("flights_train", "success"): WEEKS})
        return rows

    def test_20_kills_change_nothing(self):
        choose = random.Random(SEED)
        calm = self.daemon()
        backfill(calm)
        self.end(calm)
        expected = partitions(calm)
        self.assertEqual(len(expected), 2 * DAYS)
        calm.stop()

        millrace = self.daemon()
        backfill(millrace)
        kills = 0
        while kills < KILLS:
            goal = min(len(finished(millrace)) + choose.randrange(0, 4), 2 * DAYS + WEEKS)
            millrace.wait_until(lambda: len(finished(millrace)) >= goal, "some more runs have ended")
            millrace.kill()
            kills += 1
            millrace.start()
        for row in self.end(millrace):
            for (task, index), instance in millrace.tasks(row["dag_id"], row["dag_run_id"]).items():
                if instance["state"] == "success":
                    self.assertLessEqual(instance["try_number"], 1, (row["dag_run_id"], task, index))
        self.assertEqual(partitions(millrace), expected)
        print(f"kills={kills} partitions={len(expected)} the same, no second try, seed={SEED}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
