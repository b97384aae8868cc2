"""A flood of dataset events at a paused DAG with one run per event: how fast they are taken, what they cost
while they wait, how long a restart takes with them, how fast they become runs.

    python3 bench/dataset_events.py [events]
"""

import concurrent.futures
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402

READER = """
dag_id: reader
schedule: {datasets: [raw], policy: one_run_per_event}
max_active_runs: 64
tasks:
  read: {command: ["true"]}
"""
CLIENTS = 16


def memory_mib(daemon):
    status = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    daemon = harness.Daemon()
    try:
        daemon.start().submit(READER)
        daemon.request("PATCH", "/dags/reader", {"is_paused": True})
        asset = daemon.get("/assets").json["assets"][0]["id"]
        empty = memory_mib(daemon)

        def send(n):
            body = {"asset_id": asset, "partition_key": f"2001-01-{1 + n % 28:02}"}
            answer = daemon.post("/assets/events", body)
            assert answer.status == 200, answer

        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(send, range(count)))
        seconds = time.monotonic() - begin
        print(f"{count} events by {CLIENTS} clients: {count / seconds:.0f}/s, each on disk before its answer")
        print(f"while they wait: {(memory_mib(daemon) - empty) * 1024 / count:.2f} KiB an event")
        daemon.kill()
        begin = time.monotonic()
        daemon.start()
        print(f"kill -9 and start with them: {time.monotonic() - begin:.2f} s")

        def state(name):
            return daemon.get("/dags/reader/dagRuns", state=name, limit=1).json["total_entries"]

        begin = time.monotonic()
        daemon.request("PATCH", "/dags/reader", {"is_paused": False})
        most = 0
        while state("success") < count:
            most = max(most, state("queued"))
            time.sleep(0.2)
        seconds = time.monotonic() - begin
        print(f"unpaused: {count} runs, {count / seconds:.0f}/s, at most {most} queued at a time")
        events = daemon.get("/assets/events", limit=1000).json["asset_events"]
        assert all(len(event["created_dagruns"]) == 1 for event in events)
    finally:
        daemon.close()


if __name__ == "__main__":
    main()
