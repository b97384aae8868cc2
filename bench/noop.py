#!/usr/bin/env python3
"""No-op tasks through Millrace, make, ninja and xargs: the same commands, in turn, in one run (P1 to P4).

    python3 bench/noop.py [--tasks 10000] [--repeat 5] [--jobs 8] [--shapes independent chain layers]
                          [--history FOLDER] [--json FILE]

Shapes: independent tasks; a chain of 1,000; layers (each task of a layer after all of the one before: a
join task between layers keeps the edges few). Every task is `bench/stamp`, which appends {id, start, end}:
from these stamps the script checks that each ran exactly once and after its parents, and takes the hop
(parent's end -> child's start). Millrace commits every state with synchronous=FULL and keeps a log a task;
its peers keep nothing. CPU is what all of a side's processes used, tasks included, the daemon's start not.
`--history`: a folder that `history` has filled; Millrace then runs on a copy of it too, as a peer of its own.
Times are medians; read the ratios, not the absolute figures.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import harness  # noqa: E402


def edges_of(shape, n):
    """Parents by task number."""
    if shape == "independent":
        return [[] for _ in range(n)]
    if shape == "chain":
        return [[] if i == 0 else [i - 1] for i in range(n)]
    width = int(n ** 0.5)
    parents = []
    for layer in range(n // width):
        start = len(parents)
        before = [start - 1] if layer else []
        parents += [list(before) for _ in range(width)]
        parents.append(list(range(start, start + width)))
    return parents


def dag_yaml(dag_id, parents, stamp, journal):
    out = [f"dag_id: {dag_id}", "max_active_tasks: 1000", "defaults: {retries: 0}", "tasks:"]
    for i, before in enumerate(parents):
        after = f"depends_on: [{', '.join(f't{p}' for p in before)}], " if before else ""
        out.append(f'  t{i}: {{{after}command: ["{stamp}", "{journal}", "{i}"]}}')
    return "\n".join(out) + "\n"


def ninja_file(parents, stamp, journal):
    out = ["rule s", f"  command = {stamp} {journal} $id"]
    for i, before in enumerate(parents):
        out += [f"build t{i}: s {' '.join(f't{p}' for p in before)}", f"  id = {i}"]
    return "\n".join(out) + "\n"


def makefile(parents, stamp, journal):
    names = " ".join(f"t{i}" for i in range(len(parents)))
    out = [f"all: {names}", f".PHONY: all {names}"]
    for i, before in enumerate(parents):
        out += [f"t{i}: {' '.join(f't{p}' for p in before)}", f"\t@{stamp} {journal} {i}"]
    return "\n".join(out) + "\n"


def cpu_of(pids):
    """CPU seconds of these processes and of the children they waited for."""
    ticks = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def timed(command, **more):
    """Wall and CPU seconds of a command and all that it started."""
    before, begin = os.times(), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **more)
    wall, after = time.monotonic() - begin, os.times()
    return wall, (after.children_user + after.children_system
                  - before.children_user - before.children_system)


def check(journal, parents):
    """Exactly once, in order; the hops in microseconds."""
    stamps = {}
    for line in journal.read_text().splitlines():
        number, start, end = (int(word) for word in line.split())
        assert number not in stamps, f"task {number} ran twice"
        stamps[number] = (start, end)
    assert len(stamps) == len(parents), f"{len(stamps)} of {len(parents)} tasks ran"
    hops = []
    for i, before in enumerate(parents):
        if not before:
            continue
        latest = max(stamps[p][1] for p in before)
        assert stamps[i][0] >= latest, f"task {i} started before its parents ended"
        hops.append((stamps[i][0] - latest) / 1e3)
    return hops


class Bench:
    def __init__(self, jobs, history):
        self.jobs, self.history = jobs, history
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-bench-"))
        # ext4 doesn't give out an inode again for minutes after its file was deleted, but looks at it each
        # time: new files where thousands were just deleted, as by the round before, cost a millisecond each
        # instead of 0.04. So each round gets an area of the disk of its own, and nothing is deleted before
        # the end.
        subprocess.run(["chattr", "+T", self.folder], check=False, stderr=subprocess.DEVNULL)
        tempfile.tempdir = str(self.folder)
        os.environ["MILLRACE_TEST_KEEP"] = "1"
        self.stamp = self.folder / "stamp"
        subprocess.run(["cc", "-O2", "-static", "-o", self.stamp, ROOT / "bench" / "stamp.c"], check=True)
        self.count = 0

    def journal(self):
        self.count += 1
        return self.folder / f"journal-{self.count}"

    def millrace(self, shape, parents, history=None):
        journal = self.journal()
        daemon = harness.Daemon(config=f"cpu: 64\npools: {{cpu: {self.jobs}}}\n")
        try:
            if history:
                shutil.copytree(history, daemon.data)
            daemon.start()
            dag_id = daemon.submit(dag_yaml(shape, parents, self.stamp, journal))["dag_id"]
            pids = [daemon.process.pid, *daemon.runner_pids()]
            cpu, begin = cpu_of(pids), time.monotonic()
            run_id = daemon.trigger(dag_id)
            row = daemon.finish(dag_id, run_id)
            assert row["state"] == "success", row
            cpu = cpu_of(pids) - cpu
        finally:
            daemon.close()
        hops = check(journal, parents)
        # To the last task's own stamp: asking over HTTP comes in steps of up to 0.2 s.
        last = max(int(line.split()[2]) for line in journal.read_text().splitlines())
        return last / 1e9 - begin, cpu, hops

    def with_history(self, shape, parents):
        return self.millrace(shape, parents, self.history)

    def make(self, shape, parents):
        journal = self.journal()
        file = self.folder / f"Makefile-{self.count}"
        file.write_text(makefile(parents, self.stamp, journal))
        return *timed(["make", f"-j{self.jobs}", "-s", "-f", file]), check(journal, parents)

    def ninja(self, shape, parents):
        journal = self.journal()
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "build.ninja").write_text(ninja_file(parents, self.stamp, journal))
        return *timed(["ninja", "-C", folder, f"-j{self.jobs}", "--quiet"]), check(journal, parents)

    def xargs(self, shape, parents):
        journal = self.journal()
        words = "".join(f"{i}\n" for i in range(len(parents)))
        wall, cpu = timed(["xargs", f"-P{self.jobs}", "-n1", self.stamp, journal], input=words.encode())
        return wall, cpu, check(journal, parents)


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else None


def measure(bench, shape, n, repeat):
    parents = edges_of(shape, n)
    peers = ["millrace", "make", "ninja"]
    if shape == "independent":
        peers += ["xargs"] + (["with_history"] if bench.history else [])
    walls, cpus, hops = ({peer: [] for peer in peers} for _ in range(3))
    for _ in range(repeat):
        for peer in peers:
            wall, cpu, seen = getattr(bench, peer)(shape, parents)
            walls[peer].append(wall)
            cpus[peer].append(cpu)
            hops[peer] += seen
    result = {"shape": shape, "tasks": len(parents), "repeat": repeat, "peers": {}}
    for peer in peers:
        ratios = [theirs / ours for ours, theirs in zip(walls["millrace"], walls[peer])]
        result["peers"][peer] = {
            "tasks_per_s": round(len(parents) / statistics.median(walls[peer])),
            "cpu_ms_a_task": round(1e3 * statistics.median(cpus[peer]) / len(parents), 3),
            "hop_p50_us": percentile(hops[peer], 0.5), "hop_p99_us": percentile(hops[peer], 0.99),
            "millrace_is_faster_by": round(statistics.median(ratios), 2)}
    return result


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tasks", type=int, default=10_000)
    options.add_argument("--repeat", type=int, default=5)
    options.add_argument("--jobs", type=int, default=8)
    options.add_argument("--shapes", nargs="+", default=["independent", "chain", "layers"])
    options.add_argument("--history", type=pathlib.Path)
    options.add_argument("--json", type=pathlib.Path)
    options = options.parse_args()
    bench = Bench(options.jobs, options.history)
    try:
        results = [measure(bench, shape, min(options.tasks, 1000) if shape == "chain" else options.tasks,
                           options.repeat) for shape in options.shapes]
    finally:
        shutil.rmtree(bench.folder, ignore_errors=True)
    print(f"{'shape':12} {'tasks':>6} {'peer':12} {'tasks/s':>8} {'cpu a task':>10} {'hop p50':>9} "
          f"{'hop p99':>9}  millrace is faster by")
    for result in results:
        for peer, row in result["peers"].items():
            hops = [row["hop_p50_us"], row["hop_p99_us"]]
            shown = [f"{hop / 1e3:.2f} ms" if hop is not None else "-" for hop in hops]
            print(f"{result['shape']:12} {result['tasks']:6} {peer:12} {row['tasks_per_s']:8} "
                  f"{row['cpu_ms_a_task']:7.3f} ms {shown[0]:>9} {shown[1]:>9}  "
                  f"{row['millrace_is_faster_by']:.2f}x")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
