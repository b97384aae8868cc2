"""Cases of docs/failures.md that need a real daemon and that no other file shows."""

import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

import harness

STARTS = int(os.environ.get("MILLRACE_STARTS", "100"))
SEED = int(os.environ.get("MILLRACE_SEED", "1"))
GOOD = "dag_id: good\ntasks: {a: {command: ['true']}}\n"


def waiting_dag(go, stamp):
    return f"""
dag_id: waits
tasks:
  hold:
    script: |
      echo "$TRY_NUMBER" >> {stamp}
      while ! test -e {go}; do sleep 0.05; done
  after: {{depends_on: [hold], command: ['true']}}
"""


class Kills(unittest.TestCase):
    def setUp(self):
        self.millrace = harness.Daemon()
        self.addCleanup(self.millrace.close)
        self.go, self.stamp = self.millrace.root / "go", self.millrace.root / "stamp"
        self.millrace.start()
        self.millrace.submit(waiting_dag(self.go, self.stamp))
        self.run_id = self.millrace.trigger("waits")
        self.millrace.wait_until(
            lambda: self.millrace.task_states("waits", self.run_id)["hold"] == "running", "it runs")

    def ends_well(self):
        self.assertEqual(self.millrace.finish("waits", self.run_id)["state"], "success")
        rows = self.millrace.tasks("waits", self.run_id)
        self.assertEqual([row["try_number"] for row in rows.values()], [1, 1])
        self.assertEqual(self.stamp.read_text(), "1\n", "the task was started once")

    def test_case_13_killed_while_it_recovers_a_hundred_times(self):
        choose = random.Random(SEED)
        self.millrace.kill()
        begun = time.monotonic()
        self.millrace.start()
        usual = time.monotonic() - begun
        self.millrace.kill()
        answered = 0
        for start in range(STARTS):
            if start == STARTS // 2:
                self.go.touch()  # the second half recovers an end instead of a living task
            self.millrace.start(wait=False)
            # Anywhere between its first instruction and its first answers.
            moment = time.monotonic() + choose.uniform(0, 2 * usual)
            while time.monotonic() < moment:
                pass
            answered += "serving" in self.millrace.log_tail(300)
            self.millrace.kill()
        self.assertGreater(answered, 0, "no start came to its end: the kills were all too early")
        self.assertLess(answered, STARTS, "every start came to its end: the kills were all too late")
        self.millrace.start()
        self.ends_well()

    def test_case_16_a_daemon_that_was_stopped_goes_on_where_it_was(self):
        self.millrace.process.send_signal(signal.SIGSTOP)
        self.go.touch()
        self.millrace.wait_until(lambda: not self.task_lives(), "the task ends without the daemon")
        second = harness.Daemon()
        self.addCleanup(second.close)
        second.data = self.millrace.data
        second.start(wait=False)
        self.assertNotEqual(second.process.wait(timeout=harness.GUARD_S), 0, "nobody takes its place")
        self.millrace.process.send_signal(signal.SIGCONT)
        self.ends_well()

    def task_lives(self):
        found = [self.words(pid) for pid in self.millrace.task_pids()]
        return any(b"sleep" in words or b"bash" in words for words in found)

    @staticmethod
    def words(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return b""


class Database(unittest.TestCase):
    def setUp(self):
        self.millrace = harness.Daemon()
        self.addCleanup(self.millrace.close)

    def test_case_15_one_version_that_cannot_be_read_stops_no_other_dag(self):
        self.millrace.start()
        self.millrace.submit(GOOD)
        self.millrace.submit("dag_id: bad\ntasks: {a: {sensor: {file: /nonexistent/for/ever}}}\n")
        self.millrace.trigger("bad")
        self.millrace.stop()
        database = sqlite3.connect(self.millrace.data / "millrace.db")
        broken = "UPDATE dag_version SET source = 'dag_id: [' WHERE dag_id = 'bad'"
        changed = database.execute(broken).rowcount
        database.commit()
        database.close()
        self.assertEqual(changed, 1)
        self.millrace.start()
        run_id = self.millrace.trigger("good")
        self.assertEqual(self.millrace.finish("good", run_id)["state"], "success")
        self.assertIn("dag=bad isn't loaded", self.millrace.log_tail())
        self.assertEqual(self.millrace.post("/dags/bad/dagRuns", {}).status, 404)

    def test_case_27_a_shell_that_holds_the_database_makes_nobody_see_locked(self):
        self.millrace.start()
        self.millrace.submit(GOOD)
        shell = sqlite3.connect(self.millrace.data / "millrace.db", isolation_level=None,
                                check_same_thread=False)
        self.addCleanup(shell.close)
        shell.execute("BEGIN IMMEDIATE")
        answers = []
        asked = threading.Thread(target=lambda: answers.append(self.millrace.post("/dags/good/dagRuns", {})))
        asked.start()
        self.assertEqual(self.millrace.get("/dags/good").status, 200, "reads go on")
        held = self.millrace.get("/dags/good/dagRuns").json["total_entries"]
        self.assertEqual((held, answers), (0, []), "nothing is answered before it is stored")
        shell.execute("ROLLBACK")
        asked.join(timeout=harness.GUARD_S)
        self.assertEqual(answers[0].status, 200, answers)
        self.millrace.finish("good", answers[0].json["dag_run_id"])

    def test_case_27_a_lock_that_outlasts_the_patience_is_an_answer_in_words(self):
        self.millrace.start()
        self.millrace.submit(GOOD)
        shell = sqlite3.connect(self.millrace.data / "millrace.db", isolation_level=None)
        self.addCleanup(shell.close)
        shell.execute("BEGIN IMMEDIATE")
        key = {"Idempotency-Key": "one"}
        answer = self.millrace.post("/dags/good/dagRuns", {}, headers=key)
        self.assertEqual(answer.status, 503, answer)
        self.assertIn("Retry-After", answer.headers)
        self.assertEqual(self.millrace.get("/dags/good").status, 200, "reads go on")
        shell.execute("ROLLBACK")
        self.millrace.wait_until(
            lambda: self.millrace.post("/dags/good/dagRuns", {}, headers=key).status == 200, "it is free")
        self.assertEqual(self.millrace.get("/dags/good/dagRuns").json["total_entries"], 1)

    @unittest.skipUnless(shutil.which("strace"), "strace is missing: tools/setup test")
    def test_case_28_a_descriptor_of_the_database_is_closed_only_at_the_end(self):
        """close() of any descriptor of a file gives up all of a process's POSIX locks on it."""
        self.millrace.start()
        self.millrace.submit(GOOD)
        run_id = self.millrace.trigger("good")
        self.millrace.finish("good", run_id)
        held = self.millrace.root / "data/millrace.db"
        mine = pathlib.Path(f"/proc/{self.millrace.process.pid}/fd")
        self.assertGreaterEqual([os.readlink(fd) for fd in mine.iterdir()].count(str(held)), 2)
        trace = self.millrace.root / "trace"
        watch = subprocess.Popen(["strace", "-f", "-qq", "-y", "-e", "trace=close", "-o", trace, "-p",
                                  str(self.millrace.process.pid)], stderr=subprocess.DEVNULL)
        # A log is opened and closed at each look: the first one that shows says that all closes are seen.
        self.millrace.wait_until(lambda: self.millrace.log_text("good", run_id, "a") == b"" and trace.exists()
                                 and "good/manual" in trace.read_text(errors="replace"), "it watches")
        for path in ("/dags", "/dags/good/dagRuns", "/eventLogs", "/auditLogs", "/monitor/health"):
            self.assertEqual(self.millrace.get(path).status, 200, path)
        self.millrace.finish("good", self.millrace.trigger("good"))
        backup = subprocess.run([harness.BINARY, "backup", self.millrace.root / "copy", "--data",
                                 self.millrace.data], capture_output=True, text=True, check=False)
        self.assertEqual(backup.returncode, 0, backup.stderr)
        watch.send_signal(signal.SIGINT)
        watch.wait(timeout=harness.GUARD_S)
        self.assertEqual(re.findall(r".*/millrace\.db>.*", trace.read_text(errors="replace")), [])

    @unittest.skipUnless(shutil.which("strace"), "strace is missing: tools/setup test")
    def test_case_22_a_sync_that_fails_stops_the_daemon_and_is_not_tried_again(self):
        self.millrace.start()
        self.millrace.submit(GOOD)
        trace = self.millrace.root / "trace"
        watch = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e",
                                  "inject=fsync,fdatasync:error=EIO", "-o", trace, "-p",
                                  str(self.millrace.process.pid)], stderr=subprocess.DEVNULL)
        self.addCleanup(watch.kill)
        answers = []
        self.millrace.wait_until(lambda: self.ask_until_it_dies(answers), "the failed sync ends the daemon")
        watch.wait(timeout=harness.GUARD_S)
        self.assertNotEqual(self.millrace.process.returncode, 0)
        self.assertEqual(len(re.findall("EIO.*INJECTED", trace.read_text())), 1, "one sync, no second try")
        self.assertIn("stopping", self.millrace.log_tail())
        self.millrace.start()
        # What was answered is there; what wasn't may be: it is one whole run or none.
        stored = self.millrace.get("/dags/good/dagRuns", limit=1000).json["total_entries"]
        self.assertIn(stored, (len(answers), len(answers) + 1))
        self.millrace.finish("good", self.millrace.trigger("good"))

    def ask_until_it_dies(self, answers):
        """Until strace has attached itself nothing fails."""
        try:
            answer = self.millrace.post("/dags/good/dagRuns", {})
            if answer.status == 200:
                answers.append(answer.json["dag_run_id"])
        except OSError:
            pass
        return self.millrace.process.poll() is not None

    def test_case_29_the_database_never_gets_a_standard_descriptor(self):
        wrapper = self.millrace.root / "closed"
        wrapper.write_text(f"#!/bin/sh\nexec {harness.BINARY} \"$@\" <&- >&- 2>&-\n")
        wrapper.chmod(0o755)
        self.millrace.binary = wrapper
        self.millrace.start()
        for number in range(3):
            target = os.readlink(f"/proc/{self.millrace.process.pid}/fd/{number}")
            self.assertEqual(target, "/dev/null", number)
        self.millrace.submit(GOOD)
        self.millrace.finish("good", self.millrace.trigger("good"))


@unittest.skipUnless(os.geteuid() == 0, "a small file system has to be mounted")
class SmallDisk(unittest.TestCase):
    def small(self, options):
        millrace = harness.Daemon()
        self.addCleanup(millrace.close)
        millrace.data.mkdir(mode=0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=0700,{options}", "tmpfs",
                                  millrace.data], capture_output=True, text=True, check=False)
        if mounted.returncode:
            self.skipTest("no file system can be mounted here: " + mounted.stderr)
        self.addCleanup(subprocess.run, ["umount", "-l", millrace.data], check=False)
        millrace.start()
        return millrace

    def test_case_20_a_log_that_fills_the_disk_ends_its_task_and_nothing_else(self):
        millrace = self.small("size=12m")
        millrace.submit("dag_id: loud\ntasks: {t: {script: 'yes || exit 7'}}\n")
        millrace.submit(GOOD)
        run_id = millrace.trigger("loud", dag_run_id="r1")
        log = millrace.data / "logs/loud/r1/t.-1.1.log"
        millrace.wait_until(lambda: log.exists() and log.stat().st_size > 4 << 20, "the disk is full")
        millrace.wait_until(lambda: not millrace.task_pids(), "the task has ended")
        self.assertEqual(millrace.get("/dags").status, 200, "reads go on")
        os.truncate(log, 1_000)
        row = millrace.finish("loud", run_id)
        self.assertEqual(row["state"], "failed")
        self.assertEqual(millrace.tasks("loud", run_id)["t", -1]["reason"], "exit:7", "its own end, kept")
        self.assertEqual(millrace.finish("good", millrace.trigger("good"))["state"], "success")
        millrace.kill()

    def test_case_21_without_inodes_a_task_says_why_it_cannot_start_and_the_next_one_can(self):
        millrace = self.small("size=64m,nr_inodes=60")
        millrace.submit(GOOD)
        ballast = []
        try:
            for number in range(60):
                ballast.append(millrace.data / f"ballast{number}")
                ballast[-1].touch()
        except OSError:
            ballast.pop()
        run_id = millrace.trigger("good")
        row = millrace.finish("good", run_id)
        task = millrace.tasks("good", run_id)["a", -1]
        self.assertEqual((row["state"], task["reason"]), ("failed", "spawn_failed"))
        tries = millrace.get(f"/dags/good/dagRuns/{run_id.replace('+', '%2B')}/taskInstances/a/tries").json
        self.assertIn("No space left", tries["task_instances"][-1]["exit"]["message"])
        for file in ballast:
            file.unlink()
        self.assertEqual(millrace.finish("good", millrace.trigger("good"))["state"], "success")
        millrace.kill()


class DagFiles(unittest.TestCase):
    def setUp(self):
        self.millrace = harness.Daemon()
        self.addCleanup(self.millrace.close)

    def taken(self):
        return sorted(row["dag_id"] for row in self.millrace.get("/dags").json["dags"])

    def errors(self):
        return {row["filename"]: row["stack_trace"]
                for row in self.millrace.get("/importErrors").json["import_errors"]}

    def test_case_84_a_run_keeps_the_version_that_it_began_with(self):
        file, go = self.millrace.dags / "edited.yaml", self.millrace.root / "go"
        text = f"""
dag_id: edited
tasks:
  first: {{script: "while ! test -e {go}; do sleep 0.05; done"}}
  second: {{depends_on: [first], command: [echo, old]}}
"""
        file.write_text(text)
        self.millrace.start()
        self.millrace.wait_until(lambda: self.taken() == ["edited"], "it is taken")
        run_id = self.millrace.trigger("edited")
        version = self.millrace.get("/dags/edited/dagVersions").json["total_entries"]
        file.write_text(text.replace("echo, old", "echo, new").replace("second:", "other:"))
        self.millrace.wait_until(
            lambda: self.millrace.get("/dags/edited/dagVersions").json["total_entries"] == version + 1,
            "the new version is in force")
        self.millrace.kill()
        self.millrace.start()
        go.touch()
        self.assertEqual(self.millrace.finish("edited", run_id)["state"], "success")
        states = self.millrace.task_states("edited", run_id)
        self.assertEqual(states, {"first": "success", "second": "success"})
        self.assertEqual(self.millrace.log_text("edited", run_id, "second"), b"old\n")
        later = self.millrace.trigger("edited")
        self.millrace.finish("edited", later)
        self.assertEqual(self.millrace.log_text("edited", later, "other"), b"new\n")

    def test_case_85_a_file_that_is_gone_leaves_its_dag_in_force_and_says_so(self):
        file = self.millrace.dags / "good.yaml"
        file.write_text(GOOD)
        self.millrace.start()
        self.millrace.wait_until(lambda: self.taken() == ["good"], "it is taken")
        file.unlink()
        self.millrace.wait_until(lambda: "is gone" in self.errors().get("good.yaml", ""), "it is noticed")
        self.millrace.kill()
        self.millrace.start()
        run_id = self.millrace.trigger("good")
        self.assertEqual(self.millrace.finish("good", run_id)["state"], "success")

    def test_case_86_odd_things_in_the_folder_stop_nothing(self):
        os.mkfifo(self.millrace.dags / "fifo.yaml")
        (self.millrace.dags / "a.yaml").symlink_to(self.millrace.dags / "b.yaml")
        (self.millrace.dags / "b.yaml").symlink_to(self.millrace.dags / "a.yaml")
        (self.millrace.dags / "round").symlink_to(self.millrace.dags)
        outside = self.millrace.root / "outside.yaml"
        outside.write_text(GOOD.replace("good", "outside"))
        (self.millrace.dags / "link.yaml").symlink_to(outside)
        (self.millrace.dags / "team").symlink_to(self.millrace.root / "elsewhere")
        (self.millrace.root / "elsewhere").mkdir()
        (self.millrace.root / "elsewhere" / "more.yaml").write_text(GOOD.replace("good", "more"))
        (self.millrace.dags / "empty.yaml").touch()
        (self.millrace.dags / "folder.yaml").mkdir()
        many = self.millrace.dags / "many"
        many.mkdir()
        for number in range(3_000):
            (many / f"{number}.txt").touch()
        (self.millrace.dags / "good.yaml").write_text(GOOD)
        self.millrace.start()
        self.millrace.wait_until(lambda: self.taken() == ["good"], "the good one is taken, alone")
        named = {"empty.yaml", "fifo.yaml", "a.yaml", "b.yaml", "link.yaml", "team"}
        self.millrace.wait_until(lambda: set(self.errors()) == named, "what isn't read is named")
        self.assertIn(f"link.yaml: it's a link to '{outside}', which is outside", self.errors()["link.yaml"])
        self.assertIn("copy or mount that folder here", self.errors()["team"])
        self.assertIn("isn't a regular file", self.errors()["fifo.yaml"])
        self.assertIn("can't be followed", self.errors()["a.yaml"])
        (self.millrace.dags / "link.yaml").unlink()
        self.millrace.wait_until(lambda: set(self.errors()) == named - {"link.yaml"}, "the link's error goes")
        run_id = self.millrace.trigger("good")
        self.assertEqual(self.millrace.finish("good", run_id)["state"], "success")

    def test_files_that_a_link_swaps_all_at_once_are_taken_as_kubernetes_and_git_sync_lay_them(self):
        def version(name, word):
            folder = self.millrace.dags / name
            folder.mkdir()
            text = GOOD.replace("dag_id: good", f"dag_id: good\ndescription: {word}")
            (folder / "good.yaml").write_text(text)
        version("..2024_01_01", "old")
        (self.millrace.dags / "..data").symlink_to("..2024_01_01")
        (self.millrace.dags / "good.yaml").symlink_to("..data/good.yaml")
        self.millrace.start()

        def description():
            return self.taken() == ["good"] and self.millrace.get("/dags/good").json["description"]
        self.millrace.wait_until(lambda: description() == "old", "the file is taken through both links")
        version("..2024_01_02", "new")
        (self.millrace.dags / "..data_tmp").symlink_to("..2024_01_02")
        (self.millrace.dags / "..data_tmp").rename(self.millrace.dags / "..data")
        self.millrace.wait_until(lambda: description() == "new", "the swap is seen")
        self.assertEqual(self.errors(), {})


if __name__ == "__main__":
    unittest.main(verbosity=2)
