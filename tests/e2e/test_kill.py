"""kill -9 of the daemon at random moments of a backfill: nothing lost, nothing twice, the same result."""

import collections
import os
import random
import unittest

import harness

KILLS = int(os.environ.get("MILLRACE_KILLS", "20"))
SEED = int(os.environ.get("MILLRACE_SEED", "1"))

# Each task appends one line to a journal when it starts: the tasks themselves say what ran, not the daemon.
DAGS = ["""
dag_id: ingest
schedule: "@daily"
start_date: 2001-01-01
end_date: 2001-02-28
catchup: false
datasets: {{raw: {{path: "raw/{{{{ ds }}}}.csv"}}}}
tasks:
  check: {{command: [{stamp}, "{{{{ dag_id }}}} {{{{ ds }}}} {{{{ task_id }}}} {{{{ try_number }}}}"]}}
  partition:
    depends_on: [check]
    outputs: [raw]
    script: |
      {stamp} "$DAG_ID $DS $TASK_ID $TRY_NUMBER"
      sleep 0.0$((RANDOM % 10))
      echo "$DS" > "$OUTPUT_RAW.part" && mv "$OUTPUT_RAW.part" "$OUTPUT_RAW"
  flaky:
    depends_on: [partition]
    retries: {{limit: 1, delay: 1s}}
    script: |
      {stamp} "$DAG_ID $DS $TASK_ID $TRY_NUMBER"
      test $TRY_NUMBER = 2
""", """
dag_id: features
schedule: {{datasets: [raw], partition: same}}
tasks:
  build:
    inputs: [raw]
    script: |
      {stamp} "$DAG_ID $DS $TASK_ID $TRY_NUMBER"
      test "$(cat "$INPUT_RAW")" = "$DS"
"""]
DAYS = 31


class Kill(unittest.TestCase):
    def test_kill_9_at_random_moments_of_a_backfill(self):
        choose = random.Random(SEED)
        millrace = harness.Daemon()
        self.addCleanup(millrace.close)
        journal = millrace.root / "journal"
        stamp = millrace.root / "stamp"
        stamp.write_text(f'#!/bin/sh\necho "$1" >> {journal}\n')
        stamp.chmod(0o755)
        for number, text in enumerate(DAGS):
            (millrace.dags / f"{number}.yaml").write_text(text.format(stamp=stamp))
        millrace.start()
        millrace.wait_until(lambda: millrace.get("/dags").json["total_entries"] == 2, "both DAGs are there")
        answer = millrace.post("/backfills", {"dag_id": "ingest", "from_date": "2001-01-01T00:00:00Z",
                                              "to_date": "2001-01-31T00:00:00Z", "max_active_runs": 4})
        self.assertIn(answer.status, (200, 201), answer)
        backfill = answer.json["id"]

        kills = 0
        while kills < KILLS:
            lines = journal.read_text().count("\n") if journal.exists() else 0
            goal = lines + choose.randrange(0, 8)
            started = millrace.process
            try:
                millrace.wait_until(
                    lambda: (journal.exists() and journal.read_text().count("\n") >= goal)
                    or millrace.get(f"/backfills/{backfill}").json["state"] == "completed",
                    "some more tasks have started")
            except OSError:
                self.fail(f"the daemon {started.pid} died by itself:\n{millrace.log_tail()}")
            # Anywhere within the next milliseconds: between a start and its record, a commit and its deed.
            for _ in range(choose.randrange(0, 20_000)):
                pass
            millrace.kill()
            kills += 1
            millrace.start()

        done = millrace.wait_until(
            lambda: (row := millrace.get(f"/backfills/{backfill}").json)["state"] in ("completed", "failed")
            and row,
            "the backfill ends")
        self.assertEqual(done["state"], "completed", done)

        def all_final():
            rows = millrace.get("/dags/~/dagRuns", limit=1000).json["dag_runs"]
            return len(rows) == 2 * DAYS and all(r["state"] in ("success", "failed") for r in rows) and rows
        runs = millrace.wait_until(all_final, "every run of both DAGs is final")
        self.assertEqual(collections.Counter((r["dag_id"], r["state"]) for r in runs),
                         {("ingest", "success"): DAYS, ("features", "success"): DAYS})

        ran = collections.Counter(journal.read_text().splitlines())
        twice = {line: count for line, count in ran.items() if count > 1}
        self.assertEqual(twice, {}, "no attempt ran twice")
        expected = DAYS * (1 + 1 + 2 + 1)
        self.assertEqual(len(ran), expected, "every attempt ran")
        for row in runs:
            for (task, _), instance in millrace.tasks(row["dag_id"], row["dag_run_id"]).items():
                self.assertEqual(instance["state"], "success", (row["dag_run_id"], task))
                tries = 2 if task == "flaky" else 1
                self.assertEqual(instance["try_number"], tries, (row["dag_run_id"], task))
        print(f"kills={kills} attempts={len(ran)} lost=0 double=0 stuck=0 seed={SEED}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
