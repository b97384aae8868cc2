"""Checks 1-8, 23, 25-29 of docs/security.md: what stands at the door, on every route of a real daemon."""

import pathlib
import subprocess
import unittest

import harness
from doors import JSON, bearer, filled, new_token, raw, request, routes

DAG = "dag_id: etl\ntasks: {t: {command: ['true']}}\n"


class Doors(unittest.TestCase):
    """One daemon for all cases: they change nothing."""

    @classmethod
    def setUpClass(cls):
        cls.millrace = harness.Daemon()
        cls.addClassCleanup(cls.millrace.close)
        cls.millrace.start()
        cls.millrace.submit(DAG)
        cls.port = cls.millrace.port
        cls.admin = bearer(cls.millrace.token)
        cls.routes = routes(cls.millrace)

    def events(self):
        return (self.millrace.get("/eventLogs", limit=1).json["total_entries"],
                self.millrace.get("/auditLogs", limit=1).json["total_entries"])

    def test_check_01_a_fresh_start_listens_on_loopback_alone(self):
        pid = self.millrace.process.pid
        sockets = set()
        for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            target = fd.readlink().name if fd.is_symlink() else ""
            if target.startswith("socket:["):
                sockets.add(target[8:-1])
        listening = []
        for table in ("tcp", "tcp6"):
            for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == "0A" and words[9] in sockets:
                    listening.append(words[1].split(":")[0])
        self.assertEqual(listening, ["0100007F"])

    def test_check_02_another_address_needs_tls_in_front(self):
        command = [harness.BINARY, "serve", "--data", self.millrace.root / "other",
                   "--dags", self.millrace.dags, "--listen", f"0.0.0.0:{harness.free_port()}"]
        ended = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60,
                               cwd=self.millrace.root, check=False)
        self.assertNotEqual(ended.returncode, 0)
        self.assertIn("behind_proxy", ended.stderr)

    def test_check_03_every_route_refuses_who_has_no_token(self):
        open_ones = []
        for method, path, role in self.routes:
            for verb in {method, "HEAD" if method == "GET" else method}:
                with self.subTest(f"{verb} {path}"):
                    status = request(self.port, verb, filled(path)).status
                    if role == "anyone":
                        open_ones.append(path)
                    else:
                        self.assertEqual(status, 401)
                        wrong = request(self.port, verb, filled(path), [bearer("wrong")])
                        self.assertEqual(wrong.status, 401)
        self.assertEqual(set(open_ones), {"/api/v2/monitor/health", "/api/v2/version", "/login",
                                          "/login/style.css", "/favicon.svg", "/auth/token",
                                          "/auth/link/{code}"})
        for path in ("/nothing", "/api/v2/nothing", "/favicon.ico", "/events", "/static/x.js"):
            self.assertEqual(request(self.port, "GET", path).status, 401, path)
        self.assertEqual(request(self.port, "OPTIONS", "/api/v2/dags").status, 401)

    def test_check_04_a_viewer_changes_nothing(self):
        viewer = bearer(new_token(self.millrace, "looker"))
        before = self.events()
        tried = 0
        for method, path, role in self.routes:
            if role in ("anyone", "viewer"):
                continue
            tried += 1
            with self.subTest(f"{method} {path}"):
                answer = request(self.port, method, filled(path), [viewer, JSON],
                                 b"{}" if method != "GET" else b"")
                self.assertEqual(answer.status, 403)
        self.assertGreater(tried, 15)
        # What a viewer may send beside reads: about itself, or a question with a body.
        harmless = {path for method, path, role in self.routes if method != "GET" and role == "viewer"}
        for path in harmless:
            self.assertTrue(path.endswith(("/logout", "/auth/links", "/dry_run", "/list")), path)
        self.assertEqual(self.events(), before)

    def test_check_05_only_its_own_names_are_answered(self):
        for host, status in ((f"127.0.0.1:{self.port}", 200), (f"localhost:{self.port}", 200),
                             ("evil.example", 421), (f"evil.example:{self.port}", 421), ("localhost", 421)):
            answer = request(self.port, "GET", "/api/v2/dags", [self.admin], host=host)
            self.assertEqual(answer.status, status, host)
        self.assertEqual(request(self.port, "GET", "/nothing", host="evil.example").status, 421)

    def test_check_06_and_07_pages_of_other_origins_are_refused_and_get_no_cors_headers(self):
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1",
                       f"https://localhost.evil:{self.port}"):
            for method, path in (("POST", "/api/v2/dags/etl/dagRuns"), ("GET", "/events"),
                                 ("GET", "/api/v2/dags"), ("OPTIONS", "/api/v2/dags")):
                with self.subTest(f"{origin} {method} {path}"):
                    answer = request(self.port, method, path, [self.admin, JSON, ("Origin", origin)],
                                     b"{}" if method == "POST" else b"")
                    self.assertEqual(answer.status, 403)
                    self.assertFalse([name for name in answer.headers if name.startswith("access-control")])

    def test_check_08_bodies_that_a_form_could_send_are_refused(self):
        for method, path, role in self.routes:
            if method in ("GET", "DELETE") or path in ("/login", "/logout"):
                continue
            for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
                with self.subTest(f"{method} {path} {media}"):
                    answer = request(self.port, method, filled(path),
                                     [self.admin, ("Content-Type", media)], b"{}")
                    self.assertEqual(answer.status, 415)

    def test_check_23_all_answers_carry_the_security_headers(self):
        answers = [request(self.port, method, filled(path), [self.admin]) for method, path, _ in self.routes
                   if method == "GET" and not path.endswith(("/events", "/wait"))]
        answers += [request(self.port, "GET", "/nothing"), request(self.port, "GET", "/login"),
                    raw(self.port, b"garbage\r\n\r\n"), request(self.port, "GET", "/", host="evil.example")]
        for answer in answers:
            with self.subTest(repr(answer)[:120]):
                policy = answer.headers["content-security-policy"]
                self.assertIn("frame-ancestors 'none'", policy)
                self.assertIn("default-src 'self'", policy)
                self.assertNotIn("unsafe", policy)
                self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
                self.assertEqual(answer.headers["referrer-policy"], "no-referrer")
                # What is the same for all may be kept, and is asked about each time.
                kept = "no-cache" if "etag" in answer.headers else "no-store"
                self.assertEqual(answer.headers["cache-control"], kept)

    def test_check_25_line_breaks_in_headers_are_refused_and_nothing_is_echoed(self):
        start = f"GET /api/v2/dags HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n".encode()
        for line in (b"X: a\rb", b"X: a\0b", b"X: a\nY b", b"X\0: a", b"X : a"):
            answer = raw(self.port, start + line + b"\r\n\r\n")
            self.assertEqual(answer.status, 400, line)
        answer = request(self.port, "GET", "/api/v2/x%0d%0aSet-Cookie:a=b", [self.admin])
        self.assertNotIn("set-cookie", answer.headers)
        answer = request(self.port, "GET", "/api/v2/dags/a%0d%0ainjected", [self.admin])
        self.assertEqual(answer.status, 400)
        self.assertNotIn(b"\ninjected", self.millrace.log.read_bytes())

    def test_check_26_requests_that_two_readers_could_read_in_two_ways_end_the_connection(self):
        post = (f"POST /api/v2/dags/etl/dagRuns HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                f"{self.admin[0]}: {self.admin[1]}\r\nContent-Type: application/json\r\n").encode()
        get = post.replace(b"POST /api/v2/dags/etl/dagRuns", b"GET /api/v2/dags")
        before = self.events()
        for name, data in {
            "length and chunks": post + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "two lengths": post + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            "a list of codings": post + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "two codings": post + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
            "a read with a body": get + b"Content-Length: 2\r\n\r\n{}",
            "a negative chunk": post + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n",
            "bare line feeds": f"GET /api/v2/version HTTP/1.1\nHost: 127.0.0.1:{self.port}\n\n".encode(),
        }.items():
            with self.subTest(name):
                answer = raw(self.port, data)
                self.assertEqual(answer.status, 400, answer)
                self.assertTrue(answer.closed)
        self.assertEqual(self.events(), before)

    def test_check_27_a_client_does_not_choose_its_address(self):
        for _ in range(3):
            answer = request(self.port, "POST", "/api/v2/pools",
                             [self.admin, JSON, ("X-Forwarded-For", "6.6.6.6"), ("X-Real-IP", "6.6.6.6"),
                              ("Forwarded", "for=6.6.6.6"), ("Remote-Addr", "6.6.6.6")],
                             b'{"name": "p27", "slots": 1}')
            self.assertIn(answer.status, (201, 409))
        rows = self.millrace.get("/auditLogs").json["audit_logs"]
        self.assertEqual({row["remote"] for row in rows}, {"127.0.0.1"})

    def test_check_28_a_body_over_the_limit_costs_no_memory(self):
        def resident():
            text = pathlib.Path(f"/proc/{self.millrace.process.pid}/status").read_text()
            return int(text.split("VmRSS:")[1].split()[0]) << 10
        post = (f"POST /api/v2/dags HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
                f"{self.admin[0]}: {self.admin[1]}\r\nContent-Type: text/yaml\r\n").encode()
        limit = 16 << 20
        before = resident()
        answer = raw(self.port, post + b"Content-Length: %d\r\n\r\n" % (limit + 1))
        self.assertEqual(answer.status, 413, answer)
        self.assertLess(resident() - before, 2 << 20)
        chunk = b"100000\r\n" + b"#" * 0x100000 + b"\r\n"
        answer = raw(self.port,
                     post + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 16 + b"1\r\n#\r\n0\r\n\r\n")
        self.assertEqual(answer.status, 413, answer)
        for coding in ("gzip", "deflate", "br", "identity"):
            answer = request(self.port, "POST", "/api/v2/pools",
                             [self.admin, JSON, ("Content-Encoding", coding)], b"{}")
            self.assertEqual(answer.status, 415, coding)

    def test_check_29_json_that_is_too_deep_double_or_too_large_a_number_is_refused(self):
        for body in ("[" * 33 + "]" * 33, "[" * 100_000, '{"note":"a","note":"b"}', '{"conf":{"a":1e400}}',
                     '{"conf":{"a":18446744073709551616}}', '{"note":"\\ud800"}', '{"note":"\xff"}', "{",
                     "nul"):
            answer = request(self.port, "POST", "/api/v2/dags/etl/dagRuns", [self.admin, JSON],
                             body.encode("latin-1"))
            self.assertEqual(answer.status, 400, body[:40])
        self.assertEqual(self.millrace.get("/monitor/health").status, 200)


if __name__ == "__main__":
    unittest.main()
