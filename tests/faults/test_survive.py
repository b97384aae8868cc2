"""Running tasks outlive the daemon: a restart, a crash, an upgrade; and what another boot means."""

import collections
import os
import pathlib
import shutil
import signal
import sqlite3
import struct
import sys
import time
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402

HERD = int(os.environ.get("MILLRACE_HERD", "500"))
# Each waits until somebody opens the pipe of its half. One in ten fails, which must be found, too.
DAG = """
dag_id: herd
max_active_tasks: 100000
tasks:
  list: {script: 'echo "{\\"items\\": [$(seq -s, 0 LAST)]}" >> $MILLRACE_OUTPUT'}
  each:
    expand: {item: "{{ tasks.list.output.items }}"}
    command:
      - sh
      - -c
      - |
        echo "begin $MAP_INDEX"
        echo "$MAP_INDEX $TRY_NUMBER" >> JOURNAL
        read -r nothing < PIPE$((MAP_INDEX % 2))
        echo "n=$MAP_INDEX" >> $MILLRACE_OUTPUT
        echo "end $MAP_INDEX"
        test $((MAP_INDEX % 10)) != 3
"""


class Survive(unittest.TestCase):
    def setUp(self):
        self.millrace = harness.Daemon(config=f"cpu: {2 * HERD}\npools: {{cpu: {2 * HERD}}}\n")
        self.addCleanup(self.millrace.close)
        self.journal = self.millrace.root / "journal"
        self.journal.touch()
        self.pipes = [self.millrace.root / f"pipe{half}" for half in (0, 1)]
        for pipe in self.pipes:
            os.mkfifo(pipe)
        self.millrace.start()

    def begin(self, count=HERD):
        text = DAG.replace("LAST", str(count - 1)).replace("JOURNAL", str(self.journal))
        self.millrace.submit(text.replace("PIPE", str(self.millrace.root / "pipe")))
        self.run_id = self.millrace.trigger("herd")
        self.lines(count)

    def lines(self, count):
        self.millrace.wait_until(lambda: self.journal.read_text().count("\n") >= count, f"{count} tasks run")

    def let_go(self, half):
        os.close(os.open(self.pipes[half], os.O_WRONLY))

    def states(self):
        rows = []
        while True:
            page = self.millrace.get(f"/dags/herd/dagRuns/{self.run_id}/taskInstances", limit=1000,
                                     offset=len(rows)).json["task_instances"]
            rows += [row for row in page if row["task_id"] == "each"]
            if len(page) < 1000:
                return rows

    def check_all(self, count=HERD):
        run = self.millrace.finish("herd", self.run_id)
        self.assertEqual(run["state"], "failed")
        for row in self.states():
            index = row["map_index"]
            failed = index % 10 == 3
            self.assertEqual((row["state"], row["reason"]),
                             ("failed", "exit:1") if failed else ("success", None), row)
            self.assertEqual(row["try_number"], 1)
            log = self.millrace.data / f"logs/herd/{self.run_id}/each.{index}.1.log"
            self.assertEqual(log.read_text(), f"begin {index}\nend {index}\n")
            output = self.millrace.data / f"outputs/herd/{self.run_id}/each.{index}.1"
            self.assertEqual(output.read_text(), f"n={index}\n")
        ran = collections.Counter(self.journal.read_text().splitlines())
        self.assertEqual(ran, {f"{index} 1": 1 for index in range(count)})

    def away(self, stop):
        """The daemon goes; half of the tasks end while nobody is there; the next one finds all."""
        runner, = self.millrace.runner_pids()
        tasks = len(self.millrace.task_pids())
        stop()
        self.assertEqual(len(self.millrace.task_pids()), tasks, "no task has ended with the daemon")
        self.let_go(0)
        self.millrace.wait_until(lambda: len(self.millrace.task_pids()) <= tasks - HERD // 2,
                                 "half have ended")
        begun = time.monotonic()
        self.millrace.start()
        self.millrace.wait_until(
            lambda: sum(row["state"] == "running" for row in self.states()) == HERD - (HERD + 1) // 2,
            "every end is known and every living task is found")
        took = time.monotonic() - begun
        self.assertIn(runner, self.millrace.runner_pids())
        self.let_go(1)
        self.check_all()
        print(f"{HERD} of {HERD} found, {(HERD + 1) // 2} ended meanwhile, {took:.1f} s from start to known")

    def test_a_restart(self):
        self.begin()
        self.away(self.millrace.stop)

    def test_a_crash(self):
        self.begin()
        self.away(self.millrace.kill)

    def test_an_upgrade_and_the_way_back(self):
        """Another build has another runner: the old one keeps what it has, new work goes to the new one."""
        self.begin()
        old, = self.millrace.runner_pids()
        folder = self.millrace.root / "newer"
        folder.mkdir()
        for name in ("millrace", "millrace-runner", "millrace-data"):
            shutil.copy(harness.BINARY.with_name(name), folder / name)  # another time: another build
        older = self.millrace.binary

        def upgrade():
            self.millrace.stop()
            self.millrace.binary = folder / "millrace"
        self.away_with_two_runners(upgrade, old)
        self.millrace.stop()
        self.millrace.binary = older
        self.millrace.start()
        self.assertEqual(self.millrace.run("herd", self.run_id)["state"], "failed")

    def away_with_two_runners(self, stop, old):
        stop()
        self.let_go(0)
        self.millrace.start()
        self.assertIn("build=other", self.millrace.log_tail())
        self.assertEqual(len(self.millrace.runner_pids()), 2)
        self.millrace.submit("dag_id: small\ntasks: {a: {command: ['true']}}\n")
        small = self.millrace.trigger("small")
        self.assertEqual(self.millrace.finish("small", small)["state"], "success")
        self.assertIn(old, self.millrace.runner_pids(), "the old runner still holds half of the herd")
        self.let_go(1)
        self.check_all()
        self.millrace.wait_until(lambda: old not in self.millrace.runner_pids(), "the old runner has ended")

    def test_another_boot_means_lost_and_no_signal_to_anybody(self):
        """Pids and start times fit, the boot doesn't: whoever has the pid today is a stranger."""
        count = 20
        self.begin(count)
        self.millrace.wait_until(lambda: sum(row["state"] == "running" for row in self.states()) == count,
                                 "every start is stored")
        self.millrace.kill()
        runner, = self.millrace.runner_pids()
        os.kill(runner, signal.SIGKILL)
        strangers = self.millrace.task_pids()
        self.assertEqual(len(strangers), count)
        self.boot_again()
        self.millrace.start()
        self.assertEqual(self.millrace.finish("herd", self.run_id)["state"], "failed")
        for row in self.states():
            self.assertEqual((row["state"], row["reason"]), ("failed", "lost"), row)
        self.assertIn("host rebooted", str(self.millrace.get("/eventLogs", limit=1000).json)
                      + str(self.attempt_messages()))
        self.assertEqual(sorted(self.millrace.task_pids()), sorted(strangers), "nobody got a signal")

    def attempt_messages(self):
        with sqlite3.connect(self.millrace.data / "millrace.db") as database:
            return database.execute("SELECT DISTINCT exit_message FROM task_attempt").fetchall()

    def boot_again(self):
        """What a reboot changes, the other way round: the record says another boot id than the machine's."""
        now = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        other = now.translate(str.maketrans("0123456789abcdef", "fedcba9876543210"))
        with sqlite3.connect(self.millrace.data / "millrace.db") as database:
            changed = database.execute("UPDATE task_attempt SET boot_id = ? WHERE boot_id = ?", (other, now))
            self.assertGreater(changed.rowcount, 0)
        journal, = (self.millrace.data / "runner").glob("*/journal")
        text = journal.read_bytes()
        size, = struct.unpack_from("<I", text)  # of the first record, which says whose journal it is
        record = text[8:8 + size].replace(now.encode(), other.encode())
        self.assertNotEqual(record, text[8:8 + size])
        journal.write_bytes(struct.pack("<II", size, zlib.crc32(record)) + record + text[8 + size:])


if __name__ == "__main__":
    unittest.main(verbosity=2)
