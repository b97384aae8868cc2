"""The web UI's files as the daemon's binary serves them: pages, parts, codings, and the way in."""

import gzip
import os
import pathlib
import re
import subprocess
import unittest
import urllib.parse

import harness
from doors import bearer, new_token, request

PAGES = ("/", "/dags", "/dags/etl", "/dags/etl/grid?runs=50", "/dags/etl/runs/r1", "/runs?state=failed",
         "/backfills", "/backfills/new?dag_id=etl", "/datasets/flights.raw", "/features", "/capacity",
         "/compare", "/event-log", "/settings", "/submit", "/nowhere/at/all")
BROWSER = ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
BUILT = pathlib.Path(harness.BINARY).parent / "web/dist"


class Web(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        self.port = self.millrace.port
        self.admin = bearer(self.millrace.token)

    def get(self, path, *headers, method="GET"):
        return request(self.port, method, path, [self.admin, *headers])

    def log_in(self, token=None, next_page=None):
        body = {"token": token or self.millrace.token}
        if next_page is not None:
            body["next"] = next_page
        return request(self.port, "POST", "/login",
                       [("Content-Type", "application/x-www-form-urlencoded"),
                        ("Origin", f"http://127.0.0.1:{self.port}")], urllib.parse.urlencode(body).encode())

    def session(self, token=None):
        return ("Cookie", self.log_in(token).headers["set-cookie"].split(";")[0])

    def parts(self):
        """Every file that the first page names, and those that they name in turn."""
        found, todo = {}, re.findall(r'(?:src|href)="(/[^"]+)"', self.get("/").body.decode())
        while todo:
            path = todo.pop()
            if path in found or path == "/":
                continue
            found[path] = self.get(path)
            text = found[path].body.decode("latin-1")
            todo += ["/assets/" + name for name in re.findall(r"assets/([\w.-]+-[\w-]{8}\.\w+)", text)]
            todo += ["/assets/" + name for name in re.findall(r"""["'(]\./([\w.-]+-[\w-]{8}\.\w+)""", text)]
        return found

    def test_every_page_is_one_document(self):
        home = self.get("/")
        self.assertEqual((home.status, home.headers["content-type"]), (200, "text/html; charset=utf-8"))
        cookie = self.session()
        for path in PAGES:
            with self.subTest(path):
                page = request(self.port, "GET", path, [cookie, BROWSER])
                self.assertEqual((page.status, page.body), (200, home.body))
                self.assertEqual(page.headers["cache-control"], "no-cache")
                head = request(self.port, "HEAD", path, [cookie, BROWSER])
                self.assertEqual((head.status, head.body), (200, b""))
                self.assertEqual(head.headers["content-length"], str(len(home.body)))

    def test_a_browser_without_a_session_logs_in_and_comes_back(self):
        for path in PAGES:
            with self.subTest(path):
                sent = request(self.port, "GET", path, [BROWSER])
                self.assertEqual(sent.status, 303)
                where = urllib.parse.urlsplit(sent.headers["location"])
                self.assertEqual(where.path, "/login")
                wanted = urllib.parse.parse_qs(where.query).get("next", ["/"])[0]
                self.assertEqual(wanted, path)
                form = request(self.port, "GET", sent.headers["location"], [BROWSER])
                self.assertEqual(form.status, 200)
                self.assertEqual(self.log_in(next_page=wanted).headers["location"], path)
        self.assertEqual(request(self.port, "GET", "/dags").status, 401)

    def test_a_login_leads_to_no_other_place(self):
        for elsewhere in ("//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)",
                          "/\t/evil.example", "/dags\r\nSet-Cookie: a=b", "/api/v2/dags", "/logout",
                          "dags", ""):
            with self.subTest(elsewhere):
                self.assertEqual(self.log_in(next_page=elsewhere).headers["location"], "/")
                query = urllib.parse.urlencode({"next": elsewhere})
                form = request(self.port, "GET", "/login?" + query, [BROWSER])
                self.assertNotIn(b"next", form.body)
                onward = request(self.port, "GET", "/login?" + query, [self.session()])
                self.assertEqual((onward.status, onward.headers["location"]), (303, "/"))

    def test_what_is_no_page_stays_what_it_was(self):
        cookie = self.session()
        for path in ("/api/v2/nothing", "/api/nothing", "/api", "/assets/none.js", "/assets/",
                     "/assets/../theme.js", "/auth/nothing", "/docs/nothing", "/login/nothing",
                     "/favicon.ico", "/index.html", "/.git/config", "/admin.token", "//dags"):
            with self.subTest(path):
                self.assertEqual(request(self.port, "GET", path, [cookie, BROWSER]).status, 404)
                self.assertEqual(request(self.port, "GET", path, [BROWSER]).status, 401)
        for path in ("/api/v2/dags", "/events", "/openapi.json", "/theme.js"):
            self.assertEqual(request(self.port, "GET", path, [BROWSER]).status, 401, path)
        self.assertEqual(request(self.port, "POST", "/dags", [self.admin]).status, 405)

    def test_all_parts_are_there_in_each_coding(self):
        parts = self.parts()
        kinds = {path.rsplit(".", 1)[1] for path in parts}
        self.assertLessEqual({"js", "css", "svg", "woff2"}, kinds)
        self.assertGreater(len(parts), 10)
        for path, plain in parts.items():
            with self.subTest(path):
                self.assertEqual(plain.status, 200)
                self.assertNotIn("content-encoding", plain.headers)
                self.assertNotIn(b"sourceMappingURL", plain.body)
                gzipped = self.get(path, ("Accept-Encoding", "gzip"))
                if gzipped.headers.get("content-encoding") == "gzip":
                    self.assertEqual(gzip.decompress(gzipped.body), plain.body)
                    self.assertEqual(gzipped.headers["vary"], "Accept-Encoding")
                    self.assertEqual(plain.headers["vary"], "Accept-Encoding")
                else:
                    self.assertTrue(path.endswith("woff2") or len(plain.body) < 200, path)
                    self.assertEqual(gzipped.body, plain.body)
                brotli = self.get(path, ("Accept-Encoding", "gzip, deflate, br;q=1.0"))
                if brotli.headers.get("content-encoding") == "br":
                    self.assertEqual(brotli.body, (BUILT / (path[1:] + ".br")).read_bytes())
                    self.assertLess(len(brotli.body), len(plain.body))
                same = self.get(path, ("Accept-Encoding", "br;q=0, gzip;q=0"))
                self.assertEqual(same.body, plain.body)

    def test_who_has_a_part_is_sent_nothing_again(self):
        script = next(path for path in self.parts() if re.match(r"/assets/index-.*\.js$", path))
        tags = set()
        for coding in ("identity", "gzip", "br"):
            first = self.get(script, ("Accept-Encoding", coding))
            tag = first.headers["etag"]
            tags.add(tag)
            again = self.get(script, ("Accept-Encoding", coding), ("If-None-Match", tag))
            self.assertEqual((again.status, again.body), (304, b""))
            self.assertEqual(again.headers["etag"], tag)
            self.assertEqual(again.headers["cache-control"], "private, max-age=31536000, immutable")
        self.assertEqual(len(tags), 3)
        for path in ("/", "/theme.js", "/favicon.svg", "/login/style.css"):
            tag = self.get(path).headers["etag"]
            self.assertEqual(self.get(path, ("If-None-Match", tag)).status, 304, path)

    def test_names_with_a_hash_are_kept_for_a_year_and_others_are_asked_about(self):
        for path, answer in self.parts().items():
            kept = "private, max-age=31536000, immutable" if path.startswith("/assets/") else "no-cache"
            self.assertEqual(answer.headers["cache-control"], kept, path)

    def test_the_policy_allows_what_the_pages_need_and_nothing_inline(self):
        for answer in (self.get("/"), self.get("/dags/etl"), request(self.port, "GET", "/login"),
                       *self.parts().values()):
            rules = answer.headers["content-security-policy"].split("; ")
            self.assertEqual(dict(rule.split(" ", 1) for rule in rules), {
                "default-src": "'self'", "script-src": "'self'", "worker-src": "'self'",
                "style-src": "'self'", "img-src": "'self' data:", "connect-src": "'self'",
                "object-src": "'none'", "base-uri": "'none'", "form-action": "'self'",
                "frame-ancestors": "'none'"})
            self.assertEqual(answer.headers["x-content-type-options"], "nosniff")
            self.assertEqual(answer.headers["referrer-policy"], "no-referrer")
        page = self.get("/").body.decode()
        # Else a form of the page, to log out, says `Origin: null` and is refused.
        self.assertIn('<meta name="referrer" content="same-origin">', page)
        self.assertNotRegex(page, r"<script(?![^>]* src=)|<style|style=| on\w+=")
        self.assertNotRegex(page, r"https?://")

    def test_a_page_and_its_parts_need_a_session_that_lives(self):
        viewer = new_token(self.millrace, "looker")
        cookie = self.session(viewer)
        paths = ["/dags", *self.parts()]
        for path in paths:
            self.assertEqual(request(self.port, "GET", path, [cookie]).status, 200, path)
            without = request(self.port, "GET", path).status
            self.assertEqual(without, 200 if path == "/favicon.svg" else 401, path)
        limited = new_token(self.millrace, "some", scope={"dags": ["etl_*"]})
        self.assertEqual(request(self.port, "GET", "/dags", [bearer(limited)]).status, 200)
        self.assertEqual(self.millrace.request("DELETE", "/tokens/looker").status, 204)
        self.assertEqual(request(self.port, "GET", "/dags", [cookie, BROWSER]).headers["location"],
                         "/login?next=%2Fdags")
        script = next(path for path in paths if path.startswith("/assets/"))
        self.assertEqual(request(self.port, "GET", script, [cookie]).status, 401)
        cookie = self.session()
        out = request(self.port, "POST", "/logout", [cookie, ("Origin", f"http://127.0.0.1:{self.port}")])
        self.assertEqual((out.status, out.headers["location"]), (303, "/login"))
        self.assertEqual(request(self.port, "GET", "/", [cookie, BROWSER]).headers["location"], "/login")

    def test_the_pages_know_the_api_as_it_is(self):
        document = self.millrace.root / "openapi.json"
        document.write_bytes(self.get("/openapi.json").body)
        made = self.millrace.root / "schema.ts"
        web = harness.SOURCE / "web"
        subprocess.run([harness.SOURCE / "tools/node", "node_modules/.bin/openapi-typescript", document,
                        "-o", made], cwd=web, check=True, capture_output=True)
        kept = web / "src/api/schema.ts"
        if os.environ.get("UPDATE"):
            kept.write_bytes(made.read_bytes())
        self.assertTrue(kept.read_bytes() == made.read_bytes(),
                        "web/src/api/schema.ts is of another API: UPDATE=1 test_web.py writes it anew")

    def test_open_leads_into_the_pages(self):
        made = subprocess.run([harness.BINARY, "--data", self.millrace.data, "--url",
                               f"http://127.0.0.1:{self.port}", "open", "--print"],
                              capture_output=True, text=True, check=True)
        entered = request(self.port, "GET", urllib.parse.urlsplit(made.stdout.strip()).path, [BROWSER])
        self.assertEqual((entered.status, entered.headers["location"]), (303, "/"))
        cookie = ("Cookie", entered.headers["set-cookie"].split(";")[0])
        self.assertIn(b"<script", request(self.port, "GET", "/", [cookie, BROWSER]).body)


if __name__ == "__main__":
    unittest.main()
