"""Check 32 of docs/security.md: tasks say their secrets in every way, and nobody else hears them."""

import base64
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import unittest
import urllib.parse

import harness
from doors import bearer, filled, request, routes
from event_stream import Stream

PASSWORD = "s3cr3t-pa55%40word"
URL = f"postgres://app:{PASSWORD}@db.example:5432/prod"
KEY = 'key "quoted" \\ and / long enough'
LINES = ["-----BEGIN A PRIVATE THING-----", "MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8",
         "-----END A PRIVATE THING-----"]
NUMBER = "4815162342"
ALL = [URL, PASSWORD, urllib.parse.unquote(PASSWORD), KEY, json.dumps(KEY)[1:-1],
       urllib.parse.quote(KEY, safe=""), *LINES, NUMBER]

DAG = """
dag_id: etl
secrets:
  - {{env: DB_URL, from: env:PROD_DB_URL}}
  - {{env: API_KEY, from: "file:{root}/api key"}}
  - {{env: PEM, from: file:{root}/pem}}
  - {{env: NUMBER, from: env:NUMBER_OF_TESTS}}
params: {{password: {{type: string, default: ''}}, word: {{type: string, default: ''}}}}
tasks:
  t:
    script: |
      env | sort
      echo "$DB_URL"; echo "$API_KEY"; echo "$PEM"; echo "$NUMBER $PARAM_PASSWORD $PARAM_WORD"
      python3 -c 'import os; from urllib.parse import unquote, urlsplit
      print("password is", unquote(urlsplit(os.environ["DB_URL"]).password))' >&2
  pieces:
    script: |
      printf 'in pieces '
      for i in $(seq 0 $((${{#DB_URL}} - 1))); do printf '%s' "${{DB_URL:$i:1}}"; done
      echo ' done'
  long:
    command:
      - python3
      - -c
      - |
        import json, os, sys, urllib.parse
        url, key = os.environ['DB_URL'], os.environ['API_KEY']
        for border in (1 << 15, 1 << 16, 100_000, 1 << 18, 1 << 20):
            for shift in (1, len(url) // 2, len(url) - 1):
                sys.stdout.write('x' * (border - shift) + url + 'y' * 50 + '\\n')
        print('long line', 'z' * 100_000 + url + 'z' * 100_000)
        print(json.dumps({{'key': key, 'n': int(os.environ['NUMBER'])}}), urllib.parse.quote(key, safe=''))
  codes:
    script: |
      printf '%s' "$DB_URL" | base64 -w0; echo
      printf 'app:%s' "$API_KEY" | base64 -w0; echo
      printf '{{"pem":"%s"}}' "$PEM" | base64 -w0 | tr '+/' '-_'; echo
      echo "$NUMBER" | base64
  tells:
    script: |
      {{ echo "url=$DB_URL"; echo "n=$NUMBER"; echo "plain=12"; }} >> "$MILLRACE_OUTPUT"
      python3 -c 'import json, os; print(json.dumps({{"deep": [{{"k": os.environ["API_KEY"]}}]}}))' \
        >> "$MILLRACE_OUTPUT"
      printf 'pem<<EOF\\n%s\\nEOF\\n' "$PEM" >> "$MILLRACE_OUTPUT"
  hears:
    command: [echo, "{{{{ tasks.tells.output.url }}}} {{{{ params.word }}}} {{{{ params.password }}}}"]
  cannot: {{command: ["{{{{ params.word }}}}"], trigger_rule: all_done, depends_on: [hears]}}
  fails:
    script: 'python3 -c "import os; raise ValueError(os.environ[\\"DB_URL\\"])"'
  misspells: {{script: 'echo "$NUMBER=1" >> "$MILLRACE_OUTPUT"'}}
"""


def masked(text):
    for secret in sorted(ALL, key=len, reverse=True):
        text = text.replace(secret, "*" * len(secret))
    return text


def assert_clean(case, text, what):
    text = text if isinstance(text, bytes) else text.encode()
    for secret in ALL:
        case.assertNotIn(secret.encode(), text, what)


def daemon_with_secrets(cls):
    millrace = harness.Daemon(environment={"PROD_DB_URL": URL, "NUMBER_OF_TESTS": NUMBER})
    cls.addClassCleanup(millrace.close)
    (millrace.root / "api key").write_text(KEY + "\n")
    (millrace.root / "pem").write_text("\n".join(LINES) + "\n")
    millrace.start()
    millrace.submit(DAG.format(root=millrace.root))
    return millrace


class Secrets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.millrace = daemon_with_secrets(cls)
        cls.stream = Stream(cls.millrace, topics="dag:etl")
        cls.millrace.trigger("etl", dag_run_id="r1")
        cls.millrace.finish("etl", "r1")
        cls.states = cls.millrace.task_states("etl", "r1")

    def log(self, task, **headers):
        path = f"/dags/etl/dagRuns/r1/taskInstances/{task}/logs/1"
        return self.millrace.request("GET", path, headers=headers).body

    def file(self, task):
        return next((self.millrace.data / "logs").rglob(f"{task}.-1.1.log")).read_bytes()

    def assert_clean(self, text, what):
        assert_clean(self, text, what)

    def cli(self, *words):
        done = subprocess.run([harness.BINARY, "--data", self.millrace.data, "--url",
                               f"http://127.0.0.1:{self.millrace.port}", *words], capture_output=True,
                              text=True, check=False, timeout=harness.GUARD_S)
        return done.stdout + done.stderr

    def test_check_32_tasks_have_the_values_and_their_logs_are_shown_without(self):
        self.assertEqual(self.states["t"], "success")
        raw = self.file("t").decode()
        for secret in (URL, KEY, LINES[1], NUMBER):
            self.assertIn(secret, raw)  # the task had it
        for task in ("t", "pieces", "long", "fails", "hears"):
            raw, shown = self.file(task).decode(), self.log(task)
            self.assertEqual(shown.decode(), masked(raw), task)
            self.assertEqual(len(shown), len(raw.encode()), task)
            self.assert_clean(shown, task)
        self.assertIn(b"in pieces " + b"*" * len(URL) + b" done", self.log("pieces"))

    def test_check_32_base64_of_them_is_hidden_but_for_a_letter_at_either_end(self):
        self.assertEqual(self.states["codes"], "success")
        raw, shown = self.file("codes").split(), self.log("codes").split()
        for secret, before, code, seen in zip((URL, KEY, "\n".join(LINES), NUMBER), (0, 4, 8, 0), raw, shown):
            plain = code.translate(bytes.maketrans(b"-_", b"+/"))
            self.assertIn(secret.encode(), base64.b64decode(plain))  # the task said it
            first, end = -(-before * 8 // 6), (before + len(secret.encode())) * 8 // 6
            self.assertEqual(seen, code[:first] + b"*" * (end - first) + code[end:])

    def test_check_32_ranges_begin_and_end_within_secrets(self):
        whole = self.log("long")
        self.assertGreater(len(whole), 1 << 20)
        for at in [m.start() for m in re.finditer(rb"\*+", whole)]:
            for first, last in ((at - 3, at + 2), (at + 1, at + 4), (at + len(URL) - 2, at + len(URL) + 3),
                                (at - 10, at + 300_000)):
                first, last = max(first, 0), min(last, len(whole) - 1)
                part = self.log("long", Range=f"bytes={first}-{last}")
                self.assertEqual(part, whole[first:last + 1], (first, last))

    def test_check_32_a_search_is_no_oracle(self):
        for task in ("t", "long", "pieces"):
            for wanted in (URL, PASSWORD, "s3cr3t", "db.example", URL[5:12], KEY[:9], LINES[1][4:20],
                           NUMBER[:6]):
                for more in ({}, {"ignore_case": "true"}):
                    self.assertEqual(self.found(task, wanted, **more), 0, wanted)
        self.assertEqual(self.found("long", "yyyyy" * 10), 15)

    def found(self, task, wanted, **more):
        """How often, by all the calls that it takes."""
        count, base = 0, f"/dags/etl/dagRuns/r1/taskInstances/{task}/logs/1/search"
        while True:
            answer = self.millrace.get(base, q=wanted, **more)
            self.assert_clean(answer.body, wanted)
            count += len(answer.json["matches"])
            if not answer.json["next"]:
                return count
            more["from"] = answer.json["next"]

    def test_check_32_outputs_are_stored_without(self):
        self.assertEqual(self.states["tells"], "success")
        outputs = self.millrace.outputs("etl", "r1", "tells")
        self.assertEqual(outputs["url"], "*" * len(URL))
        self.assertEqual(outputs["n"], "*" * len(NUMBER))
        self.assertEqual(outputs["plain"], 12)
        self.assertEqual(outputs["deep"], [{"k": "*" * len(KEY)}])
        self.assertEqual(outputs["pem"], "\n".join("*" * len(line) for line in LINES))
        self.assertEqual(self.log("hears").split()[0], b"*" * len(URL))
        self.assertEqual(self.states["misspells"], "failed")
        self.assertEqual(self.millrace.tasks("etl", "r1")["misspells", -1]["reason"], "output")
        self.assertIn(b"a key holds a secret", self.millrace.get("/eventLogs", limit=1000).body)

    def test_check_32_no_answer_no_stream_no_command_and_no_file_of_ours_has_one(self):
        self.millrace.request("PATCH", "/dags/etl/dagRuns/r1", {"note": f"it was {URL}"})
        self.millrace.request("PATCH", "/dags/etl/dagRuns/r1/taskInstances/t", {"note": f"it was {NUMBER}"})
        self.assertEqual(self.millrace.run("etl", "r1")["note"], "it was " + "*" * len(URL))
        asked = 0
        admin = bearer(self.millrace.token)
        for method, path, _ in routes(self.millrace):
            if method != "GET" or path.endswith(("/events", "/wait")):
                continue
            for task in self.states if "{task_id}" in path else ("t",):
                for accept in ("application/json", "application/octet-stream", "*/*"):
                    target = filled(path, task_id=task)
                    answer = request(self.millrace.port, "GET", target, [admin, ("Accept", accept)])
                    self.assert_clean(answer.body, target)
                    asked += answer.status == 200
        self.assertGreater(asked, 100)
        for task in self.states:
            log = f"/dags/etl/dagRuns/r1/taskInstances/{task}/logs/1"
            followed = self.millrace.get(log, follow=1).body
            self.assertIn(b"event: end", followed)
            self.assert_clean(followed, f"{task} followed")
            for words in (("log",), ("log", "--follow"), ("log", "--json"), ("explain",)):
                words = ("tasks", *words, "etl", "r1", task)
                self.assert_clean(self.cli(*words), words)
        for words in (("runs", "show", "etl", "r1", "--json"), ("tasks", "list", "etl", "r1", "--json"),
                      ("dags", "show", "etl", "--json"), ("audit", "list", "--json"),
                      ("tasks", "search", "etl", "r1", "t", "password")):
            self.assert_clean(self.cli(*words), words)
        self.assertTrue(self.stream.messages)
        self.assert_clean(repr(self.stream.messages), "events")
        self.assert_clean(request(self.millrace.port, "GET", "/metrics", [admin]).body, "metrics")
        self.assert_clean(self.millrace.log.read_bytes(), "the daemon's own log")
        files = [path for path in self.millrace.data.rglob("*") if path.is_file()]
        of_tasks = (self.millrace.data / "logs", self.millrace.data / "outputs")
        ours = [path for path in files if not any(path.is_relative_to(folder) for folder in of_tasks)]
        self.assertIn("millrace.db", {path.name for path in ours})
        for path in ours:
            self.assert_clean(path.read_bytes(), path)
        for pid in [self.millrace.process.pid, *self.millrace.runner_pids()]:
            self.assert_clean(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes(), "cmdline")
        for pid in self.millrace.runner_pids():
            self.assertEqual(pathlib.Path(f"/proc/{pid}/environ").read_bytes(), b"")


class Params(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.millrace = daemon_with_secrets(cls)

    def test_check_32_secrets_given_as_params_are_shown_to_nobody(self):
        self.millrace.trigger("etl", dag_run_id="r1")  # from now on the values are known
        self.millrace.finish("etl", "r1")
        password = "a-password-of-one-run"
        backfill = self.millrace.post("/backfills", {"dag_id": "etl", "dates": ["2001-01-01"],
                                                     "params": {"word": URL, "password": password}})
        self.assertEqual(backfill.status, 200, backfill)
        self.millrace.trigger("etl", dag_run_id="r2", conf={"word": URL, "password": password})
        self.millrace.finish("etl", "r2")
        run = self.millrace.run("etl", "r2")
        self.assertEqual(run["conf"], {"password": "***", "word": "*" * len(URL)})
        path = "/dags/etl/dagRuns/r2/taskInstances"
        log = self.millrace.get(f"{path}/t/logs/1").body.decode()
        self.assertIn(f"PARAM_PASSWORD={'*' * len(password)}\n", log)
        cannot = self.millrace.get(f"{path}/cannot/tries/1").body.decode()
        self.assertIn("*" * len(URL), cannot)  # `command not found: …`
        everything = [backfill.body, log.encode(), cannot.encode()]
        for more in ("", "/hears/tries/1", "/t/tries/1"):
            everything.append(self.millrace.get(path + more).body)
        for path in ("/auditLogs?limit=100", "/backfills?dag_id=etl", "/dags/etl/dagRuns/r2/manifest",
                     "/eventLogs"):
            answer = self.millrace.get(path)
            self.assertEqual(answer.status, 200, path)
            everything.append(answer.body)
        for text in everything:
            assert_clean(self, text, text[:200])
            self.assertNotIn(password.encode(), text)


class Life(harness.DaemonTest):
    def start(self, **environment):
        self.millrace.stop()
        self.millrace.environment = {**os.environ, **environment}
        self.millrace.start()

    def log(self, run_id="r1"):
        return self.millrace.log_text("etl", run_id, "t").decode()

    def test_what_was_masked_stays_masked_after_rotation_kill_and_restart(self):
        source = self.millrace.root / "token"
        self.millrace.submit(f"dag_id: etl\nsecrets: [{{env: TOKEN, from: 'file:{source}'}}]\n"
                             "tasks: {t: {script: 'echo \"$TOKEN\"'}}\n")
        for number in range(1, 4):
            source.write_text(f"token-number-{number}\n")
            self.millrace.finish("etl", self.millrace.trigger("etl", dag_run_id=f"r{number}"))
        self.millrace.kill()
        source.unlink()
        self.millrace.start()
        for number in range(1, 4):
            self.assertEqual(self.log(f"r{number}"), "*" * len("token-number-1") + "\n")

    def test_a_secret_that_is_not_there_fails_the_attempt_with_its_name_and_place(self):
        self.start(TINY="abc")
        dag = ("dag_id: etl\nsecrets: [{{env: DB_URL, from: {}}}]\n"
               "tasks: {{t: {{command: [env], retries: 3}}}}\n")
        for source, words in (("env:NOT_THERE", "2:31: secret 'DB_URL' can't be had from the environment "
                                                "variable NOT_THERE of the daemon: it isn't set"),
                              ("file:/nonexistent/x", "from the file '/nonexistent/x': No such file"),
                              ("env:TINY", "no line of 6 bytes")):
            with self.subTest(source):
                run, states = self.run_dag(dag.format(source))
                self.assertEqual(states["t"], "failed")
                run_id = urllib.parse.quote(run["dag_run_id"], safe="")
                tries = self.millrace.get(f"/dags/etl/dagRuns/{run_id}/taskInstances/t/tries/1").json
                self.assertIn(words, tries["exit"]["message"])
                self.assertNotIn("abc", tries["exit"]["message"])
                self.assertIn("spawn_failed", json.dumps(tries))

    def test_while_a_task_writes_no_beginning_of_a_secret_is_shown(self):
        secret = "a-long-secret-of-the-daemon"
        self.start(TOKEN=secret)
        flags = self.millrace.root
        self.millrace.submit(
            "dag_id: etl\nsecrets: [{env: TOKEN, from: env:TOKEN}]\ntasks:\n  t:\n    script: |\n"
            "      echo first; printf 'then %s' \"${TOKEN:0:20}\"\n"
            f"      touch {flags}/half; while [ ! -e {flags}/on ]; do sleep 0.05; done\n"
            f"      printf '%s and more' \"${{TOKEN:20}}\"; touch {flags}/whole\n"
            f"      while [ ! -e {flags}/end ]; do sleep 0.05; done\n")
        self.millrace.trigger("etl", dag_run_id="r1")
        self.millrace.wait_until((flags / "half").exists, "half of it is written")
        self.assertEqual(self.log(), "first\n")
        (flags / "on").touch()
        self.millrace.wait_until((flags / "whole").exists, "all of it is written")
        # What could begin a secret is held back: as many bytes as its longest spelling has, base64, less one.
        self.assertEqual(self.log(), "first\nthen *")
        (flags / "end").touch()
        self.millrace.finish("etl", "r1")
        self.assertEqual(self.log(), "first\nthen " + "*" * len(secret) + " and more")

    def test_a_local_run_has_secrets_too(self):
        secret = "a-secret-of-the-shell"
        file = self.millrace.root / "etl.yaml"
        file.write_text("dag_id: etl\nsecrets: [{env: TOKEN, from: env:MY_TOKEN}]\n"
                        "tasks: {t: {script: 'echo \"it is $TOKEN, ${#TOKEN} long\"'}}\n")
        done = subprocess.run([harness.BINARY, "run", "--local", file], capture_output=True, text=True,
                              env=dict(os.environ, MY_TOKEN=secret), timeout=harness.GUARD_S, check=False)
        self.assertEqual(done.returncode, 0, done)
        self.assertIn(f"it is {'*' * len(secret)}, {len(secret)} long", done.stdout)

    def test_without_its_key_a_daemon_with_prints_does_not_start(self):
        self.start(TOKEN="a-long-secret")
        self.run_dag("dag_id: etl\nsecrets: [{env: TOKEN, from: env:TOKEN}]\ntasks: {t: {command: [env]}}\n")
        self.millrace.stop()
        key = self.millrace.data / "secrets.key"
        key.unlink()
        self.millrace.start(wait=False)
        self.assertNotEqual(self.millrace.process.wait(timeout=harness.GUARD_S), 0)
        self.assertIn("secrets.key is missing", self.millrace.log_tail())
        key.touch()
        self.millrace.start()


class Cores(harness.DaemonTest):
    def core_limit(self, pid):
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
        return re.search(r"^Max core file size +(\S+)", limits, re.MULTILINE)[1]

    def test_daemon_and_runner_leave_no_core_and_tasks_keep_the_limit_they_were_given(self):
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        if hard == 0:
            self.skipTest("no core dumps are allowed here")
        wanted = 1 << 26 if hard == resource.RLIM_INFINITY else hard
        self.millrace.stop()
        resource.setrlimit(resource.RLIMIT_CORE, (wanted, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, (0, hard))
        self.millrace.start()
        run, _ = self.run_dag("dag_id: etl\ntasks: {t: {command: [grep, core, /proc/self/limits]}}\n")
        log = self.millrace.log_text("etl", run["dag_run_id"], "t").split()
        self.assertEqual(log[4], str(wanted).encode(), log)
        for pid in self.millrace.runner_pids():
            self.assertEqual(self.core_limit(pid), "0")
        dumps = []
        for command in (["sleep", "600"], None):  # another program shows that one could be dumped here
            process = subprocess.Popen(command, cwd=self.millrace.root) if command else self.millrace.process
            process.send_signal(signal.SIGABRT)
            _, status = os.waitpid(process.pid, 0)
            process.returncode = -signal.SIGABRT
            self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
            dumps.append(os.WCOREDUMP(status))
        if not dumps[0]:
            self.skipTest("this machine dumps no cores")
        self.assertEqual(dumps, [True, False])


if __name__ == "__main__":
    unittest.main()
