#!/usr/bin/env python3
"""Runs the fuzzers: `make fuzz` or `tests/fuzz/run.py --seconds 60 [target…]`. Finds stay in build/fuzz.

Each target starts from tests/fuzz/corpus/TARGET, the files in SEEDS, and what earlier runs found. An input
that breaks a claim is written to build/fuzz/findings; `build/fuzz/fuzz_TARGET FILE` replays it.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build/fuzz"
SEEDS = {  # beside corpus/TARGET: files that are in the repository for another reason
    "dag_file": ["tests/unit/dags/golden/*.yaml", "examples/**/*.yaml"],
    "configuration": ["examples/**/millrace.yaml"],
}


def targets():
    return sorted(path.stem for path in (SOURCE / "tests/fuzz").glob("*.cc") if path.stem != "replay_main")


def seeds_of(target):
    """A folder with links to the seeds; libFuzzer reads folders."""
    folder = BUILD / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    files = [one for pattern in SEEDS.get(target, []) for one in SOURCE.glob(pattern)]
    files += (SOURCE / "tests/fuzz/corpus" / target).glob("*")
    for number, one in enumerate(sorted(files)):
        (folder / f"{number}-{one.name}").symlink_to(one)
    return folder


def fuzz(target, seconds, seed):
    """(exit status, executions, new finds of coverage, what it printed)"""
    found, broken = BUILD / "corpus" / target, BUILD / "findings"
    found.mkdir(parents=True, exist_ok=True)
    broken.mkdir(exist_ok=True)
    command = [BUILD / f"fuzz_{target}", f"-max_total_time={seconds}", f"-seed={seed}",
               "-print_final_stats=1", "-timeout=20", "-rss_limit_mb=2048", "-max_len=65536",
               f"-artifact_prefix={broken}/{target}-", found, seeds_of(target)]
    words = SOURCE / "tests/fuzz/corpus" / f"{target}.dict"
    if words.exists():
        command.insert(1, f"-dict={words}")
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace",
                          env={**os.environ, "UBSAN_OPTIONS": "print_stacktrace=1"})
    text = done.stdout + done.stderr
    number = re.search(r"stat::number_of_executed_units: (\d+)", text)
    cover = re.findall(r" cov: (\d+)", text)
    return done.returncode, int(number[1]) if number else 0, int(cover[-1]) if cover else 0, text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", default=targets())
    parser.add_argument("--seconds", type=int, default=60, help="of each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    failed, executions = [], 0
    print(f"{'target':15} {'executions':>12} {'a second':>9} {'edges':>7}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = {pool.submit(fuzz, one, options.seconds, options.seed): one for one in options.targets}
        for run in concurrent.futures.as_completed(runs):
            target, (status, count, cover, text) = runs[run], run.result()
            executions += count
            print(f"{target:15} {count:12,} {count // max(options.seconds, 1):9,} {cover:7,}"
                  f"{'' if status == 0 else '  FAILED'}", flush=True)
            if status != 0 or count == 0:
                failed.append(target)
                print(text[-6000:], flush=True)
    print(f"{len(options.targets)} targets, {executions:,} executions, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
