#!/usr/bin/env python3
"""Do slow and silent clients slow the others? bench/slow_clients.py [--slow 500] [--silent 200] [--asks 500]

The slow ones send a request's head at a byte a second, again and again; the silent ones open the event stream
and never read. Prints the p50 and p99 of /monitor/health and of submitting a DAG, without and with them.
"""

import argparse
import pathlib
import socket
import statistics
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/e2e"))
import harness  # noqa: E402


class Slow(threading.Thread):
    """All slow clients on one thread: a byte each, once a second."""

    def __init__(self, port, count):
        super().__init__(daemon=True)
        self.port, self.count, self.stop = port, count, threading.Event()

    def run(self):
        clients = [self.connect() for _ in range(self.count)]
        while not self.stop.wait(1):
            for i, client in enumerate(clients):
                try:
                    client.send(b"G")
                except OSError:
                    client.close()
                    clients[i] = self.connect()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port))


def ask(daemon, times):
    health, submit = [], []
    for n in range(times):
        start = time.perf_counter()
        assert daemon.get("/monitor/health").status == 200
        health.append((time.perf_counter() - start) * 1000)
        if n % 5:
            continue
        start = time.perf_counter()
        daemon.submit(f"dag_id: small\ndescription: number {n}\ntasks: {{one: {{command: [echo, a]}}}}\n")
        submit.append((time.perf_counter() - start) * 1000)
    for name, spans in (("health", health), ("submit", submit)):
        spans.sort()
        print(f"  {name}: p50 {statistics.median(spans):.2f} ms, p99 {spans[len(spans) * 99 // 100]:.2f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", type=int, default=500)
    parser.add_argument("--silent", type=int, default=200)
    parser.add_argument("--asks", type=int, default=500)
    options = parser.parse_args()
    daemon = harness.Daemon()
    try:
        daemon.start()
        print("alone")
        ask(daemon, options.asks)
        silent = []
        for _ in range(options.silent):
            silent.append(socket.create_connection(("127.0.0.1", daemon.port)))
            silent[-1].sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{daemon.port}\r\n"
                               f"Authorization: Bearer {daemon.token}\r\n\r\n".encode())
        slow = Slow(daemon.port, options.slow)
        slow.start()
        print(f"beside {options.slow} slow and {options.silent} silent clients")
        ask(daemon, options.asks)
        slow.stop.set()
        slow.join()
    finally:
        daemon.close()


if __name__ == "__main__":
    main()
