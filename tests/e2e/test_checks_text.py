"""Checks 11-14, 16-22, 24, 31 of docs/security.md: text from outside stays text, and never becomes a path."""

import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import unittest
import urllib.parse

import harness
from doors import JSON, bearer, filled, request, routes

DAG = """dag_id: etl
params: {word: {type: string, default: ''}}
tasks: {t: {command: [printf, '%s', '{{ params.word }}']}}
"""
EVIL_IDS = ["..", "%2e%2e", "%2F", "..%2f..%2fetc%2fpasswd", "%252F", "%252e%252e", "a%5Cb", "a%00b",
            "a" * 300, "%E2%88%95", "%c0%ae%c0%ae", "a%0d%0ab", "%", "%zz"]
MARKUP = "<img src=x onerror=alert(1)>\"';--{{7*7}}${7*7}<% %>`javascript:`\x1b]8;;http://evil\x07"


class Strace:
    """Every open and stat of the daemon, while it lives."""

    def __init__(self, pid, file):
        self.file = pathlib.Path(file)
        self.process = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=%file", "-o", str(file),
                                         "-p", str(pid)], stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        return re.findall(r'"((?:[^"\\]|\\.)*)"', self.file.read_text(errors="replace"))


class Text(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.millrace = harness.Daemon()
        cls.addClassCleanup(cls.millrace.close)
        cls.millrace.start()
        cls.millrace.submit(DAG)
        cls.port = cls.millrace.port
        cls.admin = bearer(cls.millrace.token)
        run_id = cls.millrace.trigger("etl", dag_run_id="r1", conf={"word": MARKUP}, note=MARKUP)
        cls.millrace.finish("etl", run_id)
        cls.routes = routes(cls.millrace)

    def get(self, path, *headers):
        return request(self.port, "GET", path, [self.admin, *headers])

    @unittest.skipUnless(shutil.which("strace"), "strace is missing: tools/setup test")
    @unittest.skipUnless(os.geteuid() == 0, "the daemon can be traced by root alone")
    def test_check_11_to_13_an_id_is_never_a_path(self):
        watch = Strace(self.millrace.process.pid, self.millrace.root / "strace")
        # A log is opened at each look: the first one that shows says that all opens are seen.
        log = "/api/v2/dags/etl/dagRuns/r1/taskInstances/t/logs/1"
        self.millrace.wait_until(lambda: self.get(log).status == 200 and watch.file.exists()
                                 and "etl/r1" in watch.file.read_text(errors="replace"), "it watches")
        tried = 0
        for method, path, _ in self.routes:
            if method != "GET":
                continue
            for name in re.findall(r"\{(\w+)\}", path):
                for evil in EVIL_IDS:
                    tried += 1
                    target = filled(path, **{name: evil})  # the others exist: the evil one is reached
                    status = self.get(target).status
                    self.assertIn(status, (400, 401, 404, 429), target)
        opened = watch.stop()
        self.assertGreater(tried, 300)
        self.assertFalse([path for path in opened if "passwd" in path or ".." in path.split("/")])
        ours = (str(self.millrace.root), "/proc/", "/sys/", "/dev/", "/usr/share/zoneinfo", "/etc/localtime")
        self.assertEqual([path for path in opened if path.startswith("/") and not path.startswith(ours)], [])

    def test_check_11_ids_in_bodies_are_checked_too(self):
        for evil in ("../x", "a/b", "..", ".hidden", "a\\b", "a\0b", "x" * 300, "\u2215"):
            answer = self.millrace.post("/dags/etl/dagRuns", {"dag_run_id": evil})
            self.assertEqual(answer.status, 422, evil)
            answer = self.millrace.post("/pools", {"name": evil if evil != ".hidden" else "../h", "slots": 1})
            self.assertEqual(answer.status, 422, evil)
            text = f"dag_id: {evil!r}\ntasks: {{a: {{command: ['true']}}}}\n".replace(".hidden", "../hidden")
            answer = self.millrace.post("/dags", text)
            self.assertIn(answer.status, (400, 422), evil)

    def test_check_14_a_log_that_became_a_link_is_not_followed(self):
        self.millrace.finish("etl", self.millrace.trigger("etl", dag_run_id="linked"))
        path = "/api/v2/dags/etl/dagRuns/linked/taskInstances/t/logs/1"
        self.assertEqual(self.get(path).status, 200)
        log = self.millrace.data / "logs/etl/linked/t.-1.1.log"
        log.unlink()
        log.symlink_to("/etc/passwd")
        answer = self.get(path)
        self.assertNotIn(b"root:", answer.body)
        elsewhere = self.millrace.root / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / log.name).write_text("root: of another folder")
        shutil.rmtree(log.parent)
        log.parent.symlink_to(elsewhere)
        self.assertNotIn(b"root:", self.get(path).body)
        log.parent.unlink()

    def test_check_16_there_are_no_static_files_to_walk(self):
        for path in ("/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/login/%2e%2e/%2e%2e/etc/passwd",
                     "/login/", "/.git/config", "/admin.token", "/login/..%2fadmin.token",
                     "/login//style.css", "//etc/passwd",
                     "/docs/..%2f..%2fadmin.token", "/docs/%2e%2e/admin.token"):
            with self.subTest(path):
                self.assertIn(self.get(path).status, (400, 404))
                self.assertIn(request(self.port, "GET", path).status, (400, 401))

    def test_check_17_a_parameter_arrives_as_data(self):
        mark = self.millrace.root / "touched"
        word = f"$(touch {mark}); `touch {mark}`\n\"; touch {mark} #' && touch {mark}"
        run_id = self.millrace.trigger("etl", conf={"word": word})
        self.millrace.finish("etl", run_id)
        self.assertEqual(self.millrace.log_text("etl", run_id, "t").decode(), word)
        self.assertFalse(mark.exists())

    def test_check_18_and_21_templates_and_markup_are_shown_literally(self):
        self.assertEqual(self.millrace.log_text("etl", "r1", "t").decode(), MARKUP)
        run = self.millrace.run("etl", "r1")
        self.assertEqual((run["note"], run["conf"]["word"]), (MARKUP, MARKUP))

    def test_check_19_words_that_look_like_options_are_words(self):
        for word in ("--upload-pack=touch x", "-e", "--help", "-"):
            run_id = self.millrace.trigger("etl", conf={"word": word})
            self.assertEqual(self.millrace.finish("etl", run_id)["state"], "success")
            self.assertEqual(self.millrace.log_text("etl", run_id, "t").decode(), word)
        self.assertEqual(self.millrace.post("/dags/etl/dagRuns", {"dag_run_id": "--x y"}).status, 422)

    def test_check_20_sql_in_filters_and_sort_keys_is_text(self):
        words = ["'", "' OR '1'='1", "\"; DROP TABLE dag; --", "%", "_", "1; SELECT 1", "\\",
                 "a' UNION SELECT 1 --"]
        total = self.millrace.get("/dags").json["total_entries"]
        document = self.millrace.request("GET", "/openapi.json", base="").json
        for method, path, _ in self.routes:
            if method != "GET" or path.endswith(("/events", "/wait", "/{code}")):
                continue
            for parameter in document["paths"][path]["get"]["parameters"]:
                if parameter["in"] != "query" or parameter["name"] == "follow":
                    continue
                for word in words:
                    query = urllib.parse.urlencode({parameter["name"]: word})
                    answer = self.get(f"{filled(path)}?{query}")
                    self.assertLess(answer.status, 500, f"{path}?{query} {answer!r}")
                    if parameter["name"] == "order_by" and "{" not in path:
                        self.assertEqual(answer.status, 422, f"{path}?{query}")
        self.assertEqual(self.millrace.get("/dags").json["total_entries"], total)
        self.assertEqual(self.millrace.get("/dags", dag_id_pattern="' OR '1'='1").json["dags"], [])

    def test_check_21_and_24_nothing_from_data_is_served_as_a_page(self):
        pages = set()
        for method, path, _ in self.routes:
            if method != "GET" or path.endswith(("/events", "/wait")):
                continue
            answer = self.get(filled(path, run_id="r1"))
            kind = answer.headers.get("content-type", "")
            if "html" in kind or "svg" in kind or "xml" in kind or "javascript" in kind:
                pages.add(path)
                self.assertNotRegex(answer.body, rb"<script(?![^>]* src=)|<[^>]* on\w+=|javascript:")
        self.assertLessEqual(pages, {"/", "/{page}", "/theme.js", "/favicon.svg", "/login",
                                     "/auth/link/{code}", "/docs"})
        log = self.get("/api/v2/dags/etl/dagRuns/r1/taskInstances/t/logs/1")
        self.assertTrue(log.headers["content-type"].startswith("text/plain"))
        self.assertEqual(log.headers["x-content-type-options"], "nosniff")

    def test_check_22_names_are_escaped_on_our_pages_and_in_our_log(self):
        answer = self.millrace.post("/tokens", {"name": "<b>"})
        self.assertEqual(answer.status, 422)
        lines = self.millrace.log.read_bytes()
        self.assertNotIn(b"\x1b", lines)
        for line in lines.decode().splitlines():
            self.assertRegex(line, r"^\S")

    def test_check_31_an_error_of_ours_shows_an_id_and_nothing_else(self):
        millrace = harness.Daemon()
        self.addCleanup(millrace.close)
        millrace.start()
        with sqlite3.connect(millrace.data / "millrace.db") as database:
            database.execute("ALTER TABLE import_error RENAME TO gone")
        answer = millrace.get("/importErrors")
        self.assertEqual(answer.status, 500)
        self.assertRegex(answer.json["detail"], r"id=\d+$")
        for leak in ("import_error", "sqlite", "SELECT", ".cc", "/"):
            self.assertNotIn(leak, answer.json["detail"].replace("here;", ""))
        self.assertEqual(millrace.get("/dags").status, 200)
        self.assertIn("import_error", millrace.log_tail())


if __name__ == "__main__":
    unittest.main()
