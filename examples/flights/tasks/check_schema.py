"""Fails at once when the source isn't what the pipeline was written for."""

import argparse
from pathlib import Path

import lake

EXPECTED = {
    "date": "TIMESTAMP",
    "delay": "BIGINT",
    "distance": "BIGINT",
    "origin": "VARCHAR",
    "destination": "VARCHAR",
}


def drift(found: dict[str, str]) -> list[str]:
    """What differs from EXPECTED, a line each."""
    lines = [f"column '{name}' is missing" for name in EXPECTED if name not in found]
    lines += [f"column '{name}' is new" for name in found if name not in EXPECTED]
    lines += [
        f"column '{name}' is {found[name]}, expected {kind}"
        for name, kind in EXPECTED.items()
        if name in found and found[name] != kind
    ]
    return lines


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--source", required=True)
    source = arguments.parse_args().source
    if not Path(source).exists():
        lake.stop(f"{source} is not there: 'tools/setup example' fetches it")
    rows = lake.connect().execute("DESCRIBE SELECT * FROM read_parquet(?)", [source]).fetchall()
    lines = drift({name: kind for name, kind, *_ in rows})
    if lines:
        lake.stop(f"schema drift in {source}:\n  " + "\n  ".join(lines))
    lake.report(columns=len(rows))


if __name__ == "__main__":
    main()
