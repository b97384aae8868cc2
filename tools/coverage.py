#!/usr/bin/env python3
"""Branches of dags/ and scheduler/ that these rooms' own tests take: tools/coverage.py [BUILD].

Reads what clang's source-based coverage counts: each condition of the source has two branches, true and
false; edges that a compiler adds for exceptions aren't among them. What nobody wrote or can reach
doesn't count: the false side of an INVARIANT, what a switch over all values does with others, comparisons of
`= default`. Prints a line a file, then each missing branch; exit code 1 below LEAST percent.
"""

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("dags", "scheduler")
TESTS = ("dags_test", "scheduler_parts_test", "scheduler_test")
LEAST = 95.0


def measure(build: Path) -> dict:
    profiles = []
    for test in TESTS:
        profiles.append(build / f"{test}.profraw")
        few = dict(os.environ, LLVM_PROFILE_FILE=str(profiles[-1]), MILLRACE_ORACLE_CRONS="10000")
        subprocess.run([build / test], env=few, check=True, stdout=subprocess.DEVNULL)
    merged = build / "all.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-o", merged, *profiles], check=True)
    programs = [word for test in TESTS for word in ("-object", str(build / test))][1:]
    told = subprocess.run(["llvm-cov-19", "export", "-instr-profile", merged, *programs,
                           *(str(ROOT / room) for room in ROOMS)], check=True, capture_output=True)
    return json.loads(told.stdout)


def branches(told: dict) -> dict[str, dict[tuple, int]]:
    """Per file: (line, column, side) -> times taken, over all copies of inline functions and templates."""
    out: dict[str, dict[tuple, int]] = defaultdict(lambda: defaultdict(int))
    for file in told["data"][0]["files"]:
        name = os.path.relpath(file["filename"], ROOT)
        lines = (ROOT / name).read_text(encoding="utf-8").split("\n")
        for line, column, _, _, taken, not_taken, *_ in file["branches"]:
            if re.search(r"\bINVARIANT\(|= default;|\bswitch \(", lines[line - 1]):
                continue
            out[name][line, column, "true"] += taken
            out[name][line, column, "false"] += not_taken
    return out


def main() -> int:
    build = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/coverage")
    found = branches(measure(build))
    missing = []
    all_count = all_taken = 0
    for name, sides in sorted(found.items()):
        taken = sum(1 for times in sides.values() if times)
        all_count, all_taken = all_count + len(sides), all_taken + taken
        print(f"{100 * taken / len(sides):6.1f} %  {taken:4}/{len(sides):<4}  {name}")
        missing += [(name, *place) for place, times in sorted(sides.items()) if not times]
    rooms = " and ".join(ROOMS)
    print(f"{100 * all_taken / all_count:6.1f} %  {all_taken}/{all_count}  branches of {rooms}\n")
    for name, line, column, side in missing:
        text = (ROOT / name).read_text(encoding="utf-8").split("\n")[line - 1]
        print(f"{name}:{line}:{column} never {side}: {text.strip()}")
    return 0 if 100 * all_taken / all_count >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
