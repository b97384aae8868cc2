#!/usr/bin/env python3
"""Crashes the real programs at each point of base/crash_point.h, then again in recovery: docs/testing.md.

  crash_points.py                      every point; the daemon then dies at each point of a start, too
  crash_points.py --every 10 --seed 3  a tenth of the points, from the third on
  crash_points.py --point store.begin --passage 4
"""

import argparse
import collections
import concurrent.futures
import pathlib
import random
import re
import sys
import threading
import time
import traceback

import places
from life import Life, harness

# What a start passes, so that a second crash can come there.
RECOVERY = ("open.", "lock.", "start.", "attach.", "recover.", "recovery.", "respawn.", "link.", "api.")


def points_of_source():
    """Name -> file; each is there once."""
    found = collections.defaultdict(list)
    for file in sorted(harness.SOURCE.glob("*/**/*.cc")):
        room = file.relative_to(harness.SOURCE).parts[0]
        if room in ("build", "tests") or room.startswith("."):
            continue
        for name in re.findall(r'CRASH_POINT\("([^"]*)"\)', file.read_text()):
            found[name].append(str(file.relative_to(harness.SOURCE)))
    for name, files in found.items():
        if len(files) != 1 or not re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
            raise SystemExit(f"crash point '{name}' must be step.what_is_done and there once: {files}")
    return {name: files[0] for name, files in found.items()}


class Again:
    """A second crash, and a third: once after the first one, at these points in this order."""

    def __init__(self, points):
        self.points, self.hit, self.done = points, [], False

    def __call__(self, life):
        if self.done:
            return
        self.done = True
        for number, point in enumerate(self.points):
            mark = life.millrace.root / f"again-{number}"
            life.millrace.start({"MILLRACE_CRASH_POINT": point, "MILLRACE_CRASH_MARK": str(mark)}, wait=False)

            def ended_or_answers():
                try:
                    return life.millrace.process.poll() is not None or life.millrace.answers()
                except AssertionError:
                    return True
            life.millrace.wait_until(ended_or_answers, f"{point} is passed or the daemon answers")
            life.millrace.process.kill()
            status = life.millrace.process.wait()
            assert status == -9, f"{point}: the daemon ended with {status}\n{life.millrace.log_tail()}"
            if mark.exists():
                self.hit.append(point)


def crash_at(point, passage, again):
    """One life with a crash at that passage of it, or at the first if there is no such; which one it was."""
    for number in dict.fromkeys((passage, 1)):
        if places.live(point, number, again):
            return number
    raise AssertionError(f"{point} is never passed")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--point", action="append")
    parser.add_argument("--passage", type=int)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", type=int, help="second crashes after each; default: all points of a start")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    wish = parser.parse_args()

    names = sorted(points_of_source())
    if wish.list:
        print("\n".join(names))
        return 0
    recovery = [name for name in names if name.startswith(RECOVERY)]
    chosen = wish.point or names
    if wish.every > 1:
        quick = [name for name in names if not places.is_slow(name)]
        chosen = quick[wish.seed % wish.every::wish.every]
    begun, lock = time.monotonic(), threading.Lock()
    failures, hit, done = {}, collections.Counter(), 0

    def one(point):
        nonlocal done
        choose = random.Random(f"{wish.seed} {point}")
        again = Again(choose.sample(recovery, min(len(recovery), wish.again if wish.again is not None
                                                  else len(recovery))))
        from_here, words = time.monotonic(), ""
        try:
            passage = crash_at(point, wish.passage or choose.randrange(1, 4), again)
            words = f"passage {passage}, then {len(again.hit)} crashes of the start"
        except Exception as problem:  # the others are looked at all the same
            failures[point] = "".join(traceback.format_exception(problem))
            words = f"FAILED: {problem}".splitlines()[0][:200]
        with lock:
            done += 1
            hit.update(again.hit)
            took = time.monotonic() - from_here
            print(f"[{done}/{len(chosen)}] {point}: {words}, {took:.1f} s", flush=True)

    with concurrent.futures.ThreadPoolExecutor(wish.jobs) as pool:
        list(pool.map(one, chosen))
    for point, text in failures.items():
        print(f"\n--- {point}\n{text}")
    print(f"crash points: {len(chosen)} of {len(names)}, failed {len(failures)},"
          f" second crashes {sum(hit.values())} at {len(hit)} of {len(recovery)} points of a start,"
          f" seed {wish.seed}, {time.monotonic() - begun:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
