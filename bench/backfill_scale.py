#!/usr/bin/env python3
"""Ten years of hourly dates: preview, creation, memory, cost per run from first to last.

    python3 bench/backfill_scale.py [--runs 10000] [--json FILE]
    python3 bench/backfill_scale.py --runs 87672          # ten years of hours to their end

1. The dry run of 87,672 dates, alone and with a cascade, without and with runs there; promise: 1 s.
2. Creation at that size: time to the answer, the daemon's memory before and 500 runs later; then cancelled.
3. A complete backfill of `--runs` dates with a no-op task: memory, runs a second, and what a run costs in CPU
   time of the daemon and of the runner, at each tenth. Read the ratios: last tenth to first, memory at 100 %
   to that at 10 %. CPU time tells growth on a machine that does other things too; the pace doesn't.
"""

import argparse
import datetime
import json
import os
import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import harness  # noqa: E402

HOURLY = """
dag_id: hourly
schedule: "@hourly"
start_date: 2001-01-01
tasks:
  work: {command: ["true"], retries: 0}
"""
PRODUCER = """
dag_id: producer
schedule: "@hourly"
start_date: 2001-01-01
datasets:
  x: {path: "x/{{ ts }}.csv"}
tasks:
  work: {command: ["true"], outputs: [x], retries: 0}
"""
DOWNSTREAM = """
dag_id: downstream
schedule: {datasets: [x], partition: same}
tasks:
  work: {command: ["true"], inputs: [{dataset: x, window: 7d}], retries: 0}
"""
TEN_YEARS = {"dag_id": "hourly", "from_date": "2001-01-01T00:00:00Z", "to_date": "2011-01-01T23:00:00Z"}


def rss_mb(daemon):
    for line in pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


TICKS_A_MS = os.sysconf("SC_CLK_TCK") / 1000


def cpu_ms(pid):
    """Of the process itself, without its children."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_MS


def database_mb(daemon):
    return sum(file.stat().st_size for file in daemon.data.glob("millrace.db*")) / 2 ** 20


def counts(daemon, backfill):
    return daemon.get(f"/backfills/{backfill}").json["counts"]


def timed(work):
    began = time.monotonic()
    answer = work()
    return answer, round(time.monotonic() - began, 3)


def previews(daemon, **more):
    out = {}
    for name, body in (("alone", TEN_YEARS), ("cascade", dict(TEN_YEARS, dag_id="producer", cascade=True))):
        best = None
        for _ in range(3):
            answer, took = timed(lambda: daemon.post("/backfills/dry_run", dict(body, **more)))
            assert answer.status == 200, answer
            best = min(best or took, took)
        out[name] = {"dates": answer.json["totals"]["total"], "seconds": best}
    return out


def creation(daemon):
    before = rss_mb(daemon)
    answer, took = timed(lambda: daemon.post("/backfills", dict(TEN_YEARS, max_active_runs=16)))
    assert answer.status in (200, 201), answer
    backfill = answer.json["id"]
    daemon.wait_until(lambda: counts(daemon, backfill)["success"] >= 500, "500 runs", 600)
    after = rss_mb(daemon)
    matrix, matrix_s = timed(lambda: daemon.get(f"/backfills/{backfill}/dagRuns"))
    assert len(matrix.json["cells"]) == 87672
    daemon.request("PUT", f"/backfills/{backfill}/cancel?mode=terminate", {})
    daemon.wait_until(lambda: counts(daemon, backfill)["running"] == 0, "it is cancelled")
    return {"answer_s": took, "rss_before_mb": round(before, 1),
            "rss_after_500_runs_mb": round(after, 1), "matrix_s": matrix_s}


def complete(daemon, runs):
    to = (datetime.datetime(2013, 1, 1) + datetime.timedelta(hours=runs - 1)).isoformat() + "Z"
    answer = daemon.post("/backfills", {"dag_id": "hourly", "from_date": "2013-01-01T00:00:00Z",
                                        "to_date": to, "max_active_runs": 16})
    assert answer.status in (200, 201), answer
    backfill = answer.json["id"]
    tenths = []
    pids = {"daemon": daemon.process.pid, "runner": daemon.runner_pids()[0]}
    before = {name: cpu_ms(pid) for name, pid in pids.items()}
    began = last = time.monotonic()
    for tenth in range(1, 11):
        wanted = runs * tenth // 10
        daemon.wait_until(lambda: counts(daemon, backfill)["success"] >= wanted, f"{tenth}0 %", 1800)
        now = time.monotonic()
        used = {name: cpu_ms(pid) for name, pid in pids.items()}
        tenths.append({"percent": tenth * 10, "runs_per_s": round(runs / 10 / (now - last), 1),
                       **{f"{name}_cpu_ms_a_run": round((used[name] - before[name]) / (runs / 10), 3)
                          for name in pids},
                       "rss_mb": round(rss_mb(daemon), 1), "database_mb": round(database_mb(daemon))})
        last, before = now, used
    cost = [tenth["daemon_cpu_ms_a_run"] for tenth in tenths]
    return {"runs": runs, "seconds": round(last - began, 1), "tenths": tenths,
            "cpu_middle_to_first": round(cost[4] / cost[0], 2),
            "cpu_last_to_first": round(cost[-1] / cost[0], 2),
            "pace_last_to_first": round(tenths[-1]["runs_per_s"] / tenths[0]["runs_per_s"], 2),
            "rss_100_to_10": round(tenths[-1]["rss_mb"] / tenths[0]["rss_mb"], 2)}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--json")
    options = parser.parse_args()
    daemon = harness.Daemon(config="cpu: 8\npools: {cpu: 8}\n")
    daemon.start()
    try:
        daemon.submit(HOURLY)
        daemon.submit(PRODUCER)
        daemon.submit(DOWNSTREAM)
        daemon.request("PATCH", "/dags/downstream", {"is_paused": True})
        found = {"preview": previews(daemon), "creation": creation(daemon),
                 "complete": complete(daemon, options.runs),
                 "preview_afterwards": previews(daemon, reprocess_behavior="completed")}
    finally:
        daemon.close()
    print(json.dumps(found, indent=2))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
