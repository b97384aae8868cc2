"""`millrace run --local` and shell completion: the program alone, without a daemon beside it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness import BINARY, GUARD_S, free_port

GOOD = """
dag_id: etl
schedule: "@daily"
start_date: 2001-01-01
catchup: true
params:
  who: {type: string, default: nobody}
tasks:
  extract: {command: [sh, -c, 'echo "from {{ execution_date }}"; echo raw > raw.txt']}
  load: {command: [sh, -c, 'cat raw.txt; echo "for {{ params.who }}"'], depends_on: [extract]}
"""
BAD = """
dag_id: broken
tasks:
  first: {command: [sh, -c, 'echo before; exit 3'], retries: 0}
  second: {command: [echo, never], depends_on: [first]}
"""
LONG = """
dag_id: long
tasks:
  wait: {command: [sh, -c, 'echo up; echo $$ > pid; sleep 600 & wait']}
"""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state != "Z"


def processes_with(text):
    out = []
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(text) in line:
                out.append((entry.name, line))
    return out


class Local(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="millrace-cli-"))
        self.temporary = self.root / "temporary"
        self.temporary.mkdir()
        self.addCleanup(shutil.rmtree, self.root, True)
        self.environment = dict(os.environ, TMPDIR=str(self.temporary))

    def file(self, text):
        path = self.root / "dag.yaml"
        path.write_text(text)
        return str(path)

    def millrace(self, *words):
        return subprocess.run([str(BINARY), *words], capture_output=True, text=True, timeout=GUARD_S,
                              env=self.environment, stdin=subprocess.DEVNULL)

    def nothing_is_left(self):
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.assertEqual(processes_with(self.temporary), [])

    def test_a_run_that_succeeds(self):
        done = self.millrace("run", "--local", self.file(GOOD), "--date", "2001-01-05", "--param", "who=me")
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = done.stdout.splitlines()
        self.assertIn("extract | from 2001-01-05T00:00:00+00:00", lines)
        self.assertLess(lines.index("load | raw"), lines.index("load | for me"))
        self.assertLess(lines.index("extract is success"), lines.index("load | raw"))
        self.assertIn("success in", lines[-1])
        self.assertEqual((self.root / "raw.txt").read_text(), "raw\n")  # tasks run beside the file
        self.nothing_is_left()

    def test_a_schedule_starts_nothing_beside_it(self):
        done = self.millrace("run", "--local", self.file(GOOD), "--date", "2001-01-05", "--keep", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        run = json.loads(done.stdout)
        self.assertEqual((run["dag_id"], run["state"]), ("etl", "success"))
        kept = [line for line in done.stderr.splitlines() if line.startswith("kept: ")]
        folder = pathlib.Path(kept[0].removeprefix("kept: "))
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        runs = list((folder / "data/logs/etl").iterdir())
        self.assertEqual([run_folder.name for run_folder in runs], [run["dag_run_id"]])
        self.assertEqual(processes_with(self.temporary), [])

    def test_a_run_that_fails(self):
        done = self.millrace("run", "--local", self.file(BAD))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("first | before", done.stdout)
        self.assertIn("first is failed", done.stdout)
        self.assertIn("second is upstream_failed", done.stdout)
        self.assertNotIn("never", done.stdout)
        self.nothing_is_left()

    def test_what_is_wrong_is_said_before_anything_runs(self):
        bad = self.millrace("run", "--local", self.file("dag_id: x\ntasks:\n  a: {comand: [ls]}\n"))
        self.assertEqual(bad.returncode, 1)
        self.assertIn("dag.yaml:3", bad.stderr)
        self.assertEqual(self.millrace("run", "--local", str(self.root / "none.yaml")).returncode, 1)
        self.assertEqual(self.millrace("run", "--local", self.file(GOOD), "--param", "who").returncode, 2)
        self.assertEqual(self.millrace("run", "etl", "--keep").returncode, 2)
        self.nothing_is_left()

    def test_control_c_ends_the_run_and_its_processes(self):
        for sent in (signal.SIGINT, signal.SIGTERM):
            (self.root / "pid").unlink(missing_ok=True)
            process = subprocess.Popen([str(BINARY), "run", "--local", self.file(LONG)], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
            self.addCleanup(process.kill)
            line = ""
            while line != "wait | up\n":
                line = process.stdout.readline()
                self.assertNotEqual(line, "", "the program ended")
            pid = self.pid_of_task()
            process.send_signal(sent)
            out, err = process.communicate(timeout=GUARD_S)
            self.assertEqual(process.returncode, 1, err)
            self.assertIn("cancelling the run", err)
            self.assertIn("failed (cancelled)", out)
            self.assertFalse(alive(pid))
            self.nothing_is_left()

    def pid_of_task(self):
        deadline = time.monotonic() + GUARD_S
        while time.monotonic() < deadline:
            try:
                return int((self.root / "pid").read_text())
            except (OSError, ValueError):
                continue
        raise AssertionError("the task has no pid")


class Completion(unittest.TestCase):
    def complete(self, *words):
        done = subprocess.run([str(BINARY), "__complete", *words], capture_output=True, text=True,
                              timeout=GUARD_S, env=dict(os.environ, MILLRACE_URL=f"http://127.0.0.1:{PORT}"))
        self.assertEqual(done.returncode, 0)
        return done.stdout.split()

    def test_commands_options_and_choices_come_from_the_parser(self):
        self.assertEqual(self.complete("back")[0], "backfill")
        self.assertIn("explain", self.complete("tasks", ""))
        self.assertEqual(self.complete("backfill", "create", "--rep"), ["--reprocess"])
        self.assertEqual(self.complete("backfill", "create", "--reprocess", ""),
                         ["completed", "failed", "none"])
        self.assertEqual(self.complete("tasks", "mark", "a", "b", "c", "s"), ["skipped", "success"])
        self.assertEqual(self.complete("completion", ""), ["bash", "fish", "zsh"])
        self.assertEqual(self.complete("dags", "show", ""), [])  # nobody answers: no ids, no noise

    def test_the_scripts_are_read_by_their_shells(self):
        for shell in ("bash", "zsh", "fish"):
            script = subprocess.run([str(BINARY), "completion", shell], capture_output=True, text=True)
            self.assertEqual(script.returncode, 0)
            self.assertIn("__complete", script.stdout)
            if shutil.which(shell):
                checked = subprocess.run([shell, "-n"], input=script.stdout, capture_output=True, text=True)
                self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_bash_completes_with_it(self):
        test = ('source <("$0" completion bash); PATH="$(dirname "$0"):$PATH"; '
                'COMP_LINE="millrace tasks ex"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=(millrace tasks ex); '
                'COMP_CWORD=2; _millrace; echo "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", test, str(BINARY)], capture_output=True, text=True)
        self.assertEqual(done.stdout, "explain\n", done.stderr)


PORT = free_port()  # nobody listens

if __name__ == "__main__":
    unittest.main()
