#!/usr/bin/env python3
"""Serves examples/flights, backfills it, shows progress and the result; goes on serving until Ctrl-C.

Environment: FROM, TO (execution dates), ONCE=1 (end after the result; the exit code tells), PORT, DATA (a
folder).
Everything goes over the REST API, as any other client would do it.
"""

import datetime as dt
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BINARY = ROOT / "build/release/millrace"
DAGS = ROOT / "examples/flights/dags"
INGEST, FEATURES, TRAIN = "flights_ingest", "flights_features", "flights_train"
FIRST_DAY, LAST_DAY = dt.date(2001, 1, 1), dt.date(2001, 6, 30)
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)
OPEN = ("queued", "running")
STUCK_AFTER_S = 600
HISTORY_WEEKS = 4  # what a training run learns from
LINK_S = 50  # a login link works for a minute
METRICS = ("auc", "log_loss", "brier", "base_rate", "rows_train", "rows_test", "device")

Plan = dict[str, tuple[dt.date, dt.date, int]]  # DAG -> first and last execution_date, number of runs


class Trouble(Exception):
    """Said to the user in one line; ends the program with 1."""


class Api:
    def __init__(self, port: int):
        self.url = f"http://127.0.0.1:{port}"
        self.token = ""
        # A proxy of the environment has no business between this machine and itself.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(self, method: str, path: str, body=None, base: str = "/api/v2") -> dict:
        request = urllib.request.Request(self.url + base + path, method=method)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with self.opener.open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"{}")

    def login_link(self) -> str:
        return self.call("POST", "/auth/links", {}, base="")["url"]

    def get(self, path: str, **query) -> dict:
        return self.call("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""))

    def all(self, path: str, plural: str, **query) -> list[dict]:
        """Every page of a list."""
        found: list[dict] = []
        while True:
            page = self.get(path, limit=100, offset=len(found), **query)
            found += page[plural]
            if not page[plural] or len(found) >= page["total_entries"]:
                return found

    def runs(self, dag_id: str, first: dt.date, last: dt.date) -> list[dict]:
        """The runs with an execution_date in [first, last]."""
        runs = self.all(f"/dags/{dag_id}/dagRuns", "dag_runs")
        return [run for run in runs if first <= day_of(run) <= last]


def day_of(run: dict) -> dt.date:
    return dt.date.fromisoformat(run["logical_date"][:10])


def path_of(run: dict) -> str:
    return f"/dags/{run['dag_id']}/dagRuns/{urllib.parse.quote(run['dag_run_id'], safe='')}"


def problem_of(error: urllib.error.HTTPError) -> str:
    try:
        return json.loads(error.read())["detail"]
    except (ValueError, KeyError, TypeError):
        return str(error)


# The daemon

class Daemon:
    def __init__(self, data: Path, port: int):
        self.data, self.port, self.log = data, port, data / "serve.log"
        self.process: subprocess.Popen | None = None

    def start(self, api: Api) -> None:
        if not BINARY.exists():
            raise Trouble(f"{BINARY.relative_to(ROOT)} isn't built: 'make build' builds it")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                raise Trouble(f"port {self.port} is taken by another program; choose one: PORT=8090 make run")
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            # Its own session: Ctrl-C comes to this program, which then stops the daemon in its order.
            self.process = subprocess.Popen(
                [BINARY, "serve", "--data", self.data, "--dags", DAGS, "--listen", f"127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, start_new_session=True)
        wait_for("the daemon to answer", 60, lambda: self.answers(api))
        api.token = (self.data / "admin.token").read_text().strip()

    def answers(self, api: Api) -> bool:
        self.check()
        try:
            api.get("/monitor/health")
            return True
        except OSError:
            return False

    def check(self) -> None:
        if self.process and self.process.poll() is not None:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
            raise Trouble(f"the daemon ended with {self.process.returncode}; the end of {self.log}:\n{tail}")

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def wait_for(what: str, seconds: float, ready) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise Trouble(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)


# The work

def prepare(api: Api, wanted: Plan) -> None:
    """The three DAGs are there and not paused, and the days before the first one are made."""
    def there() -> bool:
        return {INGEST, FEATURES, TRAIN} <= {dag["dag_id"] for dag in api.all("/dags", "dags")}
    try:
        wait_for("the DAGs of examples/flights", 30, there)
    except Trouble:
        for error in api.get("/importErrors").get("import_errors", []):
            print(error.get("stack_trace", error), file=sys.stderr)
        raise
    for dag in api.all("/dags", "dags"):
        if dag.get("is_paused") and dag["dag_id"] in (INGEST, FEATURES, TRAIN):
            api.call("PATCH", f"/dags/{dag['dag_id']}", {"is_paused": False})
    first = wanted[INGEST][0]
    monday = wanted[TRAIN][0] if TRAIN in wanted else first
    for dag, day in ((INGEST, first - WEEK), (FEATURES, monday - HISTORY_WEEKS * WEEK)):
        have = {day_of(run) for run in api.runs(dag, FIRST_DAY, first - DAY) if run["state"] == "success"}
        day = max(day, FIRST_DAY)
        while day in have:
            day += DAY
        if day < first:
            raise Trouble(f"FROM={first} needs days before it, and {dag} has not made {day}: "
                          f"begin at FROM={FIRST_DAY}")


def backfill(api: Api, dag_id: str, first: dt.date, last: dt.date) -> dict:
    """A new backfill, or the same one that a stopped run of this program left."""
    body = {"dag_id": dag_id, "from_date": f"{first}T00:00:00Z", "to_date": f"{last}T00:00:00Z",
            "reprocess_behavior": "none", "run_backwards": False, "max_active_runs": 8, "dag_run_conf": {}}
    try:
        return api.call("POST", "/backfills", body)
    except urllib.error.HTTPError as error:
        if error.code == 409:
            for found in api.all("/backfills", "backfills", dag_id=dag_id):
                if found.get("completed_at") or found["dag_id"] != dag_id:
                    continue
                if found["from_date"][:10] == str(first) and found["to_date"][:10] == str(last):
                    return found
                print(f"an earlier backfill of {dag_id} is still open: it goes first")
                wait_for(f"backfill {found['id']}", STUCK_AFTER_S, lambda: is_done(api, found))
                return backfill(api, dag_id, first, last)
        raise Trouble(f"backfill of {dag_id}: {problem_of(error)}") from None


def is_done(api: Api, made: dict) -> bool:
    found = api.get(f"/backfills/{made['id']}")
    return bool(found.get("completed_at")) or found.get("state") in ("completed", "failed", "cancelled")


def count_states(runs: list[dict]) -> dict[str, int]:
    states = [run["state"] for run in runs]
    return {state: states.count(state) for state in ("success", "failed", *OPEN)}


class Progress:
    """A line that is drawn again on a terminal; elsewhere a line every few seconds."""

    def __init__(self):
        self.started = self.said = time.monotonic()
        self.terminal = sys.stdout.isatty()

    def show(self, text: str, last: bool = False) -> None:
        now = time.monotonic()
        line = f"{now - self.started:5.0f} s  {text}"
        if self.terminal:
            print(f"\r\033[K{line}", end="\n" if last else "", flush=True)
        elif last or now - self.said >= 5:
            self.said = now
            print(line, flush=True)


def watch(daemon: Daemon, api: Api, made: list[dict], wanted: Plan) -> None:
    """Until both backfills have ended and the features of every ingested day are made, or nothing moves."""
    progress, before, moved = Progress(), None, time.monotonic()
    while True:
        daemon.check()
        counts = {dag: count_states(api.runs(dag, first, last)) for dag, (first, last, _) in wanted.items()}
        words = []
        for dag, (_, _, total) in wanted.items():
            now = counts[dag]
            words.append(f"{dag.removeprefix('flights_')} {now['success']}/{total}"
                         + (f" ({now['failed']} failed)" if now["failed"] else ""))
        busy = sum(now[state] for now in counts.values() for state in OPEN)
        failed = sum(now["failed"] for now in counts.values())
        features = counts[FEATURES]["success"] + counts[FEATURES]["failed"]
        done = all(is_done(api, one) for one in made) and features >= counts[INGEST]["success"]
        progress.show(f"{'   '.join(words)}   {busy} runs open", last=done)
        if done:
            return
        if counts != before:
            before, moved = counts, time.monotonic()
        # After a failure what waits for it waits in vain: don't sit that out.
        patience = 30 if failed else STUCK_AFTER_S
        if time.monotonic() - moved > patience:
            print(f"\nnothing has moved for {patience} s; {failed} runs failed, {busy} are open")
            return
        time.sleep(1)


# The result

def seconds_between(runs: list[dict]) -> float:
    times = [[dt.datetime.fromisoformat(run[key].replace("Z", "+00:00")) for run in runs if run.get(key)]
             for key in ("start_date", "end_date")]
    return (max(times[1]) - min(times[0])).total_seconds() if times[0] and times[1] else 0


def print_table(head: list[str], rows: list[list]) -> None:
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        print("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())


def outputs_of(api: Api, run: dict, task_id: str) -> dict:
    path = f"{path_of(run)}/taskInstances/{task_id}/xcomEntries"
    found = {}
    for entry in api.all(path, "xcom_entries"):
        value = entry["value"] if "value" in entry else api.get(f"{path}/{entry['key']}")["value"]
        found[entry["key"]] = value
    return found


def show_result(api: Api, wanted: Plan) -> bool:
    """Prints the two tables; whether all went well."""
    rows, weeks, good = [], [], True
    for dag, (first, last, total) in wanted.items():
        runs = sorted(api.runs(dag, first, last), key=day_of)
        tasks = retries = 0
        for run in runs:
            instances = api.all(f"{path_of(run)}/taskInstances", "task_instances")
            tasks += len(instances)
            retries += sum(max(0, int(one.get("try_number") or 0) - 1) for one in instances)
            if dag == TRAIN:
                train = next((one for one in instances if one["task_id"] == "train"), {})
                outputs = outputs_of(api, run, "train") if train.get("state") == "success" else {}
                unknown = "" if outputs else train.get("state")
                weeks.append([day_of(run), *(outputs.get(name, unknown) for name in METRICS)])
        counts = count_states(runs)
        good = good and counts["success"] == total and len(runs) == total
        rows.append([dag, f"{counts['success']}/{total}", counts["failed"], tasks, retries,
                     f"{seconds_between(runs):.1f} s"])
    print()
    print_table(["DAG", "runs", "failed", "tasks", "retries", "wall time"], rows)
    print()
    print_table(["week", *[name.replace("_", " ") for name in METRICS]], weeks)
    return good


def read_dates() -> tuple[dt.date, dt.date]:
    try:
        first = dt.date.fromisoformat(os.environ.get("FROM", "2001-01-01"))
        last = dt.date.fromisoformat(os.environ.get("TO", "2001-01-31"))
    except ValueError as error:
        raise Trouble(f"FROM and TO are dates such as 2001-01-31: {error}") from None
    if not FIRST_DAY <= first <= last <= LAST_DAY:
        raise Trouble(f"the flights are of {FIRST_DAY} to {LAST_DAY}; asked for {first} to {last}")
    return first, last


def plan(first: dt.date, last: dt.date) -> Plan:
    """A week is trained when all its days are in the range."""
    days = (last - first).days + 1
    wanted: Plan = {INGEST: (first, last, days), FEATURES: (first, last, days)}
    monday = first + -first.weekday() % 7 * DAY
    mondays = [monday + n * WEEK for n in range(27) if monday + (n + 1) * WEEK <= last + DAY]
    if mondays:
        wanted[TRAIN] = (mondays[0], mondays[-1], len(mondays))
    return wanted


def serve_on(daemon: Daemon, api: Api) -> None:
    """Until Ctrl-C. A login link works once and for a minute: a terminal always shows one that works."""
    print(f"\nstill serving on {api.url}; Ctrl-C stops it. The web UI:")
    if not sys.stdout.isatty():
        print(f"{api.login_link()}\n(works once, within a minute; later: {BINARY.relative_to(ROOT)} "
              f"--url {api.url} --data {os.path.relpath(daemon.data)} open)", flush=True)
        daemon.process.wait()
    back = ""
    while daemon.process.poll() is None:
        link = api.login_link()
        print(back + link, end="", flush=True)
        rows_above = (len(link) - 1) // shutil.get_terminal_size().columns
        back = "\r" + (f"\033[{rows_above}A" if rows_above else "") + "\033[J"
        try:
            daemon.process.wait(LINK_S)
        except subprocess.TimeoutExpired:
            pass
    daemon.check()


def run() -> int:
    first, last = read_dates()
    wanted = plan(first, last)
    port = int(os.environ.get("PORT", "8080"))
    daemon, api = Daemon(Path(os.environ.get("DATA", ROOT / ".millrace")).resolve(), port), Api(port)
    try:
        daemon.start(api)
        print(f"serving on {api.url} (log: {os.path.relpath(daemon.log)}, token: "
              f"{os.path.relpath(daemon.data / 'admin.token')})")
        if os.environ.get("ONCE") != "1":
            print(f"watch it (works once, within a minute): {api.login_link()}", flush=True)
        prepare(api, wanted)
        print(f"backfilling {first}..{last}")
        made = [backfill(api, dag, *wanted[dag][:2]) for dag in (INGEST, TRAIN) if dag in wanted]
        watch(daemon, api, made, wanted)
        good = show_result(api, wanted)
        if os.environ.get("ONCE") == "1":
            return 0 if good else 1
        serve_on(daemon, api)
    except urllib.error.HTTPError as error:
        raise Trouble(f"{error.url}: {problem_of(error)}") from None
    except OSError as error:
        daemon.check()
        raise Trouble(f"the daemon doesn't answer: {error}") from None
    finally:
        daemon.stop()
    return 0


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run()
    except Trouble as trouble:
        print(f"run-example: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; what was begun goes on at the next 'make run'")
        return 130 if os.environ.get("ONCE") == "1" else 0


if __name__ == "__main__":
    sys.exit(main())
