#!/usr/bin/env python3
"""What readers of the event stream cost: bench/events.py [--tasks 2000] [--readers 1000] [--silent 200]
[--rounds 3] [--topics overview].

Each round runs a DAG of no-ops without readers and with them, in turn, on the same daemon; prints the ratio
of the times, the growth of the daemon's memory, and the time from an event to its readers. Needs the target
events_bench and no other load on the machine.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402


class Readers:
    def __init__(self, daemon, readers, silent, topics):
        self.process = subprocess.Popen(
            [str(harness.BINARY.parent / "events_bench"), str(daemon.port), daemon.token, str(readers),
             str(silent), f"/events?topics={topics}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("events_bench could not connect")

    def report(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        names = ("messages", "bytes", "p50_us", "p99_us", "ended")
        return dict(zip(names, map(int, self.process.stdout.readline().split())))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def streams(daemon):
    text = daemon.request("GET", "/metrics", base="").body.decode()
    return next(int(float(line.split()[1])) for line in text.splitlines()
                if line.startswith("millrace_streams "))


def memory_kib(daemon, name):
    for line in pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def run(daemon, dag_id):
    start = time.monotonic()
    row = daemon.finish(dag_id, daemon.trigger(dag_id))
    wall = time.monotonic() - start
    began, ended = (harness_time(row[name]) for name in ("start_date", "end_date"))
    assert row["state"] == "success", row
    return ended - began, wall


def harness_time(text):
    import datetime
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--readers", type=int, default=1000)
    parser.add_argument("--silent", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--topics", default="overview")
    options = parser.parse_args()
    daemon = harness.Daemon(config="cpu: 64\npools: {cpu: 64}\n")
    try:
        daemon.start()
        tasks = "\n".join(f"  t{n}: {{command: [/bin/true]}}" for n in range(options.tasks))
        dag_id = daemon.submit(f"dag_id: noops\nmax_active_tasks: 64\ntasks:\n{tasks}\n")["dag_id"]
        run(daemon, dag_id)
        ratios = []
        for _ in range(options.rounds):
            without, _ = run(daemon, dag_id)
            before = memory_kib(daemon, "VmRSS")
            # Places are limited: the silent ones take theirs from the readers'.
            readers = Readers(daemon, options.readers - options.silent, options.silent, options.topics)
            daemon.wait_until(lambda: streams(daemon) == options.readers, "all streams are open")
            opened = memory_kib(daemon, "VmRSS")
            readers.report()
            with_readers, _ = run(daemon, dag_id)
            seen = readers.report()
            after = memory_kib(daemon, "VmRSS")
            left = streams(daemon)
            readers.close()
            ratios.append(without / with_readers)
            print(f"without {without:.2f} s  with {with_readers:.2f} s  x{without / with_readers:.3f}  "
                  f"rss {before} KiB, +{opened - before} idle, +{after - before} after the run  "
                  f"to a reader p50 {seen['p50_us'] / 1000:.1f} ms p99 {seen['p99_us'] / 1000:.1f} ms  "
                  f"{seen['messages']} messages in an eighth, {seen['bytes'] / 1e6:.1f} MB in all, "
                  f"{seen['ended']} readers sent away, {left} streams left")
        print(f"throughput with readers, median of {options.rounds}: x{statistics.median(ratios):.3f}")
    finally:
        daemon.close()


if __name__ == "__main__":
    main()
