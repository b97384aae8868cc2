#!/usr/bin/env python3
"""Is a large log as quick as a small one? bench/logs.py [--gib 2]

Writes a log of that size (real lines, 100 bytes each) in place of a finished task's, and measures, against a
log of 1 MB: the last 64 KB by range (what opening at the end costs), the line index (first time and again), a
search for something near the end, and one line by its number.
"""

import argparse
import os
import pathlib
import statistics
import sys
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402


def timed(call, times=30):
    spans = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spans.append(time.perf_counter() - start)
    return statistics.median(spans) * 1000


def write_log(path, size):
    block = b"".join(b"2026-11-27 00:00:00 INFO  line %07d %s\n" % (n, b"x" * 58) for n in range(10_000))
    with path.open("wb") as file:
        while file.tell() + len(block) < size:
            file.write(block)
        file.write(b"2026-11-27 00:00:00 ERROR the needle\n")
        file.flush()
        os.fsync(file.fileno())  # what the disk still has to do must not slow what is measured
    return path.stat().st_size


def until_complete(daemon, path, done):
    calls, start, slowest = 0, time.perf_counter(), 0
    while True:
        before = time.perf_counter()
        answer = daemon.get(path).json
        slowest = max(slowest, time.perf_counter() - before)
        calls += 1
        if done(answer):
            return answer, calls, (time.perf_counter() - start) * 1000, slowest * 1000
        if answer.get("next"):
            path = path.split("&from=")[0] + "&from=" + answer["next"]


def compare_ends(daemon, paths):
    """In turn, so that what else happens on the machine concerns both."""
    spans = {task: [] for task in paths}
    tail = {"Range": "bytes=-65536"}
    for _ in range(100):
        for task, path in paths.items():
            start = time.perf_counter()
            answer = daemon.request("GET", path, headers=tail)
            spans[task].append((time.perf_counter() - start) * 1000)
            assert answer.status == 206 and answer.body.endswith(b"the needle\n")
    for task, all_of_task in spans.items():
        median = statistics.median(all_of_task)
        print(f"{task}: last 64 KB: p50 {median:.2f} ms, max {max(all_of_task):.2f} ms")
    return statistics.median(spans["large"]) / statistics.median(spans["small"])


def measure_lines(daemon, task, path):
    index, calls, took, slow = until_complete(daemon, path + "/index", lambda a: a["complete"])
    packed = daemon.request("GET", path + "/index", headers={"Accept": "application/octet-stream"})
    again = timed(lambda: daemon.request("GET", path + "/index?from=999999999"))
    print(f"{task}: index: {index['lines']} lines, every {index['every']}, "
          f"{len(packed.body) / 1024:.0f} KiB packed; first {took:.0f} ms in {calls} calls "
          f"(slowest {slow:.0f} ms), again {again:.2f} ms")
    found, calls, took, slow = until_complete(daemon, path + "/search?q=the%20needle",
                                              lambda a: a["matches"] or a["complete"])
    assert found["matches"][0]["text"].endswith("the needle")
    near = {"q": "line", "limit": 1, "from": index["lines"] - 9}
    by_line = timed(lambda: daemon.get(path + "/search", **near))
    print(f"{task}: search to the end: {took:.0f} ms in {calls} calls (slowest {slow:.0f} ms); "
          f"a line near the end by its number: {by_line:.2f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=2)
    options = parser.parse_args()
    daemon = harness.Daemon()
    try:
        daemon.start()
        daemon.submit("dag_id: logs\ntasks: {small: {command: [echo, a]}, large: {command: [echo, a]}}\n")
        run_id = daemon.trigger("logs")
        daemon.finish("logs", run_id)
        run = urllib.parse.quote(run_id, safe="")
        paths = {}
        for task, size in (("small", 1 << 20), ("large", int(options.gib * (1 << 30)))):
            file = next((daemon.data / "logs").glob(f"logs/*/{task}.-1.1.log"))
            print(f"{task}: {write_log(file, size) / 1e6:.0f} MB")
            paths[task] = f"/dags/logs/dagRuns/{run}/taskInstances/{task}/logs/1"
        ratio = compare_ends(daemon, paths)
        for task, path in paths.items():
            measure_lines(daemon, task, path)
        print(f"opening at the end, large / small: x{ratio:.2f}")
    finally:
        daemon.close()


if __name__ == "__main__":
    main()
