#!/usr/bin/env python3
"""Kills the daemon or its runner at the n-th system call, or lets it fail (strace): docs/testing.md.

  syscalls.py                        steps n over every call of the list, for hours
  syscalls.py --lives 8 --seed 3     so many lives, calls and n by chance
  syscalls.py --call fdatasync --nth 4 --who daemon --fault EIO
"""

import argparse
import random
import subprocess
import sys
import time
import traceback

from life import Life

# What stands on the paths from a request to a running task and back; per thread, in the order of their use.
CALLS = {
    "daemon": ["fdatasync", "pwrite64", "write", "sendto", "recvfrom", "openat", "read", "pread64", "close",
               "epoll_wait", "unlink", "rename", "mkdir", "futex"],
    "runner": ["write", "clone3", "sendto", "recvfrom", "epoll_wait", "epoll_ctl", "openat", "close", "wait4",
               "pidfd_send_signal", "unlinkat", "timerfd_settime"],
}
# An fsync that fails is the end of that daemon, in words; nothing may be written after it.
FAILING = ["fdatasync", "fsync"]


def strace(call, action):
    return ["strace", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:{action}"]


def attach(pid, call, action):
    """Traces all threads of a process that runs; what it starts is let go when it becomes a program."""
    tracer = subprocess.Popen([*strace(call, action), "-f", "-b", "execve", "-p", str(pid)],
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    for line in tracer.stderr:
        if "attached" in line:
            return tracer
    raise AssertionError(f"strace can't attach to {pid}")


def live(who, call, nth, fault):
    """One life; whether somebody died."""
    it = Life()
    action = f"{'signal=SIGKILL' if fault == 'KILL' else 'error=' + fault}:when={nth}"
    tracers = []
    try:
        if who == "runner":
            it.on_begin = lambda: tracers.append(attach(it.millrace.runner_pids()[0], call, action))
        else:
            it.prefix = lambda start: [*strace(call, action), "-D", "-qq"] if start == 1 else []
            # The disk's failure in its own words, and the end of the process by itself.
            it.may_end = lambda status, log: fault != "KILL" and status == 1
        it.begin()
        it.end(timeouts_hold=who != "runner")
        died = it.crashes > 0 or it.broken()
        it.check(all_good=who != "runner")
        return died
    finally:
        it.close()
        for tracer in tracers:
            tracer.kill()
            tracer.communicate()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--who", choices=("daemon", "runner"))
    parser.add_argument("--call")
    parser.add_argument("--nth", type=int)
    parser.add_argument("--fault", default="KILL", choices=("KILL", "EIO", "ENOSPC"))
    parser.add_argument("--lives", type=int)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args()
    choose, begun, lives, deaths, failures = random.Random(wish.seed), time.monotonic(), 0, 0, []

    def one(who, call, nth, fault):
        nonlocal lives, deaths
        lives += 1
        from_here, died = time.monotonic(), True
        try:
            died = live(who, call, nth, fault)
            deaths += died
            words = "died, nothing lost, nothing twice" if died else "never came so far"
        except Exception as problem:  # the others are looked at all the same
            failures.append(f"{who} {call} {nth} {fault}\n{''.join(traceback.format_exception(problem))}")
            words = f"FAILED: {problem}".splitlines()[0][:200]
        took = time.monotonic() - from_here
        print(f"[{lives}] {who} {call}:{nth} {fault}: {words}, {took:.1f} s", flush=True)
        return died

    if wish.nth:
        one(wish.who or "daemon", wish.call, wish.nth, wish.fault)
    elif wish.lives:
        for number in range(wish.lives):
            who = ("daemon", "daemon", "runner")[number % 3]
            if number % 4 == 3:
                one("daemon", "fdatasync,fsync", choose.randrange(1, 60), "EIO")
            else:
                one(who, choose.choice(CALLS[who][:5]), choose.randrange(1, 80), "KILL")
    else:
        for who, call, fault in ([("daemon", call, "EIO") for call in FAILING]
                                 + [(who, call, "KILL") for who in CALLS for call in CALLS[who]]):
            nth = 1
            while one(who, call, nth, fault):
                nth += wish.step
    for text in failures:
        print(f"\n--- {text}")
    print(f"system calls: {lives} lives, {deaths} deaths, failed {len(failures)}, seed {wish.seed},"
          f" {time.monotonic() - begun:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
