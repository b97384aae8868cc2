#!/usr/bin/env python3
"""How long a start takes (P7): with history beside an empty folder, and with running tasks to adopt.

    cmake --build build/release --target history millrace millrace-runner
    python3 bench/start.py [--instances 1000000] [--running 500] [--repeat 5] [--json FILE]

From exec to the first answer of /monitor/health. `--running` tasks are alive when the daemon gets SIGKILL;
the next one has adopted them when it answers, and all must still be running. Read the ratios to the empty
folder.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402

CONFIG = "cpu: 4096\nmemory: 4096GiB\npools: {cpu: 4096}\n"


def seconds_to_answer(daemon):
    begin = time.monotonic()
    daemon.start(wait=False)
    url = f"http://127.0.0.1:{daemon.port}/api/v2/monitor/health"
    while True:
        try:
            with urllib.request.urlopen(url) as answer:
                if answer.status == 200:
                    return time.monotonic() - begin
        except (urllib.error.URLError, ConnectionError):
            assert daemon.process.poll() is None, daemon.log_tail()
            time.sleep(0.001)


def restarts(daemon, repeat, crash=False):
    seen = []
    for _ in range(repeat):
        daemon.kill() if crash else daemon.stop()
        seen.append(seconds_to_answer(daemon))
    return seen


def running(daemon, dag_id, run_id):
    states = daemon.get(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=1, state="running").json
    return states["total_entries"]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--running", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    result = {"instances": options.instances, "running": options.running}
    kinds = {"empty": None, "history": None, "running": None}
    past = pathlib.Path(tempfile.mkdtemp(prefix="millrace-history-"))
    try:
        subprocess.run([harness.BINARY.parent / "history", past, "tasks=1000",
                        f"runs={options.instances // 1000}"], check=True, stdout=subprocess.DEVNULL)
        for kind in kinds:
            daemon = kinds[kind] = harness.Daemon(config=CONFIG)
            if kind == "history":
                shutil.copytree(past, daemon.data)
            daemon.start()
        busy = kinds["running"]
        tasks = "".join(f"  t{i}: {{command: [sleep, \"3600\"], resources: {{cpu: 1}}}}\n"
                        for i in range(options.running))
        dag_id = busy.submit(f"dag_id: busy\nmax_active_tasks: {options.running}\ntasks:\n{tasks}")["dag_id"]
        run_id = harness.urllib.parse.quote(busy.trigger(dag_id), safe="")
        busy.wait_until(lambda: running(busy, dag_id, run_id) == options.running, "all tasks run")
        seen = {kind: [] for kind in kinds}
        for _ in range(options.repeat):
            for kind, daemon in kinds.items():
                seen[kind] += restarts(daemon, 1, crash=kind == "running")
        assert running(busy, dag_id, run_id) == options.running, "a task was lost"
    finally:
        for daemon in filter(None, kinds.values()):
            daemon.close()
        shutil.rmtree(past, ignore_errors=True)
    for kind, times in seen.items():
        result[f"{kind}_ms"] = round(1e3 * statistics.median(times), 1)
    print(f"first answer after {result['empty_ms']} ms with nothing, {result['history_ms']} ms with "
          f"{options.instances} task instances ({result['history_ms'] / result['empty_ms']:.2f}x), "
          f"{result['running_ms']} ms with {options.running} tasks to adopt "
          f"({result['running_ms'] / result['empty_ms']:.2f}x)")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
