#!/usr/bin/env python3
"""Instructions that the loop spends on a task that does nothing, counted by callgrind: in the scheduler's
apply() and in the store's write(). They say what a change costs where a time on a shared machine doesn't.

    cmake --build build/release --target instructions_bench
    python3 bench/instructions.py            fails when one is over bench/instructions.json by more than 3 %
    python3 bench/instructions.py --update   writes the counts of now, which belong into the change's message
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = pathlib.Path(os.environ.get("MILLRACE_INSTRUCTIONS", ROOT / "build/release/instructions_bench"))
KEPT = ROOT / "bench/instructions.json"
TASKS = (100, 300)
# A change of the compiler or of SQLite within Debian 12 moves them by less.
TOLERANCE = 0.03
PARTS = {"apply": "millrace::Scheduler::apply(*", "write": "millrace::SqliteStore::write(*"}


def count(part, tasks):
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--collect-atstart=no", f"--toggle-collect={PARTS[part]}",
             "--callgrind-out-file=/dev/null", PROGRAM, folder, str(tasks)],
            capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found or found[1] == "0":
        sys.exit(f"callgrind of {PROGRAM}: {done.returncode}\n{done.stderr[-2000:]}")
    return int(found[1])


def measure(part):
    """Of one task more: what a start takes is in both."""
    few, many = (count(part, tasks) for tasks in TASKS)
    return round((many - few) / (TASKS[1] - TASKS[0]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    now = {part: measure(part) for part in PARTS}
    worse = []
    print(f"{'instructions a task':22}{'kept':>10}{'now':>10}")
    for part, spent in now.items():
        before = kept.get(part, spent)
        print(f"{part:22}{before:>10,}{spent:>10,}  {spent / before - 1:+.1%}")
        if spent > before * (1 + TOLERANCE):
            worse.append(part)
    if options.update:
        KEPT.write_text(json.dumps(now, indent=2) + "\n")
    elif worse:
        sys.exit(f"{' and '.join(worse)}: more than {TOLERANCE:.0%} over {KEPT.name}. If what it buys is "
                 "worth it, write the new counts with --update and say so in the change.")


if __name__ == "__main__":
    main()
