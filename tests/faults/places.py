"""Where each crash point is passed, and what must be true after a crash there."""

import hashlib
import os
import signal
import sqlite3
import subprocess

from life import Life, harness

# A point's own entry, else that of its step. Numbers: at which start the daemon carries the point.
PLACES = {
    "access": "life", "acknowledge": "life", "api": "life 2", "attach": "life 2", "backfill": "life",
    "backup": "backup", "dispatch": "life", "end": "life", "estate": "runner 2", "executor": "life",
    "folder": "life", "journal": "runner's", "kill": "life", "launch": "life", "link": "life 2",
    "lock": "life 2", "loop": "life", "migration": "migrate", "notify": "life",
    "open": "life 2", "orphan": "runner 2", "publish": "worker",
    "reconcile": "idle", "recover": "life 2", "recovery": "life 2", "remove_files": "life", "reply": "life",
    "report": "life", "respawn": "life 2", "restore": "restore", "row": "life", "runner": "runner's",
    "sensor": "life", "spawn": "runner's", "spawner": "runner's", "start": "life 2", "stop": "life",
    "store": "life", "submit": "life", "sweep": "life", "token": "life", "trash": "life",
    "api.asked": "life", "attach.estate_read": "runner 2", "attach.folder_made": "life",
    "executor.runner_buried": "runner", "executor.runner_lost": "runner", "journal.replaced": "many",
    "runner.greeted_first": "life", "runner.wanted": "life", "store.swept": "idle",
}


def place_of(point):
    return PLACES.get(point) or PLACES[point.split(".")[0]]


def is_slow(point):
    """Waits for the reconciler's turn, or runs thousands of tasks."""
    return place_of(point) in ("idle", "many")


def live(point, passage, again):
    """False: the point has no such passage there. Raises what isn't as it must be."""
    place, _, start = place_of(point).partition(" ")
    return ACTS[place](Crash(point, passage, int(start or 1)), again)


class Crash:
    def __init__(self, point, passage, at_start):
        self.point, self.passage, self.at_start = point, passage, at_start

    def environment(self, mark):
        return {"MILLRACE_CRASH_POINT": f"{self.point}:{self.passage}", "MILLRACE_CRASH_MARK": str(mark)}


def with_life(crash, again, act, in_worker=False):
    """`act(life)` on a fresh data folder; true if the point was passed."""
    environment = {}
    it = Life(lambda start: environment if start == crash.at_start and not in_worker else {}, again)
    environment.update(crash.environment(it.mark))
    if in_worker:
        it.task_environment = environment
    try:
        act(it)
        return it.mark.exists()
    finally:
        it.close()


def kill_runners(it):
    for pid in it.millrace.runner_pids():
        os.kill(pid, signal.SIGKILL)


def life(crash, again):
    def act(it):
        it.begin()
        if crash.at_start == 2:
            it.millrace.kill()
            it.start()
        it.end()
        it.check()
    return with_life(crash, again, act)


def runners(crash, again):
    """The runner itself is what dies: its attempts are lost, never run again."""
    def act(it):
        # A daemon whose new runner dies while it is greeted says so and ends.
        it.may_end = lambda status, log: status == 1 and "runner" in log
        it.begin()
        it.millrace.kill()
        again(it)
        it.start()
        it.end(timeouts_hold=False)
        it.check(all_good=False)
    return with_life(crash, again, act)


def runner(crash, again):
    """The daemon dies while it deals with a runner's death."""
    def act(it):
        it.begin()
        if crash.at_start == 2:
            it.millrace.kill()
        kill_runners(it)
        if crash.at_start == 2:
            it.start()
        it.ask("POST", it.run_path("ends", it.ends) + "/cancel", {}, want=(200, 409))
        it.end()
        it.check(all_good=False)
    return with_life(crash, again, act)


def worker(crash, again):
    """The data worker of one attempt dies: the attempt fails, the next publishes."""
    def act(it):
        it.begin()
        it.end()
        it.check(first_try=False)
    return with_life(crash, again, act, in_worker=True)


def idle(crash, again):
    def act(it):
        it.begin()
        it.until(lambda: it.mark.exists() or not it.millrace.get("/monitor/health"), "the reconciler's turn")
        it.end()
        it.check()
    return with_life(crash, again, act)


MANY = """
dag_id: NAME
tasks:
  list: {script: 'echo "{\\"items\\": [$(seq -s, 1 900)]}" >> $MILLRACE_OUTPUT'}
  each: {expand: {item: "{{ tasks.list.output.items }}"}, command: ["true"]}
"""


def many(crash, again):
    """So many attempts with names so long that the runner's journal is written anew."""
    def act(it):
        name = "many_" + "x" * 190
        it.millrace.config.write_text("cpu: 500\npools: {cpu: 500}\n")
        it.start()
        it.ask("POST", "/dags", MANY.replace("NAME", name))
        runs = [it.trigger(name, dag_run_id=f"{n}_" + "r" * 190) for n in range(3)]
        for run in runs:
            it.until(lambda r=run: it.final(name, r), "the run ends")
        it.stop()
        it.verify()
    return with_life(crash, again, act)


def migrate(crash, again):
    """A database of an older build."""
    def act(it):
        it.millrace.data.mkdir(mode=0o700)
        database = sqlite3.connect(it.millrace.data / "millrace.db")
        database.execute("CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                         "checksum TEXT NOT NULL) STRICT")
        for file in sorted((harness.SOURCE / "migrations").glob("*.sql"))[:6]:
            number, name = file.stem.split("_", 1)
            database.executescript(file.read_text())
            database.execute("INSERT INTO schema_migrations VALUES (?, ?, ?)",
                             (int(number), name, hashlib.sha256(file.read_bytes()).hexdigest()))
        database.commit()
        database.close()
        it.begin()
        it.end()
        it.check()
    return with_life(crash, again, act)


# copies of the database, by the program and without a daemon

def cli(*words, environment=None):
    return subprocess.run([str(harness.BINARY), *map(str, words)], capture_output=True, text=True,
                          check=False, env=dict(os.environ, **(environment or {})))


def served(it):
    """The DAGs that a daemon on this folder knows; nothing if it refuses to start."""
    it.millrace.start(wait=False)
    try:
        it.until(lambda: it.millrace.get("/monitor/health").status == 200, "it answers", revive=False)
    except AssertionError:
        assert it.millrace.process.poll() is not None
        return None
    dags = {row["dag_id"] for row in it.get("/dags")["dags"]}
    it.stop()
    return dags


def dag(name):
    return f"dag_id: {name}\ntasks: {{a: {{command: ['true']}}}}\n"


def backup(crash, _again):
    """The copy is whole or not there, and the next backup works."""
    def act(it):
        it.start()
        it.ask("POST", "/dags", dag("kept"))
        copy = it.millrace.root / "copy.db"
        data = ("--data", it.millrace.data)
        crashed = cli("backup", copy, *data, environment=crash.environment(it.mark))
        if crashed.returncode != -9:
            return
        if not copy.exists():
            part = copy.with_name("copy.db.part")
            if part.exists():
                refused = cli("backup", copy, *data)
                assert refused.returncode == 1 and str(part) in refused.stderr, refused
                part.unlink()
            made = cli("backup", copy, *data)
            assert made.returncode == 0, made
        other = it.millrace.root / "other"
        restored = cli("restore", copy, "--data", other)
        assert restored.returncode == 0, restored
        assert cli("verify", "--data", other).returncode == 0
        it.stop()
        it.millrace.data = other
        assert served(it) == {"kept"}
    return with_life(Crash(crash.point, crash.passage, 0), _again, act)


def restore(crash, _again):
    """Who starts a daemon then finds the old database or the new one, or is told; and a second try works."""
    def act(it):
        data = ("--data", it.millrace.data)
        copy = it.millrace.root / "copy.db"
        it.start()
        it.ask("POST", "/dags", dag("new"))
        assert cli("backup", copy, *data).returncode == 0
        it.ask("POST", "/dags", dag("old"))
        it.millrace.kill()  # its log isn't in the database file yet
        crashed = cli("restore", copy, "--force", *data, environment=crash.environment(it.mark))
        if crashed.returncode != -9:
            return
        found = served(it)
        told = found is None and "interrupted" in it.millrace.log_tail()
        assert told or found in ({"new", "old"}, {"new"})
        again = cli("restore", copy, "--force", *data)
        assert again.returncode == 0, again
        assert served(it) == {"new"}
        with sqlite3.connect(it.millrace.data / "millrace.db.before-restore") as old:
            assert ("old",) in old.execute("SELECT dag_id FROM dag").fetchall(), "what was there is kept"
        it.verify()
    return with_life(Crash(crash.point, crash.passage, 0), _again, act)


ACTS = {"life": life, "runner's": runners, "runner": runner, "worker": worker, "idle": idle, "many": many,
        "migrate": migrate, "backup": backup, "restore": restore}
