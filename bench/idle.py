#!/usr/bin/env python3
"""What a daemon costs that has nothing to do (P5): memory and wake-ups with 1,000 DAGs scheduled.

    python3 bench/idle.py [--dags 1000] [--seconds 95] [--json FILE]

The DAGs have schedules of all kinds, none due within the time. The daemon is started a second time before
it is measured, as after a reboot: what reading the files once cost is not what it needs. Wake-ups are the
context switches of all threads of daemon and runner; the reconciler comes every 30 s and may have its own.
"""

import argparse
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402

SCHEDULES = ['"0 3 1 1 *"', '"@yearly"', '{cron: "30 2 29 2 *", timezone: Europe/Berlin}',
             '{cron: "15 4 1 7 *", timezone: America/New_York}']


def status(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    return 0


def switches(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dags", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=95)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    daemon = harness.Daemon()
    try:
        for i in range(options.dags):
            schedule = SCHEDULES[i % len(SCHEDULES)]
            (daemon.dags / f"d{i}.yaml").write_text(
                f"dag_id: d{i}\nschedule: {schedule}\ncatchup: false\n"
                "tasks:\n  extract: {command: [/bin/true]}\n"
                "  load: {depends_on: [extract], command: [/bin/true]}\n")
        daemon.start()
        daemon.wait_until(lambda: daemon.get("/dags", limit=1).json["total_entries"] == options.dags,
                          "all DAGs are known")
        first_start = status(daemon.process.pid, "VmHWM")
        daemon.stop()
        daemon.start()
        daemon.wait_until(lambda: daemon.get("/dags", limit=1).json["total_entries"] == options.dags,
                          "all DAGs are known again")
        pids = [daemon.process.pid, *daemon.runner_pids()]
        before = [switches(pid) for pid in pids]
        time.sleep(options.seconds)
        woken = [switches(pid) - first for pid, first in zip(pids, before)]
        result = {"dags": options.dags, "seconds": options.seconds,
                  "rss_mb": [round(status(pid, "VmRSS") / 1024, 1) for pid in pids],
                  "anonymous_mb": [round(status(pid, "RssAnon") / 1024, 1) for pid in pids],
                  "hwm_mb": [round(status(pid, "VmHWM") / 1024, 1) for pid in pids],
                  "hwm_of_first_start_mb": round(first_start / 1024, 1), "switches": woken}
    finally:
        daemon.close()
    print(f"{options.dags} DAGs, {options.seconds} s: daemon {result['rss_mb'][0]} MB "
          f"({result['anonymous_mb'][0]} its own, at most {result['hwm_mb'][0]}; while it read the files "
          f"{result['hwm_of_first_start_mb']}), runner {result['rss_mb'][-1]} MB; "
          f"context switches: daemon {woken[0]}, runner {woken[-1]}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
