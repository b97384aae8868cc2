"""Bad input through the API of a real daemon: each a clear error with its place, and nothing changed."""

import unittest

import harness

GOOD = "dag_id: good\ntasks: {a: {command: ['true']}}\n"

# name, DAG text, words that the message must have, its line
REFUSED = [
    ("unknown key", "dag_id: x\nshedule: null\ntasks: {a: {command: ['true']}}\n",
     ["shedule", "schedule"], 2),
    ("duplicate key", "dag_id: x\ndag_id: y\ntasks: {a: {command: ['true']}}\n", ["dag_id"], 2),
    ("cycle", """dag_id: x
tasks:
  a: {depends_on: [c], command: ["true"]}
  b: {depends_on: [a], command: ["true"]}
  c: {depends_on: [b], command: ["true"]}
""", ["->"], None),
    ("unknown dependency", """dag_id: x
tasks:
  transform: {command: ["true"]}
  load: {depends_on: [transfrm], command: ["true"]}
""", ["transfrm", "transform"], 4),
    ("unquoted template", "dag_id: x\ntasks:\n  a:\n    script: {{ ds }}\n", ["quote"], 4),
    ("alias bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", ["anchor"], 1),
    ("bad cron", 'dag_id: x\nschedule: "61 * * * *"\ntasks: {a: {command: ["true"]}}\n', ["61", "minute"], 2),
    ("cron that never comes", 'dag_id: x\nschedule: "0 0 31 2 *"\ntasks: {a: {command: ["true"]}}\n',
     ["never"], 2),
    ("impossible date", "dag_id: x\nstart_date: 2001-02-31\ntasks: {a: {command: ['true']}}\n",
     ["2001-02-31"], 2),
    ("unknown zone", "dag_id: x\ntimezone: Europe/Pariss\ntasks: {a: {command: ['true']}}\n",
     ["Europe/Pariss", "Europe/Paris"], 2),
    ("end before start", """dag_id: x
start_date: 2001-02-01
end_date: 2001-01-01
tasks: {a: {command: ['true']}}
""", ["end_date"], 3),
    ("no such pool", "dag_id: x\ntasks:\n  a: {command: ['true'], pool: cpuu}\n", ["cpuu", "cpu"], 3),
    ("more GPUs than there are", "dag_id: x\ntasks:\n  a: {command: ['true'], resources: {gpu: 64}}\n",
     ["64"], 3),
    ("not in this version", "dag_id: x\ntasks:\n  a: {command: ['true'], cache: true}\n",
     ["cache", "not available in this version"], 3),
]


class BadDags(harness.DaemonTest):
    def test_each_is_refused_with_its_place_and_nothing_changes(self):
        self.millrace.submit(GOOD)
        for name, text, words, line in REFUSED:
            with self.subTest(name):
                answer = self.millrace.post("/dags", text)
                self.assertEqual(answer.status, 422, answer)
                errors = answer.json["errors"]
                messages = " ".join(f"{e['msg']} {e.get('hint') or ''}" for e in errors)
                for word in words:
                    self.assertIn(word, messages)
                if line:
                    self.assertIn(line, [e["line"] for e in errors], errors)
        rows = self.millrace.get("/dags").json
        self.assertEqual([row["dag_id"] for row in rows["dags"]], ["good"])

    def test_a_17_mb_file_is_refused(self):
        answer = self.millrace.post("/dags", GOOD + "#" * (17 << 20))
        self.assertEqual(answer.status, 413, answer)

    def test_a_broken_or_half_written_file_never_replaces_a_good_version(self):
        file = self.millrace.dags / "good.yaml"
        file.write_text(GOOD)
        self.millrace.wait_until(lambda: self.millrace.get("/dags/good").status == 200, "it is taken")
        file.write_text(GOOD[:20])
        errors = self.millrace.wait_until(
            lambda: self.millrace.get("/importErrors").json["import_errors"], "the error shows")
        self.assertIn("good.yaml", errors[0]["filename"])
        self.assertEqual(self.millrace.get("/dags/good").status, 200)
        run_id = self.millrace.trigger("good")
        self.assertEqual(self.millrace.finish("good", run_id)["state"], "success")
        file.write_text(GOOD + "# mended\n")
        self.millrace.wait_until(
            lambda: not self.millrace.get("/importErrors").json["import_errors"], "the error is gone")


class BadTasks(harness.DaemonTest):
    def one_task(self, name, task):
        run, states = self.run_dag(f"dag_id: {name}\ntasks:\n  t: {task}\n")
        row = self.millrace.tasks(name, run["dag_run_id"])["t", -1]
        run_id = run["dag_run_id"].replace("+", "%2B")
        tries = self.millrace.get(f"/dags/{name}/dagRuns/{run_id}/taskInstances/t/tries").json
        return run, row, tries["task_instances"][-1]

    def test_a_command_that_is_not_found_and_one_that_is_not_executable_are_told_apart(self):
        plain = self.millrace.root / "plain"
        plain.write_text("not a program")
        plain.chmod(0o644)
        _, row, last = self.one_task("missing", "{command: [no-such-program], retries: 2}")
        self.assertEqual((row["state"], row["reason"], row["try_number"]), ("failed", "spawn_failed", 1))
        self.assertIn("not found", last["exit"]["message"])
        _, row, last = self.one_task("plain", f'{{command: ["{plain}"], retries: 2}}')
        self.assertEqual((row["state"], row["reason"]), ("failed", "spawn_failed"))
        self.assertIn("not executable", last["exit"]["message"])

    def test_a_missing_working_directory_is_named(self):
        _, row, last = self.one_task("nowhere", "{command: ['true'], cwd: /no/such/folder}")
        self.assertEqual((row["state"], row["reason"]), ("failed", "spawn_failed"))
        self.assertIn("/no/such/folder", last["exit"]["message"])

    def test_a_binary_log_is_kept_byte_for_byte(self):
        run, _, _ = self.one_task("binary", r"""{command: [printf, '\000\377\033[31m\r<b>\n']}""")
        self.assertEqual(self.millrace.log_text("binary", run["dag_run_id"], "t"), b"\0\xff\x1b[31m\r<b>\n")

    def test_a_task_that_leaves_a_daemon_behind_leaves_nothing_behind(self):
        pid_file = self.millrace.root / "pid"
        leave = (f"setsid sh -c 'echo $$ > {pid_file}; exec sleep 1000' & "
                 f"while ! test -s {pid_file}; do :; done")
        _, row, _ = self.one_task("forks", f'{{command: [sh, -c, "{leave}"]}}')
        self.assertEqual(row["state"], "success")
        pid = int(pid_file.read_text())
        with self.assertRaises(FileNotFoundError):
            open(f"/proc/{pid}/status").close()

    def test_a_task_that_closes_its_output_still_ends_by_its_exit(self):
        _, row, _ = self.one_task("closes", '{command: [sh, -c, "exec >&- 2>&-; exit 7"], retries: 0}')
        self.assertEqual((row["state"], row["reason"]), ("failed", "exit:7"))

    def test_a_signal_is_told_from_an_exit_code(self):
        _, row, _ = self.one_task("signal", '{command: [sh, -c, "kill -9 $$"], retries: 0}')
        self.assertEqual(row["reason"], "signal:KILL")
        _, row, _ = self.one_task("code", '{command: [sh, -c, "exit 137"], retries: 0}')
        self.assertEqual(row["reason"], "exit:137")


class TwoDaemons(unittest.TestCase):
    def test_the_second_one_on_the_same_data_is_refused_with_the_first_ones_pid(self):
        first = harness.Daemon()
        self.addCleanup(first.close)
        first.start()
        second = harness.Daemon()
        self.addCleanup(second.close)
        second.data = first.data
        second.start(wait=False)
        self.assertNotEqual(second.process.wait(timeout=harness.GUARD_S), 0)
        self.assertIn(str(first.process.pid), second.log_tail())

    def test_sigterm_lets_tasks_go_on_and_the_next_daemon_finds_them(self):
        millrace = harness.Daemon()
        self.addCleanup(millrace.close)
        millrace.start()
        go = millrace.root / "go"
        millrace.submit(f"""
dag_id: survives
tasks:
  long:
    script: |
      echo started
      while ! test -e {go}; do sleep 0.05; done
      echo done
      echo answer=42 >> $MILLRACE_OUTPUT
""")
        run_id = millrace.trigger("survives")
        millrace.wait_until(lambda: millrace.task_states("survives", run_id)["long"] == "running", "it runs")
        self.assertEqual(millrace.stop(), 0)
        self.assertIn("go on", millrace.log_tail())
        go.touch()
        millrace.start()
        self.assertEqual(millrace.finish("survives", run_id)["state"], "success")
        self.assertEqual(millrace.outputs("survives", run_id, "long"), {"answer": 42})
        self.assertEqual(millrace.log_text("survives", run_id, "long"), b"started\ndone\n")
        self.assertEqual(millrace.tasks("survives", run_id)["long", -1]["try_number"], 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
