"""Idempotency-Key across kill -9: whoever asks again with the same key gets one effect and one answer."""

import concurrent.futures
import socket
import unittest

import harness
from doors import bearer, request

DAG = "dag_id: etl\nmax_active_runs: 1000\ntasks: {t: {command: ['true']}}\n"
# Before, within and after the commit; and between the commit and the answer.
POINTS = ["store.begin", "store.before_commit", "store.committed", "loop.committed", "loop.performed"]


class Idempotency(harness.DaemonTest):
    def trigger(self, key, body=None):
        return self.millrace.post("/dags/etl/dagRuns", body or {}, headers={"Idempotency-Key": key})

    def runs(self):
        return self.millrace.get("/dags/etl/dagRuns").json["total_entries"]

    def test_a_kill_after_the_answer_changes_nothing_for_who_asks_again(self):
        self.millrace.submit(DAG)
        first = self.trigger("k1")
        self.millrace.kill()
        self.millrace.start()
        again = self.trigger("k1")
        self.assertEqual((again.status, again.body), (first.status, first.body))
        self.assertEqual(again.headers["Idempotent-Replay"], "true")
        self.assertIsNone(first.headers["Idempotent-Replay"])
        self.assertEqual(self.trigger("k1", {"note": "other"}).status, 422)
        self.assertEqual(self.runs(), 1)

    def test_a_kill_at_any_point_of_the_commit_makes_one_run(self):
        self.millrace.submit(DAG)
        for number, point in enumerate(POINTS, 1):
            with self.subTest(point):
                self.millrace.stop()
                # The n-th passage: starting up commits too. Try until one falls into the request.
                for passage in range(1, 40):
                    self.millrace.start({"MILLRACE_CRASH_POINT": f"{point}:{passage}"}, wait=False)
                    try:
                        self.millrace.wait_until(self.millrace.answers, "it answers", guard_s=30)
                        answer = self.trigger(f"key {point}".replace(" ", "_"))
                    except (AssertionError, OSError):
                        if self.millrace.process.poll() is None:
                            self.millrace.kill()
                        continue
                    break
                self.assertEqual(answer.status, 200, answer)
                if self.millrace.process.poll() is not None:
                    self.millrace.start()
                self.millrace.kill()
                self.millrace.start()
                self.assertEqual(self.trigger(f"key_{point}").status, 200)
                self.assertEqual(self.runs(), number)

    def test_a_kill_right_after_sending_makes_one_run(self):
        self.millrace.submit(DAG)
        for number in range(1, 9):
            body = b"{}"
            with socket.create_connection(("127.0.0.1", self.millrace.port)) as s:
                s.sendall(f"POST /api/v2/dags/etl/dagRuns HTTP/1.1\r\n"
                          f"Host: 127.0.0.1:{self.millrace.port}\r\n"
                          f"Authorization: Bearer {self.millrace.token}\r\nContent-Type: application/json\r\n"
                          f"Idempotency-Key: n{number}\r\nContent-Length: 2\r\n\r\n".encode() + body)
                self.millrace.kill()
            self.millrace.start()
            self.assertEqual(self.trigger(f"n{number}").status, 200)
            self.assertEqual(self.runs(), number)

    def test_many_at_once_with_one_key_make_one_run(self):
        self.millrace.submit(DAG)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: self.trigger("same"), range(64)))
        self.assertEqual({answer.status for answer in answers} - {409}, {200})
        self.assertEqual(len({answer.body for answer in answers if answer.status == 200}), 1)
        for answer in answers:
            if answer.status == 409:
                self.assertEqual(answer.json["code"], "key_in_flight")
        self.assertEqual(self.trigger("same").status, 200)
        self.assertEqual(self.runs(), 1)

    def test_a_pool_a_dag_and_a_backfill_answer_twice_alike(self):
        posts = [("/dags", DAG), ("/pools", {"name": "p", "slots": 2}),
                 ("/backfills", {"dag_id": "etl", "dates": ["2001-01-01"]})]
        for number, (path, body) in enumerate(posts):
            head = {"Idempotency-Key": f"k{number}"}
            first = self.millrace.post(path, body, headers=head)
            again = self.millrace.post(path, body, headers=head)
            self.assertIn(first.status, (200, 201), first)
            self.assertEqual((again.status, again.body), (first.status, first.body), path)
            self.assertEqual(again.headers["Idempotent-Replay"], "true")
        self.assertEqual(self.millrace.get("/backfills").json["total_entries"], 1)

    def test_the_secret_of_a_new_token_is_not_kept(self):
        head = {"Idempotency-Key": "k"}
        self.assertEqual(self.millrace.post("/tokens", {"name": "ci"}, headers=head).status, 201)
        again = self.millrace.post("/tokens", {"name": "ci"}, headers=head)
        self.assertEqual((again.status, again.json["code"]), (409, "answer_not_kept"))
        self.assertEqual(len(self.millrace.get("/tokens").json["tokens"]), 2)

    def test_every_post_of_the_document_names_the_key(self):
        document = self.millrace.request("GET", "/openapi.json", base="").json
        keyed = [path for path, methods in document["paths"].items() if "post" in methods
                 and "Idempotency-Key" in [p["name"] for p in methods["post"]["parameters"]]]
        without = {path for path, methods in document["paths"].items() if "post" in methods} - set(keyed)
        self.assertEqual(without, {"/login", "/logout", "/auth/token"})
        answer = request(self.millrace.port, "POST", "/api/v2/pools",
                         [bearer(self.millrace.token), ("Idempotency-Key", "a b"),
                          ("Content-Type", "application/json")], b"{}")
        self.assertEqual(answer.status, 400)


if __name__ == "__main__":
    unittest.main()
