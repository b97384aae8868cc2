"""What the tasks share: where partitions lie, how a file is published, how a task reports."""

import ctypes
import datetime as dt
import json
import os
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

FIRST_DAY = dt.date(2001, 1, 1)  # the source has nothing before; an earlier partition is not missing


def connect():
    """One thread and bounded memory: equal bytes on every machine, and many tasks fit beside each other."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET threads = 1; SET memory_limit = '512MB'; SET preserve_insertion_order = true")
    return connection


def days(first: dt.date, last: dt.date) -> list[dt.date]:
    """All days of [first, last] for which the source can have data."""
    first = max(first, FIRST_DAY)
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def partitions(folder: str, wanted: list[dt.date]) -> list[str]:
    """The files of the wanted days; a missing one ends the task."""
    paths = [Path(folder) / f"{day}.parquet" for day in wanted]
    missing = [path.name for path in paths if not path.exists()]
    if missing:
        stop(f"{len(missing)} of {len(paths)} partitions are missing in {folder}: {', '.join(missing[:7])}")
    return [str(path) for path in paths]


@contextmanager
def publish(target: str):
    """Yields a path to write a file or a folder to; it appears at `target` whole, or not at all."""
    final = Path(target)
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = final.with_name(f".{final.name}.{os.getpid()}")
    try:
        yield str(draft)
        for path in [draft, *draft.rglob("*")]:
            _sync(path)
        if draft.is_dir() and final.exists():
            _exchange(draft, final)
        else:
            os.replace(draft, final)
        _sync(final.parent)
    finally:
        if draft.is_dir():
            shutil.rmtree(draft)
        else:
            draft.unlink(missing_ok=True)


def report(**outputs) -> None:
    """Outputs of this task: later tasks read them as {{ tasks.NAME.output.KEY }}."""
    line = json.dumps(outputs, sort_keys=True)
    print(line)
    if path := os.environ.get("MILLRACE_OUTPUT"):
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")


def stop(message: str, code: int = 1):
    """Ends the task: 1 = failed, 99 = skipped."""
    print(message, file=sys.stderr)
    sys.exit(code)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _exchange(draft: Path, final: Path) -> None:
    # rename() doesn't replace a folder that has something in it; renameat2 swaps the two in one step.
    at_fdcwd, exchange = -100, 2
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(at_fdcwd, os.fsencode(draft), at_fdcwd, os.fsencode(final), exchange) != 0:
        raise OSError(ctypes.get_errno(), f"cannot replace {final}")
