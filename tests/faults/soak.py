#!/usr/bin/env python3
"""Lives with kill -9 of the daemon at random moments, until the time is over: docs/testing.md.

  soak.py --hours 8 --seed 3 --jobs 2
"""

import argparse
import concurrent.futures
import random
import sys
import threading
import time
import traceback

from life import Life


class Killer(threading.Thread):
    """Kills the daemon of a life, whichever it is just then, after pauses by chance."""

    def __init__(self, it, choose, kills):
        super().__init__(daemon=True)
        self.it, self.choose, self.left = it, choose, kills
        self.over = threading.Event()
        self.done = 0

    def run(self):
        while self.left > 0 and not self.over.wait(self.choose.expovariate(4)):
            process = self.it.millrace.process
            if process is not None and process.poll() is None:
                process.kill()
                self.done += 1
                self.left -= 1


def live(seed):
    """One life; its kills and its attempts."""
    choose = random.Random(seed)
    it = Life()
    killer = Killer(it, choose, choose.randrange(1, 12))
    try:
        killer.start()
        it.begin()
        it.end()
        killer.over.set()
        killer.join()
        it.check()
        return killer.done, len(it.lines())
    finally:
        killer.over.set()
        it.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=1)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--jobs", type=int, default=2)
    wish = parser.parse_args()
    until, begun = time.monotonic() + wish.hours * 3600, time.monotonic()
    lives, kills, attempts, failures = 0, 0, 0, []
    lock = threading.Lock()

    def work(number):
        nonlocal lives, kills, attempts
        seed = f"{wish.seed}.{number}"
        while time.monotonic() < until:
            seed += "'"
            try:
                killed, ran = live(seed)
            except Exception as problem:  # the rest is lived all the same
                killed = ran = 0
                failures.append(f"seed {seed}\n{''.join(traceback.format_exception(problem))}")
            with lock:
                lives, kills, attempts = lives + 1, kills + killed, attempts + ran
                print(f"\rlives {lives} kills {kills} attempts {attempts} failed {len(failures)} ", end="",
                      flush=True)

    with concurrent.futures.ThreadPoolExecutor(wish.jobs) as pool:
        list(pool.map(work, range(wish.jobs)))
    for text in failures:
        print(f"\n--- {text}")
    print(f"\nsoak: {lives} lives, {kills} kills, {attempts} attempts, failed {len(failures)},"
          f" seed {wish.seed}, {time.monotonic() - begun:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
