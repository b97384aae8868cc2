"""A real daemon with real tasks, for tests: start, kill -9, start again, requests, waiting for states.

Only the standard library. A wait is a wait for a state with a generous guard, never for a time.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("MILLRACE_BINARY", SOURCE / "build/release/millrace")).resolve()
GUARD_S = float(os.environ.get("MILLRACE_TEST_GUARD_S", "120"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Answer:
    def __init__(self, status, body, headers):
        self.status, self.body, self.headers = status, body, headers

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:400]!r}"


class Daemon:
    """One data folder and the daemons that live on it, one after the other."""

    def __init__(self, dags=None, config=None, environment=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="millrace-e2e-"))
        self.data = self.root / "data"
        self.dags = pathlib.Path(dags) if dags else self.root / "dags"
        self.dags.mkdir(exist_ok=True)
        self.port = free_port()
        self.process = None
        self.before = []  # words before the daemon's own: a program that ends by being it
        self.binary = BINARY
        self.environment = dict(os.environ, **(environment or {}))
        self.log = self.root / "daemon.log"
        self.config = self.root / "millrace.yaml"
        self.config.write_text(config or "cpu: 8\npools: {cpu: 8}\n")

    # life

    def start(self, environment=None, wait=True, prefix=()):
        """`prefix`: a program that becomes the daemon, like strace -D; beside `before`, for this start."""
        command = [*prefix, *self.before, self.binary, "serve", "--data", self.data, "--dags", self.dags,
                   "--config", self.config, "--listen", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd=self.root,
                                            env=dict(self.environment, **(environment or {})))
        if wait:
            self.wait_until(self.answers, "the daemon answers")
        return self

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the daemon ended with {self.process.returncode}:\n{self.log_tail()}")
        try:
            return self.get("/monitor/health").status == 200
        except OSError:
            return False

    def kill(self):
        """kill -9"""
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=GUARD_S)

    def runner_pids(self):
        out = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            ours = any(os.fsencode(self.data) in word for word in words[1:])
            if words[0].endswith(b"millrace-runner") and ours:
                out.append(int(entry.name))
        return out

    def task_pids(self):
        """Tasks know the folder of their daemon by $MILLRACE_OUTPUT; what they start inherits it."""
        out = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and os.fsencode(self.data) in (entry / "environ").read_bytes():
                    out.append(int(entry.name))
            except OSError:
                continue
        return out

    def close(self):
        """Nothing of it goes on: tasks outlive the daemon and the runner, as they should."""
        if self.process and self.process.poll() is None:
            self.kill()
        for pid in self.runner_pids() + self.task_pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if not os.environ.get("MILLRACE_TEST_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    def log_tail(self, size=4000):
        return self.log.read_bytes()[-size:].decode(errors="replace")

    # requests

    @property
    def token(self):
        return (self.data / "admin.token").read_text().strip()

    def request(self, method, path, body=None, headers=None, base="/api/v2"):
        url = f"http://127.0.0.1:{self.port}{base}{path}"
        head = {}
        if (self.data / "admin.token").exists():
            head["Authorization"] = f"Bearer {self.token}"
        data = None
        if isinstance(body, (str, bytes)):
            data = body.encode() if isinstance(body, str) else body
            head["Content-Type"] = "text/yaml"
        elif body is not None:
            data = json.dumps(body).encode()
            head["Content-Type"] = "application/json"
        head.update(headers or {})
        request = urllib.request.Request(url, data=data, headers=head, method=method)
        try:
            with urllib.request.urlopen(request, timeout=GUARD_S) as answer:
                return Answer(answer.status, answer.read(), answer.headers)
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), error.headers)

    def get(self, path, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return self.request("GET", path)

    def post(self, path, body=None, **more):
        return self.request("POST", path, {} if body is None else body, **more)

    def submit(self, text):
        answer = self.post("/dags", text)
        if answer.status not in (200, 201):
            raise AssertionError(f"submit: {answer!r}")
        return answer.json

    def trigger(self, dag_id, **body):
        answer = self.post(f"/dags/{dag_id}/dagRuns", body)
        if answer.status not in (200, 201):
            raise AssertionError(f"trigger: {answer!r}")
        return answer.json["dag_run_id"]

    def run(self, dag_id, run_id):
        return self.get(f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}").json

    def tasks(self, dag_id, run_id):
        """By (task_id, map_index)."""
        path = f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}/taskInstances?limit=1000"
        rows = self.get(path).json["task_instances"]
        return {(row["task_id"], row["map_index"]): row for row in rows}

    def task_states(self, dag_id, run_id):
        return {task if index < 0 else f"{task}[{index}]": row["state"]
                for (task, index), row in self.tasks(dag_id, run_id).items()}

    def log_text(self, dag_id, run_id, task_id, try_number=1):
        run = urllib.parse.quote(run_id, safe="")
        return self.get(f"/dags/{dag_id}/dagRuns/{run}/taskInstances/{task_id}/logs/{try_number}").body

    def outputs(self, dag_id, run_id, task_id):
        run = urllib.parse.quote(run_id, safe="")
        answer = self.get(f"/dags/{dag_id}/dagRuns/{run}/taskInstances/{task_id}/xcomEntries")
        rows = answer.json["xcom_entries"]
        return {row["key"]: row["value"] for row in rows}

    def finish(self, dag_id, run_id):
        """Waits until the run is final; its row."""
        return self.wait_until(
            lambda: (row := self.run(dag_id, run_id)).get("state") in ("success", "failed") and row,
            f"{dag_id} {run_id} ends")

    def wait_until(self, true, what, guard_s=GUARD_S):
        deadline = time.monotonic() + guard_s
        pause = 0.01
        while time.monotonic() < deadline:
            found = true()
            if found:
                return found
            time.sleep(pause)
            pause = min(pause * 1.5, 0.2)
        raise AssertionError(f"waited {guard_s:.0f} s in vain until {what}\n{self.log_tail()}")


class DaemonTest(unittest.TestCase):
    """A daemon for each case; `self.millrace`."""

    config = None

    def setUp(self):
        self.millrace = Daemon(config=self.config)
        self.addCleanup(self.millrace.close)
        self.millrace.start()

    def run_dag(self, text, **body):
        """Submits, triggers, waits; (run row, states by task)."""
        dag_id = self.millrace.submit(text)["dag_id"]
        run_id = self.millrace.trigger(dag_id, **body)
        run = self.millrace.finish(dag_id, run_id)
        return run, self.millrace.task_states(dag_id, run_id)
