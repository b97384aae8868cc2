#!/usr/bin/env python3
"""Fair shares on a real daemon: ad-hoc runs beside 10,000 queued backfill runs, a backfill beside a flood.

    python3 bench/fairness.py [--dags 10] [--runs 1000] [--probes 20] [--turns 500] [--json FILE]

1. `--dags` backfills with `--runs` active runs each wait for 8 slots. `--probes` ad-hoc runs are triggered,
   one after the other; the figure is the time from the request to the start of the task. Promise: 2 s.
2. A backfill beside more scheduled runs than there is room for. The figure is the backfill's part of the last
   `--turns` starts. By weights 4 : 1 it is 0.20.
"""

import argparse
import datetime
import json
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import harness  # noqa: E402


def dag(dag_id, root, head, seconds=0.05):
    return (f"dag_id: {dag_id}\n{head}\ntasks:\n  work:\n    retries: 0\n"
            f"    script: 'echo {dag_id} >> {root}/starts; sleep {seconds}'\n")


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def ad_hoc(options):
    daemon = harness.Daemon(config="cpu: 8\npools: {cpu: 8}\n")
    daemon.start()
    try:
        for n in range(options.dags):
            daemon.submit(dag(f"old{n}", daemon.root, "schedule: '@hourly'\nstart_date: 2001-01-01"))
        daemon.submit(dag("adhoc", daemon.root, ""))
        until = (datetime.datetime(2001, 1, 1) + datetime.timedelta(hours=options.runs * 3)).isoformat() + "Z"
        began = time.monotonic()
        for n in range(options.dags):
            answer = daemon.post("/backfills", {"dag_id": f"old{n}", "from_date": "2001-01-01T00:00:00Z",
                                                "to_date": until, "max_active_runs": options.runs})
            assert answer.status in (200, 201), answer

        def active():
            rows = daemon.get("/backfills", limit=100).json["backfills"]
            return sum(row["counts"]["running"] for row in rows)
        daemon.wait_until(lambda: active() >= options.dags * options.runs * 0.99, "all runs are active", 600)
        made = time.monotonic() - began
        waits = []
        for _ in range(options.probes):
            asked = time.time()
            run = daemon.trigger("adhoc")
            daemon.finish("adhoc", run)
            waits.append(seconds_of(daemon.tasks("adhoc", run)[("work", -1)]["start_date"]) - asked)
        return {"backfill_runs_active": active(), "made_in_s": round(made, 1), "probes": len(waits),
                "start_p50_s": round(statistics.median(waits), 3), "start_max_s": round(max(waits), 3),
                "within_2_s": max(waits) < 2}
    finally:
        daemon.close()


def share(options):
    daemon = harness.Daemon(config="cpu: 8\npools: {cpu: 8}\n")
    daemon.start()
    try:
        daemon.submit(dag("old", daemon.root, "schedule: '@hourly'\nstart_date: 2001-01-01"))
        answer = daemon.post("/backfills", {"dag_id": "old", "from_date": "2001-01-01T00:00:00Z",
                                            "to_date": "2002-01-01T00:00:00Z", "max_active_runs": 50})
        assert answer.status in (200, 201), answer
        start = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=20 * options.turns)
        head = ("schedule: {every: 10m}\nmax_active_runs: 50\ncatchup: {policy: all, max_runs: 100000}\n"
                f"start_date: {start:%Y-%m-%dT%H:00:00Z}")
        daemon.submit(dag("flood", daemon.root, head))
        stamps = daemon.root / "starts"

        def lines():
            return stamps.read_text().split() if stamps.exists() else []
        daemon.wait_until(lambda: lines().count("flood") > 20, "the flood has begun", 120)
        first = len(lines())
        daemon.wait_until(lambda: len(lines()) >= first + options.turns, "enough turns", 600)
        counted = lines()[first:first + options.turns]
        return {"turns": len(counted), "scheduled": counted.count("flood"),
                "backfill": counted.count("old"),
                "backfill_part": round(counted.count("old") / len(counted), 3), "by_weights": 0.2}
    finally:
        daemon.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dags", type=int, default=10)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--probes", type=int, default=20)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--json")
    options = parser.parse_args()
    found = {"ad_hoc": ad_hoc(options), "share": share(options)}
    print(json.dumps(found, indent=2))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
