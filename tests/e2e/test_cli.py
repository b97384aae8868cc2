"""Each command of `millrace` against the real daemon: what it prints, as JSON too, and its exit code."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import unittest

import harness

ETL = """
dag_id: etl
schedule: "@daily"
start_date: 2001-01-01
datasets: {raw: {path: "raw/{{ ds }}.txt"}}
tasks:
  extract:
    outputs: [raw]
    script: 'echo "one WARN two"; echo "ERROR three"; echo "{{ ds }} is here" > "$OUTPUT_RAW"'
  load: {inputs: [raw], command: [echo, loaded]}
"""
BY_HAND = ETL.replace('schedule: "@daily"\n', "").replace("start_date: 2001-01-01\n", "")
ETL2 = ETL.replace("load: {inputs: [raw]",
                   "check: {command: [echo, checked]}\n  load: {depends_on: [check], inputs: [raw]")
GATE = """
dag_id: gate
tasks:
  wait: {{command: [sh, -c, 'echo waiting; while [ ! -e {flag} ]; do sleep 0.05; done; echo gone on']}}
"""


class Cli(harness.DaemonTest):
    config = "cpu: 8\npools: {cpu: 8}\n"

    def environment(self, **more):
        return dict(os.environ, MILLRACE_URL=f"http://127.0.0.1:{self.millrace.port}", **more)

    def command(self, words):
        return [str(harness.BINARY), "--data", str(self.millrace.data), *words]

    def cli(self, *words, code=0, **more):
        done = subprocess.run(self.command(words), capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=harness.GUARD_S, env=self.environment(**more))
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        self.assertNotIn("\033", done.stdout)
        return done

    def out(self, *words, **more):
        return self.cli(*words, **more).stdout

    def json(self, *words, **more):
        return json.loads(self.out(*words, "--json", **more))

    def paused(self, text=ETL):
        """Submitted, and nothing runs by its schedule."""
        path = self.millrace.root / "etl.yaml"
        path.write_text(text)
        self.out("submit", str(path))
        self.out("dags", "pause", "etl")
        return str(path)

    def background(self, *words):
        process = subprocess.Popen(self.command(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=self.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process


class Commands(Cli):
    def test_dags(self):
        path = self.paused()
        self.assertIn("etl", self.out("dags", "list"))
        self.assertIn("load", self.out("dags", "show", "etl"))
        self.assertEqual(self.json("dags", "show", "etl")["dag"]["dag_id"], "etl")
        ticks = self.json("dags", "preview", "etl", "--count", "3")["ticks"]
        self.assertEqual(len(ticks), 3)
        self.assertIn("00:00:00", self.out("dags", "preview", "etl"))
        self.paused(ETL2)
        versions = self.json("dags", "versions", "etl")["dag_versions"]
        self.assertEqual([version["version_number"] for version in versions], [2, 1])
        self.assertEqual(self.out("dags", "versions", "etl").splitlines()[1].split()[0], "2")
        diff = self.json("dags", "diff", "etl")
        self.assertEqual((diff["from"], diff["to"], diff["added"]), (1, 2, ["check"]))
        self.assertIn("+ check\n", self.out("dags", "diff", "etl", "--from", "1", "--to", "2"))
        self.assertIn("- check\n", self.out("dags", "diff", "etl", "--from", "2", "--to", "1"))
        self.assertIn("ok", self.out("validate", path))
        self.assertIn("properties", json.loads(self.out("schema")))
        self.cli("dags", "diff", "none", code=4)
        self.cli("dags", "preview", "etl", "--count", "0", code=2)
        self.out("dags", "unpause", "etl")
        self.assertFalse(self.millrace.get("/dags/etl").json["is_paused"])

    def test_runs_and_tasks(self):
        self.paused()
        done = self.json("run", "etl", "--date", "2001-01-05", "--wait")
        self.assertEqual(done["state"], "success")
        self.assertIn("2001-01-05", self.out("runs", "list", "etl"))
        self.assertIn("success", self.out("runs", "show", "etl", "2001-01-05"))
        self.assertEqual(self.json("runs", "wait", "etl", "2001-01-05")["state"], "success")
        tasks = self.json("tasks", "list", "etl", "2001-01-05")["task_instances"]
        self.assertEqual({task["state"] for task in tasks}, {"success"})
        self.assertEqual(self.out("tasks", "log", "etl", "2001-01-05", "load"), "loaded\n")
        self.assertEqual(self.out("tasks", "log", "etl", "2001-01-05", "load", "--follow"), "loaded\n")
        self.assertIn("content", self.json("tasks", "log", "etl", "2001-01-05", "load"))
        self.assertEqual(self.out("tasks", "search", "etl", "2001-01-05", "extract", "three"),
                         "2: ERROR three\n")
        bad = self.json("tasks", "search", "etl", "2001-01-05", "extract", "--level", "warning")["matches"]
        self.assertEqual([match["line"] for match in bad], [1, 2])
        self.cli("tasks", "search", "etl", "2001-01-05", "extract", "nothing like it", code=4)
        self.assertIn("success", self.out("tasks", "explain", "etl", "2001-01-05", "load"))
        cleared = self.json("tasks", "clear", "etl", "2001-01-05", "load", "--dry-run")
        self.assertEqual(cleared["total_entries"], 1)
        self.out("runs", "clear", "etl", "2001-01-05")
        self.out("runs", "wait", "etl", "2001-01-05")
        self.out("tasks", "mark", "etl", "2001-01-05", "load", "failed")
        self.cli("runs", "wait", "etl", "2001-01-05", code=1)
        self.out("runs", "delete", "etl", "2001-01-05")
        self.cli("runs", "show", "etl", "2001-01-05", code=4)
        report = self.json("verify")  # what is left of a deleted run names nothing that is gone
        self.assertTrue(report["valid"], report)

    def test_a_run_that_waits_is_followed_and_cancelled(self):
        flag = self.millrace.root / "flag"
        self.millrace.submit(GATE.format(flag=flag))
        self.out("run", "gate", "--run-id", "one")
        follow = self.background("tasks", "log", "gate", "one", "wait", "--follow")
        self.millrace.wait_until(
            lambda: self.millrace.task_states("gate", "one")["wait"] == "running", "it runs")
        # The task may have begun after the program asked: it says so, and is asked again.
        line = follow.stdout.readline()
        if not line:
            follow = self.background("tasks", "log", "gate", "one", "wait", "--follow")
            line = follow.stdout.readline()
        self.assertEqual(line, "waiting\n")
        flag.touch()
        self.assertEqual(follow.communicate(timeout=harness.GUARD_S)[0], "gone on\n")
        self.assertEqual(follow.returncode, 0)
        flag.unlink()
        self.out("run", "gate", "--run-id", "two")
        self.out("runs", "cancel", "gate", "two")
        self.assertIn("cancelled", self.cli("runs", "wait", "gate", "two", code=1).stdout)

    def test_what_happens_is_told(self):
        self.paused()
        told = self.background("events", "--follow", "--topics", "runs", "--count", "2", "--json")
        # The first line comes with the first event: runs are made until it does.
        for number in range(1, 20):
            self.out("run", "etl", "--run-id", f"r{number}", "--date", f"2001-02-{number:02}", "--wait")
            if told.poll() is not None:
                break
        lines = [json.loads(line) for line in told.communicate(timeout=harness.GUARD_S)[0].splitlines()]
        self.assertEqual(told.returncode, 0)
        self.assertEqual([line["event"] for line in lines], ["run", "run"])
        self.assertEqual(lines[0]["data"]["dag_id"], "etl")
        self.assertLess(int(lines[0]["id"]), int(lines[1]["id"]))
        self.assertIn("etl", self.out("events", "--dag", "etl", "--limit", "5"))
        entries = self.json("events", "--dag", "etl", "--limit", "5")["event_logs"]
        self.assertEqual(len(entries), 5)
        made = self.json("datasets", "events", "raw")["asset_events"]
        self.assertEqual(made[0]["source_dag_id"], "etl")
        self.assertIn("2001-02-01", self.out("datasets", "events", "raw"))
        self.cli("datasets", "events", "none", code=4)
        self.assertIn("raw", self.out("datasets", "list"))
        self.assertIn("2001-02-01", self.out("datasets", "partitions", "raw"))
        self.assertIn("etl", self.out("lineage", "dataset:raw"))

    def test_backfills(self):
        self.paused()
        words = ("backfill", "create", "etl", "--dates", "2001-03-01..2001-03-03")
        self.assertIn("3 to create", self.out(*words, "--dry-run"))
        self.assertIn("completed", self.out(*words, "--yes", "--wait"))
        self.assertEqual(self.json("backfill", "show", "1")["counts"]["success"], 3)
        self.assertIn("etl", self.out("backfill", "list"))
        self.assertIn("###", self.out("backfill", "show", "1", "--matrix"))

    def test_pools_variables_and_the_rest(self):
        self.out("pools", "set", "small", "2")
        self.assertIn("small", self.out("pools", "list"))
        self.assertIn("small", [pool["name"] for pool in self.json("pools", "list")["pools"]])
        self.out("pools", "delete", "small")
        self.assertNotIn("small", self.out("pools", "list"))
        self.assertEqual(self.out("variables", "set", "days", "7", "--description", "back"), "days is made\n")
        self.assertEqual(self.out("variables", "set", "days", "8"), "days is changed\n")
        self.assertEqual(self.out("variables", "get", "days"), "8\n")
        self.assertEqual(self.json("variables", "get", "days")["value"], "8")
        self.assertIn("days", self.out("variables", "list"))
        self.assertEqual(self.json("variables", "delete", "days"), {"deleted": "days"})
        self.cli("variables", "get", "days", code=4)
        self.assertIn("healthy", self.out("status"))
        self.assertEqual(self.json("status")["scheduler"]["status"], "healthy")
        self.paused()
        self.out("run", "etl", "--date", "2001-01-05", "--wait")
        shown = self.out("status", "--timing")
        self.assertRegex(shown, r"start: [1-9]\d* attempts ended, [1-9]\d* rows in [1-9]\d* transactions")
        self.assertRegex(shown, r"one transaction, sync included +[1-9]\d* +[\d.]+ ms +<= [\d.]+ ms")
        for part in ("apply", "render", "commit", "publish", "perform"):
            self.assertRegex(shown, rf"{part}: [a-z, ]+ \d+\.\d+ s +\d+ us")
        spent = self.json("status", "--timing")
        self.assertGreater(spent['millrace_loop_busy_seconds_total{part="commit"}'], 0)
        self.assertIn("UUID", self.out("devices"))
        self.assertIn("# TYPE", self.out("metrics"))
        series = {sample["series"] for sample in self.json("metrics")["metrics"]}
        self.assertTrue(any(name.startswith("millrace_") for name in series))
        self.assertEqual(self.json("version")["version"], self.out("version").split()[1])
        self.out("tokens", "create", "ci", "--role", "viewer")
        self.assertIn("ci", self.out("tokens", "list"))
        self.assertIn("unbroken", self.out("audit", "verify"))
        self.assertIn("/login", self.out("open", "--print") + "/login")

    def test_what_waits(self):
        self.out("pools", "set", "closed", "1")
        self.millrace.submit("dag_id: held\ntasks:\n  a: {command: [ls], pool: closed}\n")
        self.out("pools", "set", "closed", "0")
        self.out("run", "held", "--run-id", "one")
        self.millrace.wait_until(lambda: self.json("queue")["queue"], "the task waits in the queue")
        shown = self.out("queue")
        self.assertIn("held one a", shown)
        self.assertIn("closed", shown)

    def test_completion_asks_the_daemon(self):
        self.paused()
        self.out("run", "etl", "--run-id", "first", "--date", "2001-01-05", "--wait")
        asked = ("__complete", "--data", str(self.millrace.data))
        self.assertEqual(self.out(*asked, "dags", "show", "e"), "etl\n")
        words = (*asked, "tasks", "log", "etl")
        self.assertEqual(self.out(*words, "f"), "first\n")
        self.assertEqual(self.out(*words, "first", ""), "extract\nload\n")

    def test_the_scripts_complete_in_their_shells(self):
        folder, file = self.millrace.root / "place", self.millrace.root / "script"
        folder.mkdir()
        (folder / "plan.yaml").write_text("")
        # What each shell would offer for the line; in zsh `compadd` and `_files` are what offers.
        shells = {
            "bash": ["bash", "--norc", "-c", """source "$1"; shift
                     COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
                     COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace
                     printf '%s\n' "${COMPREPLY[@]}" """],
            "zsh": ["zsh", "-f", "-c", """compdef() { : }; source "$1"
                    compadd() { shift; print -l -- "$@" }; _files() { print -l -- * }
                    words=("${@:2}"); CURRENT=$#words; _millrace"""],
            "fish": ["fish", "--no-config", "-c", """source $argv[1]
                     complete -C (string join ' ' -- $argv[2..])"""],
        }
        env = {**os.environ, "PATH": f"{harness.BINARY.parent}:{os.environ['PATH']}"}
        for shell, words in shells.items():
            file.write_text(self.out("completion", shell))
            extra = [shell] if shell != "fish" else []

            def offers(*line):
                done = subprocess.run([*words, *extra, file, "millrace", *line], cwd=folder, env=env,
                                      capture_output=True, text=True, check=False)
                return sorted(done.stdout.split())

            with self.subTest(shell=shell):
                self.assertEqual(offers("back"), ["backfill", "backup"])
                self.assertEqual(offers("pools", ""), ["delete", "list", "set"])
                self.assertIn("--json", offers("dags", "list", "--"))
                # bash offers files by itself when there is nothing else: complete -o default
                self.assertEqual(offers("validate", "pl"), [] if shell == "bash" else ["plan.yaml"])

    def command(self, words):
        if words[0] == "__complete":
            return [str(harness.BINARY), *words]
        return super().command(words)

    def test_exit_codes(self):
        self.cli("dags", "show", "none", code=4)
        self.cli("dags", "list", code=1, MILLRACE_TOKEN="wrong")
        self.cli("nonsense", code=2)
        self.cli("--url", "http://127.0.0.1:1", "dags", "list", code=3)


class Folder(Cli):
    def test_a_backup_while_tasks_run_is_restored_and_served(self):
        self.paused(BY_HAND)
        self.out("run", "etl", "--run-id", "done", "--date", "2001-01-05", "--wait")
        flag = self.millrace.root / "flag"
        self.millrace.submit(GATE.format(flag=flag))
        self.out("run", "gate", "--run-id", "open")
        self.millrace.wait_until(
            lambda: self.millrace.task_states("gate", "open")["wait"] == "running", "it runs")
        copy = self.millrace.root / "copy.db"
        saved = self.json("backup", str(copy))
        self.assertEqual(saved["runs"], 2)
        self.assertEqual(stat.S_IMODE(copy.stat().st_mode), 0o600)
        self.cli("backup", str(copy), code=1)  # never over a file
        flag.touch()
        self.assertEqual(self.millrace.finish("gate", "open")["state"], "success")
        self.out("run", "etl", "--run-id", "later", "--date", "2001-01-06", "--wait")

        self.assertIn("stop it first", self.cli("restore", str(copy), "--force", code=1).stderr)
        other = harness.Daemon(config=self.config)
        self.addCleanup(other.close)
        restored = self.out_of(other, "restore", str(copy))
        self.assertIn("2 runs", restored)
        self.assertEqual(self.out_of(other, "restore", str(copy), code=1), "")  # not empty now
        kept = other.data / "millrace.db.before-restore"
        self.assertIn(f"what was there is {kept}\n", self.out_of(other, "restore", str(copy), "--force"))
        first = kept.read_bytes()
        # A second one keeps both: what the first kept, and what it made.
        self.assertIn(f"what was there is {kept}.2\n", self.out_of(other, "restore", str(copy), "--force"))
        self.assertEqual(kept.read_bytes(), first)
        self.assertTrue(kept.with_name(kept.name + ".2").exists())
        other.start()
        self.assertEqual(other.run("etl", "done")["state"], "success")
        self.assertEqual(other.get("/dags/etl/dagRuns/later").status, 404)
        self.assertEqual(other.finish("gate", "open")["state"], "failed")  # nobody knows how it ended: lost
        run_id = other.trigger("etl", logical_date="2001-01-07T00:00:00Z")
        self.assertEqual(other.finish("etl", run_id)["state"], "success")

    def out_of(self, daemon, *words, code=0):
        done = subprocess.run([str(harness.BINARY), *words, "--data", str(daemon.data)], capture_output=True,
                              text=True, timeout=harness.GUARD_S)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout

    def test_verify_finds_what_is_missing_changed_or_broken(self):
        self.paused(BY_HAND)
        for day in (5, 6):
            self.out("run", "etl", "--date", f"2001-01-{day:02}", "--wait")
        report = self.json("verify", "--hash")
        self.assertTrue(report["valid"], report)
        self.assertEqual({check["check"]: check["seen"] for check in report["checks"]}["datasets"], 2)
        raw = self.millrace.data / "datasets/raw"
        text = (raw / "2001-01-05.txt").read_text()
        (raw / "2001-01-05.txt").write_text(text.upper().replace("\n", "#"))
        self.assertTrue(self.json("verify")["valid"])  # the size is the same
        self.assertIn("2001-01-05", self.cli("verify", "--hash", code=1).stderr)
        (raw / "2001-01-06.txt").unlink()
        self.assertIn("isn't there", self.cli("verify", code=1).stderr)
        self.millrace.stop()
        shutil.rmtree(raw)
        database = self.millrace.data / "millrace.db"
        with database.open("r+b") as file:
            for page in range(10, database.stat().st_size // 4096, 2):
                file.seek(page * 4096)
                file.write(b"\xff" * 64)
        broken = self.cli("verify", code=1)
        self.assertNotEqual(broken.stderr, "")
        bad = self.millrace.root / "bad.db"
        pathlib.Path(bad).write_bytes(database.read_bytes())
        new = self.millrace.root / "new"
        refused = subprocess.run([str(harness.BINARY), "restore", str(bad), "--data", str(new)],
                                 capture_output=True, text=True)
        self.assertEqual(refused.returncode, 1)
        self.assertFalse(new.exists())


if __name__ == "__main__":
    unittest.main()
