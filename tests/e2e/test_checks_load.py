"""Check 30 of docs/security.md: slow and silent clients cost memory, never time."""

import socket
import statistics
import threading
import time
import unittest

import harness
from doors import bearer

DAG = "dag_id: etl\nmax_active_runs: 1000\ntasks: {t: {command: ['true']}}\n"
SLOW, SILENT, SECONDS = 500, 200, 8


class Slow(threading.Thread):
    """Connections that send a request one byte a second, and readers that never read."""

    def __init__(self, millrace):
        super().__init__(daemon=True)
        self.port, self.ended = millrace.port, threading.Event()
        self.slow = [self.connect() for _ in range(SLOW)]
        self.silent = [self.connect() for _ in range(SILENT)]
        self.token = bearer(millrace.token)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def run(self):
        for s in self.silent:
            s.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                      f"{self.token[0]}: {self.token[1]}\r\n\r\n".encode())
        text = f"POST /api/v2/dags HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nX: ".encode() + b"a" * 100
        for byte in text:
            for s in self.slow:
                try:
                    s.send(bytes([byte]))
                except OSError:
                    pass  # its deadline came: as it should
            if self.ended.wait(1):
                break
        for s in self.slow + self.silent:
            s.close()


def p99(values):
    return statistics.quantiles(values, n=100)[98]


class Load(harness.DaemonTest):
    def test_check_30_others_are_answered_beside_500_slow_and_200_silent_clients(self):
        self.millrace.submit(DAG)
        slow = Slow(self.millrace)
        slow.start()
        self.addCleanup(slow.join)
        self.addCleanup(slow.ended.set)
        health, submits = [], []
        until = time.monotonic() + SECONDS
        number = 0
        while time.monotonic() < until:
            number += 1
            begun = time.monotonic()
            self.assertEqual(self.millrace.get("/monitor/health").status, 200)
            health.append(time.monotonic() - begun)
            if number % 5 == 0:
                begun = time.monotonic()
                answer = self.millrace.post("/dags/etl/dagRuns", {"dag_run_id": f"r{number}"})
                self.assertEqual(answer.status, 200, answer)
                submits.append(time.monotonic() - begun)
        print(f"health p99 {p99(health) * 1000:.1f} ms of {len(health)}, "
              f"submit p99 {p99(submits) * 1000:.1f} ms of {len(submits)}")
        self.assertLess(statistics.median(health), 0.1)
        self.assertLess(statistics.median(submits), 0.5)
        self.assertLess(p99(health), 1)  # 0.1 on a machine of its own
        self.assertLess(p99(submits), 3)


if __name__ == "__main__":
    unittest.main()
