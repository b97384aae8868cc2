#!/usr/bin/env python3
"""What masking costs who reads a log: bench/masks.py [--mib 512]

The same log, read whole and at its end, of a DAG without secrets and of DAGs with 1 and 10 of them (each of
another length), in turn, so that what else happens on the machine concerns all of them.
"""

import argparse
import http.client
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402
from logs import write_log  # noqa: E402

SECRETS = {"plain": 0, "one": 1, "ten": 10}


def dag(name, count):
    secrets = ", ".join(f"{{env: S{n}, from: env:SECRET_{n}}}" for n in range(count))
    return f"dag_id: {name}\nsecrets: [{secrets}]\ntasks: {{t: {{command: [echo, a]}}}}\n"


def read_whole(daemon, path):
    """Bytes a second."""
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=600)
    start = time.perf_counter()
    connection.request("GET", "/api/v2" + path, headers={"Authorization": f"Bearer {daemon.token}"})
    answer, size, buffer = connection.getresponse(), 0, bytearray(1 << 20)
    while got := answer.readinto(buffer):
        size += got
    assert answer.status == 200
    connection.close()
    return size / (time.perf_counter() - start)


def read_end(daemon, path):
    """Milliseconds."""
    start = time.perf_counter()
    assert daemon.request("GET", path, headers={"Range": "bytes=-65536"}).status == 206
    return (time.perf_counter() - start) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mib", type=int, default=512)
    options = parser.parse_args()
    environment = {f"SECRET_{n}": "s3cret" + "-" * n + "value" for n in range(10)}
    daemon = harness.Daemon(environment=environment)
    try:
        daemon.start()
        paths = {}
        for name, count in SECRETS.items():
            daemon.submit(dag(name, count))
            daemon.trigger(name, dag_run_id="r1")
            daemon.finish(name, "r1")
            write_log(next((daemon.data / "logs").glob(f"{name}/*/t.-1.1.log")), options.mib << 20)
            paths[name] = f"/dags/{name}/dagRuns/r1/taskInstances/t/logs/1"
        whole, end = {name: [] for name in SECRETS}, {name: [] for name in SECRETS}
        for _ in range(5):
            for name, path in paths.items():
                whole[name].append(read_whole(daemon, path))
        for _ in range(100):
            for name, path in paths.items():
                end[name].append(read_end(daemon, path))
        for name, count in SECRETS.items():
            speed, took = statistics.median(whole[name]), statistics.median(end[name])
            print(f"{count:2} secrets: whole log of {options.mib} MiB {speed / 1e6:6.0f} MB/s "
                  f"(x{speed / statistics.median(whole['plain']):.2f}), last 64 KB p50 {took:.2f} ms "
                  f"(x{took / statistics.median(end['plain']):.2f})")
    finally:
        daemon.close()


if __name__ == "__main__":
    main()
