#!/usr/bin/env python3
"""How the reads of screens and clients grow with history: p50 and p99 of each call over a real daemon, at
10^4, 10^5 and 10^6 task instances (and 100, 1,000, 10,000 DAGs), as ratios to the smallest.

    cmake --build build/release --target history millrace millrace-runner
    python3 bench/ui_calls.py [--sizes 10000,100000,1000000] [--dags 100,1000,10000] [--calls 100]

Half of the instances belong to one DAG of 1,000 tasks, half to 50 DAGs of 10. No figure is a time to quote:
compare within one run of this script.
"""

import argparse
import gzip
import http.client
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import harness  # noqa: E402

HISTORY = pathlib.Path(os.environ.get("MILLRACE_HISTORY", harness.BINARY.parent / "history"))


def fill(folder, *words):
    subprocess.run([HISTORY, folder, *words], check=True, stdout=subprocess.DEVNULL)


class Client:
    def __init__(self, daemon):
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=60)
        self.headers = {"Authorization": f"Bearer {daemon.token}"}

    def get(self, path, **headers):
        self.connection.request("GET", "/api/v2" + path, headers=dict(self.headers, **headers))
        answer = self.connection.getresponse()
        body = answer.read()
        # Beyond a bound a list is refused: that has to be as quick as an answer.
        if answer.status != 200 and not (answer.status == 422 and "order_by" in path):
            raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
        return body

    def time(self, path, calls, **headers):
        self.get(path, **headers)
        spent = []
        for _ in range(calls):
            start = time.perf_counter()
            self.get(path, **headers)
            spent.append((time.perf_counter() - start) * 1e3)
        spent.sort()
        return statistics.median(spent), spent[min(len(spent) - 1, int(len(spent) * 0.99))]


def calls_of(run_id, ended):
    run, done = (urllib.parse.quote(r, safe="") for r in (run_id, ended))
    octets = {"Accept": "application/octet-stream"}
    year = time.gmtime().tm_year
    small = "/dags/small_00000"
    return {
        "list dagRuns, all": ("/dags/~/dagRuns?limit=50", {}),
        "list dagRuns of a DAG": (f"{small}/dagRuns?limit=50", {}),
        "  newest first": (f"{small}/dagRuns?limit=50&order_by=-logical_date", {}),
        "  failed ones": (f"{small}/dagRuns?limit=50&state=failed", {}),
        "list taskInstances of a run": (f"{small}/dagRuns/{done}/taskInstances?limit=50", {}),
        "  of all": ("/dags/~/dagRuns/~/taskInstances?limit=50", {}),
        "  of a DAG": (f"{small}/dagRuns/~/taskInstances?limit=50", {}),
        "  failed ones of all": ("/dags/~/dagRuns/~/taskInstances?limit=50&state=failed", {}),
        "list dagRuns of DAGs by pattern": ("/dags/~/dagRuns?limit=50&dag_id_pattern=l_00007", {}),
        "  of a DAG by start": (f"{small}/dagRuns?limit=50&order_by=-start_date", {}),
        "  of all by start (runs), or 422": ("/dags/~/dagRuns?limit=50&order_by=-start_date", {}),
        "  by run id prefix": ("/dags/~/dagRuns?limit=50&run_id_prefix_pattern=manual__2", {}),
        "taskInstances by pattern": ("/dags/~/dagRuns/~/taskInstances?limit=50&dag_id_pattern=l_00007", {}),
        "  of all by start, or 422": ("/dags/~/dagRuns/~/taskInstances?limit=50&order_by=-start_date", {}),
        "list dags": ("/dags?limit=50", {}),
        "dagStats of a DAG": ("/dagStats?dag_ids=small_00000", {}),
        "explain": (f"{small}/dagRuns/{run}/taskInstances/t_00009/explain", {}),
        "ui/queue": ("/ui/queue?limit=50", {}),
        "ui/overview": ("/ui/overview?window=6h", {}),
        "ui/dags": ("/ui/dags?limit=50", {}),
        "ui grid 1,000 x 5": ("/ui/dags/big_00000/grid?runs=5", octets),
        "ui grid 10 x 10": ("/ui" + small + "/grid?runs=10", octets),
        "ui/graph": ("/ui" + small + "/graph", {}),
        "ui/calendar": (f"/ui{small}/calendar?year={year}", {}),
        "ui/durations, 10 runs": ("/ui" + small + "/durations?runs=10", {}),
        "ui run timeline": (f"/ui{small}/dagRuns/{done}/timeline", {}),
        "timeline": ("/timeline", {}),
        "workers": ("/workers", {}),
    }


def start(folder, config):
    daemon = harness.Daemon(config=config)
    shutil.rmtree(daemon.data, ignore_errors=True)
    daemon.data = folder
    return daemon.start()


def measure(instances, calls, note):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-bench-"))
    daemon = None
    try:
        fill(folder, "prefix=big", "tasks=1000", "width=100", f"runs={max(5, instances // 2000)}")
        fill(folder, "prefix=small", "dags=50", f"runs={instances // 1000}", "command=sleep 600",
             "shape=wide")
        daemon = start(folder, "pools: {cpu: 1}\n")
        run_id = daemon.trigger("small_00000")
        daemon.wait_until(lambda: "running" in daemon.task_states("small_00000", run_id).values(), "one runs")
        client = Client(daemon)
        ended = json.loads(client.get("/dags/small_00000/dagRuns?state=success&limit=1"))["dag_runs"][0]
        out = {name: client.time(path, calls, **headers)
               for name, (path, headers) in calls_of(run_id, ended["dag_run_id"]).items()}
        runs = min(500, max(5, instances // 2000))
        path = f"/ui/dags/big_00000/grid?runs={runs}"
        p50, p99 = client.time(path, max(5, calls // 10), Accept="application/octet-stream")
        raw = client.get(path, Accept="application/octet-stream")
        packed = client.get(path, **{"Accept": "application/octet-stream", "Accept-Encoding": "gzip"})
        assert gzip.decompress(packed)[:4] == raw[:4] == b"MRG1"
        cells = len(raw) - 8 - int.from_bytes(raw[4:8], "little")
        note(f"{instances} task instances: grid 1,000 x {runs}: p50 {p50:.0f} ms, p99 {p99:.0f} ms; cells "
             f"{cells / 1e3:.0f} KB, whole answer {len(raw) / 1e3:.0f} KB, with gzip "
             f"{len(packed) / 1e3:.1f} KB "
             f"(the cells alone: {len(gzip.compress(raw[-cells:])) / 1e3:.1f} KB); "
             f"store {(folder / 'millrace.db').stat().st_size / 1e6:.0f} MB")
        return out
    finally:
        if daemon:
            daemon.close()
        shutil.rmtree(folder, ignore_errors=True)


def measure_dags(dags, calls):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-bench-"))
    daemon = None
    try:
        fill(folder, f"dags={dags}", "runs=1", "tasks=5")
        daemon = start(folder, "pools: {cpu: 1}\n")
        client = Client(daemon)
        paths = {"list dags": "/dags?limit=50", "  at an offset": f"/dags?limit=50&offset={dags // 2}",
                 "  by tag": "/dags?limit=50&tags=history",
                 "  by pattern": f"/dags?dag_id_pattern={dags - 1:05}",
                 "  paused ones": "/dags?limit=50&paused=true", "dagTags": "/dagTags",
                 "dagWarnings": "/dagWarnings", "list dagRuns, all": "/dags/~/dagRuns?limit=50",
                 "  by pattern (runs)": f"/dags/~/dagRuns?limit=50&dag_id_pattern={dags - 1:05}",
                 "ui/dags": "/ui/dags?limit=50", "ui/dags?q=": f"/ui/dags?limit=50&q={dags - 1:05}",
                 "ui/dags, failed": "/ui/dags?limit=50&state=failed",
                 "ui/dags, next": "/ui/dags?limit=50&sort=next_run_at",
                 "ui/dags, running": "/ui/dags?limit=50&sort=running",
                 "ui/dags?tag=": "/ui/dags?limit=50&tag=history", "ui/overview": "/ui/overview",
                 "ui/queue": "/ui/queue"}
        return {name: client.time(path, calls) for name, path in paths.items()}
    finally:
        if daemon:
            daemon.close()
        shutil.rmtree(folder, ignore_errors=True)


def table(title, sizes, results):
    print(f"\n{title}: p50/p99 of the smallest in ms, then ratios p50/p99 to it")
    print(f"{'':32}" + "".join(f"{size:>18,}" for size in sizes))
    for name in results[0]:
        base = results[0][name]
        cells = [f"{base[0]:.2f}/{base[1]:.2f}"]
        cells += [f"{r[name][0] / base[0]:.2f}/{r[name][1] / base[1]:.2f}" for r in results[1:]]
        print(f"{name:32}" + "".join(f"{cell:>18}" for cell in cells))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--dags", default="100,1000,10000")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--json")
    options = parser.parse_args()
    notes = []
    sizes = [int(s) for s in options.sizes.split(",") if s]
    dags = [int(s) for s in options.dags.split(",") if s]
    results = [measure(size, options.calls, lambda text: (notes.append(text), print(text))) for size in sizes]
    of_dags = [measure_dags(n, options.calls) for n in dags]
    if results:
        table("task instances", sizes, results)
    if of_dags:
        table("DAGs", dags, of_dags)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(
            {"sizes": sizes, "results": results, "dags": dags, "of_dags": of_dags, "notes": notes}))


if __name__ == "__main__":
    main()
