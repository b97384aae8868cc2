"""A life of the daemon for crash tests: every kind of work once, by a client that asks until it is answered.

Who acts here knows what was acknowledged, and the tasks themselves write down that they ran. `check` compares
both with what the store says afterwards.
"""

import collections
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402

# kill -9 leaves the page cache alone: a disk that forgets at power loss is as good, and faster.
if os.access("/dev/shm", os.W_OK) and "TMPDIR" not in os.environ:
    tempfile.tempdir = "/dev/shm"

CONFIG = 'cpu: 8\npools: {cpu: 8}\nwebhook_allow: ["127.0.0.0/8"]\n'

FOLDER = {
    "ingest.yaml": """
dag_id: ingest
schedule: "@daily"
start_date: 2001-01-01
end_date: 2001-01-31
catchup: false
datasets: {{raw: {{path: "raw/{{{{ ds }}}}.csv"}}, prices: {{path: "prices/{{{{ ds }}}}"}}}}
defaults: {{retries: {{limit: 1, delay: 0s}}}}
tasks:
  check: {{command: [{stamp}, "{{{{ dag_id }}}} {{{{ ds }}}} {{{{ task_id }}}} {{{{ try_number }}}}"]}}
  partition:
    depends_on: [check]
    outputs: [raw]
    env: {env}
    script: |
      {stamp} "$DAG_ID $DS $TASK_ID $TRY_NUMBER"
      echo "$DS" > "$OUTPUT_RAW"
  price:
    depends_on: [partition]
    outputs: [prices]
    env: {env}
    expand: {{item: [a, b]}}
    script: |
      {stamp} "$DAG_ID $DS $TASK_ID $MAP_INDEX $TRY_NUMBER"
      mkdir -p "$OUTPUT_PRICES" && echo "$DS" > "$OUTPUT_PRICES/{{{{ item }}}}"
  flaky:
    depends_on: [price]
    script: |
      {stamp} "$DAG_ID $DS $TASK_ID $TRY_NUMBER"
      test $TRY_NUMBER = 2
""",
    "features.yaml": """
dag_id: features
schedule: {{datasets: [raw, prices], partition: same}}
tasks:
  build:
    inputs: [raw]
    script: |
      {stamp} "$DAG_ID $DS $TASK_ID $TRY_NUMBER"
      test "$(cat "$INPUT_RAW")" = "$DS"
""",
    "broken.yaml": "dag_id: broken\ntasks: {{a: {{depends_on: [b], command: ['true']}}}}\n",
}
# One is stopped by hand, one by its time; the others end as their names say.
ENDS = """
dag_id: ends
datasets: {{half: {{path: half}}}}
notify:
  on_failure: [{{webhook: "{hook}"}}, {{command: ["true"]}}]
tasks:
  slow: {{script: "{stamp} \\"$RUN_ID slow\\"; sleep 600", timeout: 1s, termination: {{grace: 0s}}}}
  deaf: {{script: "{stamp} \\"$RUN_ID deaf\\"; sleep 600 & sleep 600", timeout: 1s}}
  half:
    {{outputs: [half], script: "echo x > $OUTPUT_HALF; sleep 600", timeout: 1s, termination: {{grace: 0s}}}}
  absent: {{command: [no-such-program]}}
  list: {{script: "{stamp} \\"$RUN_ID list\\"; echo '{{\\"items\\": [1, 2]}}' >> $MILLRACE_OUTPUT"}}
  each: {{depends_on: [list], expand: {{item: "{{{{ tasks.list.output.items }}}}"}}, command: ["true"]}}
  there: {{sensor: {{file: "{flag}", poke_interval: 1s, timeout: 1h}}}}
"""
HELD = """
dag_id: held
tasks:
  wait: {{script: "{stamp} \\"$RUN_ID wait\\"; sleep 600"}}
  late: {{depends_on: [wait], command: ["true"]}}
"""
READER = "dag_id: reader\nschedule: {{datasets: [raw]}}\ntasks: {{read: {{{inputs}command: ['true']}}}}\n"


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Dead(Exception):
    """The daemon isn't there: start it again and go on."""


class Life:
    """One data folder from its first day to its last. `armed(n)`: what its n-th start finds set."""

    def __init__(self, armed=lambda start: {}, on_restart=None):
        self.armed, self.on_restart = armed, on_restart
        self.millrace = harness.Daemon(config=CONFIG)
        self.journal = self.millrace.root / "journal"
        self.journal.touch()
        self.stamp = self.millrace.root / "stamp"
        self.stamp.write_text(f'#!/bin/sh\necho "$1" >> {self.journal}\n')
        self.stamp.chmod(0o755)
        self.flag = self.millrace.root / "flag"
        self.hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=self.hook.serve_forever, daemon=True).start()
        self.task_environment = {}  # of the tasks that publish
        self.starts = self.asked = self.crashes = 0
        self.prefix = lambda start: []  # of the command of each start
        self.may_end = lambda status, log: False  # but by SIGKILL
        self.on_begin = lambda: None  # the daemon is there, and nothing has been asked yet
        self.runs = []      # (dag_id, run_id) that were acknowledged
        self.mark = self.millrace.root / "mark"  # made by whoever dies at the point
        self.backfills = []

    def close(self):
        self.millrace.close()
        self.hook.shutdown()
        self.hook.server_close()

    def text(self, template, **more):
        return template.format(stamp=self.stamp, flag=self.flag, env=json.dumps(self.task_environment),
                               hook=f"http://127.0.0.1:{self.hook.server_port}/", **more)

    # the daemon

    def start(self):
        """Until it answers; a daemon that kills itself meanwhile is started again."""
        while True:
            self.starts += 1
            self.millrace.start(self.armed(self.starts), wait=False, prefix=self.prefix(self.starts))
            try:
                self.until(lambda: self.millrace.get("/monitor/health").status == 200, "it answers",
                           revive=False)
                return
            except Dead:
                self.crashes += 1
                if self.on_restart:
                    self.on_restart(self)

    def look_at_end(self):
        status = self.millrace.process.wait(timeout=harness.GUARD_S)
        if status != -9 and not self.may_end(status, self.millrace.log_tail(600)):
            raise AssertionError(f"the daemon ended with {status}:\n{self.millrace.log_tail()}")

    def revive(self):
        self.look_at_end()
        self.crashes += 1
        if self.on_restart:
            self.on_restart(self)
        self.start()

    def until(self, true, what, revive=True):
        deadline = time.monotonic() + harness.GUARD_S
        pause = 0.005
        while time.monotonic() < deadline:
            try:
                found = true()
                if found:
                    return found
            except OSError:
                pass
            # Also where nobody asks the daemon anything: what is waited for may need one.
            if self.millrace.process.poll() is not None:
                if not revive:
                    self.look_at_end()
                    raise Dead
                self.revive()
            time.sleep(pause)
            pause = min(pause * 1.3, 0.1)
        raise AssertionError(f"in vain until {what}\n{self.millrace.log_tail()}")

    def ask(self, method, path, body=None, want=(200, 201, 204)):
        """One wish, asked under one key until somebody answers; 404 or 409 may answer a second time."""
        self.asked += 1
        key = {"Idempotency-Key": f"wish-{self.asked}"} if method == "POST" else {}
        again = []

        def answered():
            try:
                answer = self.millrace.request(method, path, body, headers=key)
            except OSError:
                again.append(True)
                raise
            return None if answer.status == 409 and answer.json.get("code") == "key_in_flight" else answer
        answer = self.until(answered, f"{method} {path} is answered")
        if answer.status not in want and not (again and answer.status in (404, 409)):
            raise AssertionError(f"{method} {path}: {answer!r}")
        return answer

    def get(self, path, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        answer = self.until(lambda: self.millrace.request("GET", path), f"GET {path}")
        if answer.status != 200:
            raise AssertionError(f"GET {path}: {answer!r}")
        return answer.json

    def trigger(self, dag_id, **body):
        run_id = self.ask("POST", f"/dags/{dag_id}/dagRuns", body).json["dag_run_id"]
        self.runs.append((dag_id, run_id))
        return run_id

    def run_path(self, dag_id, run_id):
        return f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}"

    def lines(self):
        return self.journal.read_text().splitlines()

    def broken(self):
        """Somebody died at the point; or a runner, with what it held."""
        log = self.millrace.log.read_text(errors="replace")
        return self.mark.exists() or " died attempts=" in log or " runner=dead " in log

    # the life

    def begin(self):
        """Up to the moment at which most is under way."""
        for name, text in FOLDER.items():
            (self.millrace.dags / name).write_text(self.text(text))
        self.start()
        self.on_begin()
        self.until(lambda: self.get("/dags")["total_entries"] == 2, "both DAGs are there")
        self.ask("POST", "/dags", self.text(HELD))
        self.ask("POST", "/dags", self.text(READER, inputs="inputs: [raw], "))
        self.ask("POST", "/dags", self.text(READER, inputs=""))
        self.ask("POST", "/dags", self.text(ENDS))
        held = [self.trigger("held") for _ in range(2)]
        self.until(lambda: sum(line.endswith(" wait") for line in self.lines()) == 2 or self.broken(),
                   "both wait")
        self.held = held
        self.ask("POST", "/variables", {"key": "region", "value": "eu"})
        self.ask("POST", "/variables", {"key": "gone", "value": "x"})
        self.ask("DELETE", "/variables/gone")
        self.ask("POST", "/pools", {"name": "narrow", "slots": 1})
        self.ask("POST", "/tokens", {"name": "ci", "role": "viewer"})
        self.ask("PATCH", "/dags/reader", {"is_paused": True})
        ends = self.trigger("ends")
        wish = {"dag_id": "ingest", "from_date": "2001-01-01T00:00:00Z", "to_date": "2001-01-03T00:00:00Z",
                "max_active_runs": 2}
        self.backfills.append(self.ask("POST", "/backfills", wish).json["id"])
        self.until(lambda: f"{ends} deaf" in self.lines() or self.broken(), "the run has begun")
        self.ends = ends

    def end(self, timeouts_hold=True):
        """What was under way comes to its end, with some help. A dead runner keeps no timeouts."""
        first, second = self.held
        self.ask("POST", self.run_path("held", first) + "/cancel", {}, want=(200, 409))
        self.flag.touch()
        if not timeouts_hold:
            self.until(lambda: self.broken() or self.final("ends", self.ends), "the runner dies")
            self.ask("POST", self.run_path("ends", self.ends) + "/cancel", {}, want=(200, 409))
        asset = next(row for row in self.get("/assets")["assets"] if row["name"] == "raw")
        self.ask("POST", "/assets/events", {"asset_id": asset["id"], "partition": "2001-01-09T00:00:00Z"})
        self.until(lambda: self.final("held", first), "the cancelled run ends")
        self.ask("DELETE", self.run_path("held", first))
        self.runs.remove(("held", first))
        self.ask("PATCH", self.run_path("held", second), {"state": "success", "note": "enough"})
        backfill = f"/backfills/{self.backfills[0]}"
        done = self.until(lambda: (row := self.get(backfill))["state"] in ("completed", "failed") and row,
                          "the backfill ends")
        if done["state"] == "failed":
            self.ask("POST", backfill + "/retryFailed", {})
        for dag_id, run_id in list(self.runs):
            self.until(lambda d=dag_id, r=run_id: self.final(d, r), f"{dag_id} {run_id} ends")
        # Retried although nothing failed: refused, or the failed ones of a runner that died run again.
        self.ask("POST", backfill + "/retryFailed", {}, want=(200, 409, 422))

        def all_final():
            rows = self.get("/dags/~/dagRuns", limit=1000)["dag_runs"]
            return all(row["state"] in ("success", "failed") for row in rows)
        self.until(all_final, "every run is final")
        self.until(lambda: self.get(backfill)["state"] in ("completed", "failed"), "the backfill ends again")

    def final(self, dag_id, run_id):
        return self.get(self.run_path(dag_id, run_id))["state"] in ("success", "failed")

    def stop(self):
        """SIGTERM; a daemon that kills itself on its way out is started and stopped again."""
        while True:
            self.millrace.process.terminate()
            if self.millrace.process.wait(timeout=harness.GUARD_S) == 0:
                return
            self.look_at_end()
            self.crashes += 1
            if self.on_restart:
                self.on_restart(self)
            self.start()

    # what must be true at the end

    def check(self, all_good=True, first_try=True):
        """`all_good`: no runner was killed, so that nothing is lost and all that can succeed has.
        `first_try`: and no worker either, so that nothing was tried again that didn't ask for it."""
        for dag_id, run_id in self.runs:
            self.get(self.run_path(dag_id, run_id))
        assert self.get("/variables/region")["value"] == "eu"
        assert self.get("/pools/narrow")["slots"] == 1
        assert [row["name"] for row in self.get("/tokens")["tokens"]].count("ci") == 1
        assert self.get("/dags/reader")["is_paused"]
        assert len(self.get("/importErrors")["import_errors"]) == 1
        names = [(row["dag_id"], row["dag_run_id"])
                 for row in self.get("/dags/~/dagRuns", limit=1000)["dag_runs"]]
        for dag_id, wanted in (("held", 1), ("ends", 1), ("ingest", 3)):
            found = [name for name in names if name[0] == dag_id]
            assert len(found) == wanted, f"{wanted} runs of {dag_id} were asked for: {found}"
        twice = {line: n for line, n in collections.Counter(self.lines()).items() if n > 1}
        assert not twice, f"attempts that ran twice: {twice}"
        if all_good:
            self.check_success(first_try)
        self.stop()
        self.verify()

    def check_success(self, first_try):
        rows = self.get("/dags/~/dagRuns", limit=1000)["dag_runs"]
        for row in rows:
            wanted = "failed" if row["dag_id"] == "ends" else "success"
            assert row["state"] == wanted, row
        for day in ("01", "02", "03"):
            for task in ("check 1", "partition 1", "price 0 1", "price 1 1", "flaky 1", "flaky 2"):
                assert f"ingest 2001-01-{day} {task}" in self.lines() or not first_try, (day, task)
            assert f"features 2001-01-{day} build 1" in self.lines(), day
        instances = self.get(self.run_path(*next(r for r in self.runs if r[0] == "ends"))
                             + "/taskInstances")["task_instances"]
        reasons = {row["task_id"]: row["reason"] for row in instances if row["state"] == "failed"}
        assert reasons == {"slow": "timed_out", "deaf": "timed_out", "half": "timed_out",
                           "absent": "spawn_failed"}, reasons

    def verify(self):
        done = subprocess.run([str(harness.BINARY), "verify", "--hash", "--json", "--data",
                               str(self.millrace.data)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"verify: {done.stdout}{done.stderr}"
