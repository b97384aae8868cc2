"""Checks 9, 10, 32-34, 36 and 39 of docs/security.md: tokens, sessions, private files, the audit log."""

import os
import pathlib
import socket
import sqlite3
import stat
import subprocess
import time
import unittest
import urllib.parse

import event_stream
import harness
from doors import JSON, audit_logs, bearer, new_token, request, routes

DAG = "dag_id: {}\nparams: {{password: {{type: string, default: ''}}}}\ntasks: {{t: {{command: ['true']}}}}\n"


def log_in(millrace, token):
    return request(millrace.port, "POST", "/login",
                   [("Content-Type", "application/x-www-form-urlencoded"),
                    ("Origin", f"http://127.0.0.1:{millrace.port}")],
                   urllib.parse.urlencode({"token": token}).encode())


def cookie_of(answer):
    return ("Cookie", answer.headers["set-cookie"].split(";")[0])


class Sessions(harness.DaemonTest):
    def status(self, *headers):
        return request(self.millrace.port, "GET", "/api/v2/dags", headers).status

    def test_check_09_a_cookie_is_shut_to_pages_and_ends_at_once_with_its_token(self):
        token = new_token(self.millrace, "anna", "operator")
        answer = log_in(self.millrace, token)
        self.assertEqual(answer.status, 303, answer)
        flags = answer.headers["set-cookie"].split("; ")[1:]
        for flag in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(flag, flags)
        first, second = cookie_of(answer), cookie_of(log_in(self.millrace, token))
        origin = ("Origin", f"http://127.0.0.1:{self.millrace.port}")
        self.assertEqual(self.status(first), 200)
        self.assertEqual(request(self.millrace.port, "POST", "/logout", [first, origin]).status, 303)
        self.assertEqual((self.status(first), self.status(second)), (401, 200))
        self.millrace.request("DELETE", "/tokens/anna")
        revoked = time.monotonic()
        self.assertEqual((self.status(second), self.status(bearer(token))), (401, 401))
        self.assertLess(time.monotonic() - revoked, 1)

    def test_check_09_sessions_and_tokens_outlive_a_kill_and_so_does_their_end(self):
        token, other = new_token(self.millrace, "anna"), new_token(self.millrace, "ben")
        kept, ended = cookie_of(log_in(self.millrace, token)), cookie_of(log_in(self.millrace, other))
        self.assertEqual(self.millrace.request("DELETE", "/tokens/ben").status, 204)
        self.millrace.kill()
        self.millrace.start()
        self.assertEqual((self.status(kept), self.status(bearer(token))), (200, 200))
        self.assertEqual((self.status(ended), self.status(bearer(other))), (401, 401))

    def test_check_09_a_revoked_token_takes_its_open_streams_with_it(self):
        token = new_token(self.millrace, "listener")
        with socket.create_connection(("127.0.0.1", self.millrace.port), timeout=30) as s:
            s.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{self.millrace.port}\r\n"
                      f"Authorization: Bearer {token}\r\n\r\n".encode())
            self.assertIn(b" 200 ", s.recv(1 << 16))
            self.millrace.request("DELETE", "/tokens/listener")
            while s.recv(1 << 16):
                pass  # it ends, or the guard of the connection does

    def test_check_09_behind_tls_the_cookie_says_secure(self):
        millrace = harness.Daemon(config="behind_proxy: true\n")
        self.addCleanup(millrace.close)
        millrace.start()
        answer = log_in(millrace, millrace.token)
        self.assertTrue(answer.headers["set-cookie"].startswith("__Host-"))
        self.assertIn("Secure", answer.headers["set-cookie"].split("; "))

    def test_check_09_a_token_ends_when_its_time_is_over(self):
        token = new_token(self.millrace, "short", expires_in=1)
        self.millrace.wait_until(lambda: self.status(bearer(token)) == 401, "it expires", guard_s=10)

    def test_check_10_twenty_bad_logins_a_minute_shut_the_door(self):
        for _ in range(20):
            self.assertEqual(log_in(self.millrace, "mr_wrong").status, 401)
        answer = log_in(self.millrace, self.millrace.token)
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "60"))
        self.assertEqual(self.status(bearer(self.millrace.token)), 200)

    def test_check_10_no_default_secret_is_in_the_tree(self):
        millrace = harness.Daemon()
        self.addCleanup(millrace.close)
        millrace.start()
        self.assertNotEqual(millrace.token, self.millrace.token)
        tracked = subprocess.run(["git", "grep", "-lE", r"mr_[0-9a-f]{64}"], cwd=harness.SOURCE,
                                 capture_output=True, text=True, check=False)
        self.assertEqual(tracked.stdout, "")

    def test_open_logs_a_browser_in_once(self):
        made = subprocess.run([harness.BINARY, "--data", self.millrace.data, "--url",
                               f"http://127.0.0.1:{self.millrace.port}", "open", "--print"],
                              capture_output=True, text=True, check=True)
        path = urllib.parse.urlparse(made.stdout.strip()).path
        answer = request(self.millrace.port, "GET", path)
        self.assertEqual((answer.status, answer.headers["location"]), (303, "/"))
        cookie = cookie_of(answer)
        self.assertEqual(request(self.millrace.port, "GET", "/", [cookie]).status, 200)
        self.assertIn(b'"admin"', request(self.millrace.port, "GET", "/auth/me", [cookie]).body)
        self.assertEqual(request(self.millrace.port, "GET", path).status, 401)

    def test_tokens_by_the_command_line(self):
        def millrace(*words, code=0):
            ended = subprocess.run([harness.BINARY, "--data", self.millrace.data, "--url",
                                    f"http://127.0.0.1:{self.millrace.port}", *words],
                                   capture_output=True, text=True, check=False)
            self.assertEqual(ended.returncode, code, ended)
            return ended.stdout
        secret = millrace("tokens", "create", "ci", "--role", "operator", "--dag", "flights_*",
                          "--expires", "90d")
        self.assertEqual(self.status(bearer(secret.strip())), 200)
        listed = millrace("tokens", "list")
        self.assertIn("flights_*", listed)
        self.assertNotIn(secret.strip(), listed)
        millrace("tokens", "revoke", "ci")
        self.assertEqual(self.status(bearer(secret.strip())), 401)
        millrace("tokens", "create", "x", "--expires", "soon", code=2)
        self.assertIn("unbroken", millrace("audit", "verify"))
        self.assertIn("/api/v2/tokens", millrace("audit", "list"))


class Proxied(harness.DaemonTest):
    """Check 27: whose address counts when a proxy of the list stands in front."""

    config = "cpu: 8\ntrusted_proxies: [127.0.0.1, 10.0.0.0/8]\nconnections_per_address: 3\n"

    def log_in_from(self, forwarded, token="mr_wrong"):
        return request(self.millrace.port, "POST", "/login",
                       [("Content-Type", "application/x-www-form-urlencoded"), ("X-Forwarded-For", forwarded),
                        ("Origin", f"http://127.0.0.1:{self.millrace.port}")],
                       urllib.parse.urlencode({"token": token}).encode())

    def test_check_27_the_hop_before_the_proxies_counts_in_the_audit_log_sessions_and_failed_logins(self):
        self.millrace.request("PATCH", "/pools/cpu", {"slots": 3},
                              headers={"X-Forwarded-For": "6.6.6.6, 1.2.3.4, 10.0.0.7"})
        self.millrace.request("PATCH", "/pools/cpu", {"slots": 4}, headers={"X-Real-IP": "6.6.6.6"})
        self.assertEqual([row["remote"] for row in audit_logs(self.millrace)], ["127.0.0.1", "1.2.3.4"])
        self.assertEqual(self.log_in_from("2001:470::1", self.millrace.token).status, 303)
        sessions = self.millrace.get("/sessions").json["sessions"]
        self.assertEqual([row["remote"] for row in sessions], ["2001:470::1"])
        for n in range(20):
            self.assertEqual(self.log_in_from(f"6.6.6.{n}, 1.2.3.4").status, 401)
        self.assertEqual(self.log_in_from("6.6.6.6, 1.2.3.4").status, 429)
        self.assertEqual(self.log_in_from("1.2.3.5").status, 401)

    def test_check_27_a_client_behind_a_proxy_has_its_own_cap(self):
        def head(forwarded):
            lines = ["GET /events HTTP/1.1", f"Host: 127.0.0.1:{self.millrace.port}",
                     f"X-Forwarded-For: {forwarded}", f"Authorization: Bearer {self.millrace.token}", "", ""]
            return "\r\n".join(lines).encode()

        def status(forwarded):
            s = socket.create_connection(("127.0.0.1", self.millrace.port), timeout=60)
            self.addCleanup(s.close)
            s.sendall(head(forwarded))
            return s, s.recv(1 << 16).split()[1]
        streams = [status("1.2.3.4") for _ in range(3)]
        self.assertEqual([got for _, got in streams], [b"200"] * 3)
        self.assertEqual(status("6.6.6.6, 1.2.3.4")[1], b"429")
        self.assertEqual(status("1.2.3.5")[1], b"200")
        streams[0][0].close()
        self.millrace.wait_until(lambda: status("1.2.3.4")[1] == b"200", "a place is given back")


class Private(harness.DaemonTest):
    def test_check_33_a_task_sees_no_token_and_no_file_of_the_daemon(self):
        show = "env; ls -l /proc/self/fd; cat /proc/$PPID/environ /proc/$PPID/cmdline; true"
        run, states = self.run_dag(f'dag_id: looks\ntasks: {{t: {{command: [sh, -c, "{show}"]}}}}\n')
        self.assertEqual(states["t"], "success")
        text = self.millrace.log_text("looks", run["dag_run_id"], "t").decode()
        self.assertIn("PATH=", text)
        for secret in (self.millrace.token, "MILLRACE_TOKEN", "millrace.db", "admin.token"):
            self.assertNotIn(secret, text)
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    self.assertNotIn(self.millrace.token.encode(), (entry / "cmdline").read_bytes())
                except OSError:
                    pass

    def test_check_34_nothing_of_the_data_folder_is_open_to_others(self):
        self.millrace.stop()
        old = os.umask(0)
        try:
            millrace = harness.Daemon()
            self.addCleanup(millrace.close)
            millrace.start()
        finally:
            os.umask(old)
        millrace.submit(DAG.format("etl"))
        millrace.finish("etl", millrace.trigger("etl"))
        seen = 0
        for path in [millrace.data, *millrace.data.rglob("*")]:
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode):
                seen += 1
                self.assertEqual(mode & 0o077, 0, f"{path} {mode:o}")
        self.assertGreater(seen, 5)
        millrace.stop()
        millrace.data.chmod(0o755)
        millrace.start(wait=False)
        self.assertNotEqual(millrace.process.wait(timeout=60), 0)
        self.assertIn("chmod 700", millrace.log_tail())

    @unittest.skipUnless(os.geteuid() == 0, "another user is needed")
    def test_check_36_another_user_gets_nothing_from_the_runners_socket(self):
        self.millrace.submit(DAG.format("etl"))
        self.millrace.finish("etl", self.millrace.trigger("etl"))
        sockets = [p for p in self.millrace.data.rglob("*") if stat.S_ISSOCK(p.lstat().st_mode)]
        self.assertTrue(sockets)
        ask = ("import socket,sys; s=socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET if sys.argv[2]=='5' "
               "else socket.SOCK_STREAM); s.settimeout(20); s.connect(sys.argv[1]); print(len(s.recv(100)))")
        for path in sockets:
            # The modes alone shut it. They are opened here, so that the second lock shows.
            for folder in [*path.parents][:[*path.parents].index(self.millrace.root) + 1]:
                folder.chmod(0o711)
            path.chmod(0o666)
            answers = [subprocess.run(["python3", "-c", ask, path, kind], capture_output=True, text=True,
                                      user=65534, check=False) for kind in "15"]
            good = [a for a in answers if a.returncode == 0]
            reset = [a for a in answers if "reset" in a.stderr or "Broken pipe" in a.stderr]
            self.assertTrue(good or reset, answers)
            for answer in good:
                self.assertEqual(answer.stdout.strip(), "0")


class Audit(harness.DaemonTest):
    def test_check_39_each_mutation_leaves_a_row_with_who_what_before_and_after(self):
        token = new_token(self.millrace, "anna", "admin")
        mine = {"Authorization": f"Bearer {token}"}
        ask = self.millrace.request
        steps = [("POST", "/dags", DAG.format("etl"), "dag"),
                 ("PATCH", "/dags/etl", {"is_paused": True}, "dag"),
                 ("POST", "/pools", {"name": "p", "slots": 1}, "pool"),
                 ("PATCH", "/pools/p", {"slots": 3}, "pool"), ("DELETE", "/pools/p", None, "pool"),
                 ("POST", "/dags/etl/dagRuns", {"dag_run_id": "r1", "conf": {"password": "hunter2"}},
                  "dag_run"),
                 ("PATCH", "/dags/etl/dagRuns/r1", {"note": "looked at"}, "dag_run"),
                 ("POST", "/backfills", {"dag_id": "etl", "dates": ["2001-01-01"]}, "backfill"),
                 ("POST", "/tokens", {"name": "ci"}, "token"), ("DELETE", "/tokens/ci", None, "token")]
        for method, path, body, kind in steps:
            with self.subTest(f"{method} {path}"):
                before = len(audit_logs(self.millrace))
                answer = ask(method, path, body, headers=mine)
                self.assertIn(answer.status, (200, 201, 204), answer)
                rows = audit_logs(self.millrace)
                self.assertEqual(len(rows), before + 1)
                row = rows[0]
                self.assertEqual((row["who"], row["role"], row["method"], row["path"], row["remote"]),
                                 ("anna", "admin", method, "/api/v2" + path, "127.0.0.1"))
                self.assertEqual(row["request_id"], answer.headers["X-Request-Id"])
                self.assertIn(kind, [change.get("object") for change in row["changes"]])
        pool = next(row for row in audit_logs(self.millrace)
                    if row["method"] == "PATCH" and "pools" in row["path"])
        self.assertEqual(pool["changes"], [{"object": "pool", "key": {"name": "p"}, "before": {"slots": 1},
                                            "after": {"slots": 3}}])
        self.assertNotIn("hunter2", str(audit_logs(self.millrace)))  # check 32
        self.assertNotIn(token, str(audit_logs(self.millrace)))

    def test_check_39_what_changed_nothing_leaves_no_row(self):
        self.millrace.submit(DAG.format("etl"))
        before = len(audit_logs(self.millrace))
        self.millrace.get("/dags")
        self.millrace.post("/backfills/dry_run", {"dag_id": "etl", "dates": ["2001-01-01"]})
        self.millrace.post("/dags/nothing/dagRuns")
        self.millrace.post("/pools", {"name": "a b", "slots": 1})
        self.assertEqual(len(audit_logs(self.millrace)), before)

    def test_check_39_the_chain_shows_what_somebody_edited_in_the_database(self):
        for slots in range(1, 4):
            self.millrace.request("PATCH", "/pools/cpu", {"slots": slots})
        self.assertTrue(self.millrace.get("/auditLogs/verify").json["valid"])
        self.millrace.kill()
        with sqlite3.connect(self.millrace.data / "millrace.db") as database:
            with self.assertRaises(sqlite3.DatabaseError):
                database.execute("UPDATE audit_log SET who = 'nobody' WHERE id = 2")
            database.execute("DROP TRIGGER audit_log_no_update")
            database.execute("UPDATE audit_log SET who = 'nobody' WHERE id = 2")
        self.millrace.start()
        verdict = self.millrace.get("/auditLogs/verify").json
        self.assertEqual((verdict["valid"], verdict["broken_at"]), (False, 2))

    def test_the_record_says_whose_request_moved_what(self):
        mine = {"Authorization": f"Bearer {new_token(self.millrace, 'anna', 'author')}"}
        self.millrace.submit(DAG.format("etl"))
        run_id = self.millrace.request("POST", "/dags/etl/dagRuns", {}, headers=mine).json["dag_run_id"]
        self.millrace.finish("etl", run_id)
        self.millrace.request("PATCH", "/dags/etl", {"is_paused": True}, headers=mine)
        lines = self.millrace.get("/eventLogs", limit=1000).json["event_logs"]
        moves = [(row["event"], row["to"], row["owner"]) for row in lines if row["run_id"] == run_id]
        self.assertIn(("run", "running", "anna"), moves)  # made and started in the step of the request
        self.assertIn(("task", "queued", None), moves)  # admission gives the turn
        self.assertIn(("task", "success", None), moves)
        of_anna = self.millrace.get("/eventLogs", owner="anna", limit=1000).json
        expected = [row["event_log_id"] for row in lines if row["owner"] == "anna"]
        self.assertEqual([row["event_log_id"] for row in of_anna["event_logs"]], expected)
        self.assertEqual(of_anna["total_entries"], len(expected))
        self.assertIn(("dag", "anna"), [(row["event"], row["owner"]) for row in of_anna["event_logs"]])
        self.assertEqual(self.millrace.get("/eventLogs", owner_prefix_pattern="an").json["total_entries"],
                         len(expected))
        self.assertEqual(self.millrace.get("/eventLogs", owner="ann").json["total_entries"], 0)

    def test_admins_are_told_each_row_of_the_audit_log_as_it_is_written(self):
        for role in ("viewer", "operator", "author"):
            refused = event_stream.Stream(self.millrace, token=new_token(self.millrace, role, role),
                                          topics="runs,audit")
            self.assertEqual(refused.status, 403)
            refused.close()
        before = audit_logs(self.millrace)[0]["audit_log_id"]
        stream = event_stream.Stream(self.millrace, topics="audit")
        other = event_stream.Stream(self.millrace, topics="events")
        self.addCleanup(stream.close)
        self.addCleanup(other.close)
        for slots in range(1, 31):
            self.millrace.request("PATCH", "/pools/cpu", {"slots": slots})
        new_token(self.millrace, "ci")  # changes nothing that the record tells of
        stream.wait_for(lambda message: message.data["path"] == "/api/v2/tokens")
        rows = self.millrace.get("/auditLogs", limit=31).json["audit_logs"][::-1]
        self.assertEqual([message.data for message in stream.messages], rows)
        self.assertEqual(rows[0]["audit_log_id"], before + 1)
        self.assertEqual({message.type for message in stream.messages}, {"audit"})
        other.wait_for(lambda message: message.type == "capacity")
        self.assertFalse([message for message in other.messages if message.type == "audit"])

    def test_check_39_no_route_edits_the_record(self):
        for method, path, _ in routes(self.millrace):
            if "auditLogs" in path or "eventLogs" in path:
                self.assertEqual(method, "GET", path)


if __name__ == "__main__":
    unittest.main()
