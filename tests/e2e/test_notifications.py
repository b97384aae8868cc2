"""Notifications and deadlines on the real daemon: real webhooks, real commands, what may not be reached."""

import http.server
import json
import os
import queue
import socket
import threading
import unittest

import harness


class Endpoint:
    """A webhook's end: keeps what is posted; answers what `answers` says, 204 after that."""

    def __init__(self, address="127.0.0.1"):
        self.posts = queue.Queue()
        self.answers = queue.Queue()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.posts.put((self.path, dict(self.headers), json.loads(body)))
                status = 204 if outer.answers.empty() else outer.answers.get()
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", outer.url("/elsewhere"))
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="/hook"):
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def next(self):
        return self.posts.get(timeout=harness.GUARD_S)


class Notifications(harness.DaemonTest):
    config = 'cpu: 8\npools: {cpu: 8}\nwebhook_allow: ["127.0.0.0/8", "::1"]\n'

    def setUp(self):
        super().setUp()
        self.endpoint = Endpoint()
        self.addCleanup(self.endpoint.server.shutdown)

    def outcomes(self, dag_id):
        """Causes of what became of notifications, newest last."""
        answer = self.millrace.get("/eventLogs", dag_id=dag_id, limit=1000, order_by="event_log_id")
        rows = answer.json["event_logs"]
        return [json.dumps(row) for row in rows if "notification" in row["event"]]

    def outcome(self, dag_id, words):
        return self.millrace.wait_until(
            lambda: next((text for text in self.outcomes(dag_id) if words in text), None), words)

    def test_a_failure_and_a_retry_are_posted(self):
        run, _ = self.run_dag(f"""
dag_id: fails
owner: anna
notify:
  on_failure: [{{webhook: "{self.endpoint.url('/failure')}"}}]
  on_success: [{{webhook: "{self.endpoint.url('/success')}"}}]
  on_retry: [{{webhook: "{self.endpoint.url('/retry')}"}}]
tasks:
  load: {{command: ["false"], retries: {{limit: 1, delay: 0s}}}}
""", logical_date="2001-01-05T00:00:00Z")
        self.assertEqual(run["state"], "failed")
        path, headers, body = self.endpoint.next()
        self.assertEqual((path, headers["X-Millrace-Event"]), ("/retry", "retry"))
        self.assertEqual((body["task_id"], body["try_number"], body["max_tries"]), ("load", 1, 2))
        path, headers, body = self.endpoint.next()
        self.assertEqual((path, headers["Content-Type"]), ("/failure", "application/json"))
        self.assertEqual(body["dag_run_id"], run["dag_run_id"])
        self.assertEqual(body["execution_date"], "2001-01-05T00:00:00Z")
        self.assertEqual((body["event"], body["state"], body["owner"]), ("failure", "failed", "anna"))
        self.assertEqual(body["text"], f"fails: {run['dag_run_id']} failed: task 'load' is failed")
        self.outcome("fails", "answered 204")
        self.assertTrue(self.endpoint.posts.empty())

    def test_a_command_gets_the_body_in_its_environment(self):
        told = self.millrace.root / "told"
        script = self.millrace.root / "tell"
        script.write_text(f'#!/bin/sh\nprintf %s "$NOTIFICATION" >{told}.new\nmv {told}.new {told}\n')
        script.chmod(0o755)
        run, _ = self.run_dag(f"""
dag_id: tells
notify: {{on_success: [{{command: ["{script}"]}}]}}
tasks: {{a: {{command: ["true"]}}}}
""")
        self.millrace.wait_until(told.exists, "the command ran")
        self.assertEqual(json.loads(told.read_text())["dag_run_id"], run["dag_run_id"])
        self.outcome("tells", "the command has ended well")

    def test_private_addresses_are_refused_unless_allowed(self):
        # 127.0.0.0/8 is allowed here; these aren't, whatever answers there.
        for place in ("169.254.169.254", "10.0.0.1", "[fd00::1]", "0.0.0.0", "[::ffff:10.0.0.1]"):
            with self.subTest(place=place):
                name = "to_" + "".join(c if c.isalnum() else "_" for c in place)
                self.run_dag(f"""
dag_id: {name}
notify: {{on_success: [{{webhook: "http://{place}/latest/meta-data"}}]}}
tasks: {{a: {{command: ["true"]}}}}
""")
                said = self.outcome(name, "isn't a public address")
                self.assertNotIn("meta-data", said)  # paths may hold secrets

    def test_a_redirect_is_not_followed(self):
        self.endpoint.answers.put(307)
        self.run_dag(f"""
dag_id: moved
notify: {{on_success: [{{webhook: "{self.endpoint.url()}"}}]}}
tasks: {{a: {{command: ["true"]}}}}
""")
        self.endpoint.next()
        self.outcome("moved", "answered 307")
        self.assertTrue(self.endpoint.posts.empty())

    def test_an_endpoint_that_never_answers_keeps_no_other_waiting(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/silent"
        hooks = ", ".join(f'{{webhook: "{one}"}}' for one in (url, url, url, self.endpoint.url()))
        self.run_dag(f"""
dag_id: slow
notify: {{on_success: [{hooks}]}}
tasks: {{a: {{command: ["true"]}}}}
""")
        stuck, _ = silent.accept()
        with stuck:
            self.endpoint.next()
            stuck.settimeout(harness.GUARD_S)
            while not stuck.recv(1 << 16).endswith(b"}"):
                pass
            # Whoever gives up on an endpoint closes: the other's post came while this one was waited for.
            stuck.setblocking(False)
            with self.assertRaises(BlockingIOError):
                stuck.recv(1)
            silent.settimeout(0)
            with self.assertRaises(BlockingIOError):
                silent.accept()  # and an endpoint gets one at a time
        self.outcome("slow", "answered 204")

    def test_what_was_not_delivered_goes_out_after_a_kill(self):
        self.endpoint.answers.put(503)
        self.run_dag(f"""
dag_id: again
notify: {{on_success: [{{webhook: "{self.endpoint.url()}"}}]}}
tasks: {{a: {{command: ["true"]}}}}
""")
        first = self.endpoint.next()
        self.millrace.kill()
        self.millrace.start()
        second = self.endpoint.next()  # at once if the 503 wasn't recorded, else after its delay
        self.assertEqual(first[1]["X-Millrace-Notification"], second[1]["X-Millrace-Notification"])
        self.assertEqual(first[2], second[2])
        self.outcome("again", "answered 204")

    def test_a_missed_deadline_is_said_and_the_run_goes_on(self):
        fifo = self.millrace.root / "go"
        os.mkfifo(fifo)
        self.millrace.submit(f"""
dag_id: slow
deadline: {{within: 1s, notify: [{{webhook: "{self.endpoint.url('/late')}"}}]}}
tasks: {{a: {{command: [cat, "{fifo}"]}}}}
""")
        run_id = self.millrace.trigger("slow")
        path, _, body = self.endpoint.next()
        self.assertEqual((path, body["event"], body["state"]), ("/late", "late", "running"))
        fifo.write_text("")
        self.assertEqual(self.millrace.finish("slow", run_id)["state"], "success")


if __name__ == "__main__":
    unittest.main()
