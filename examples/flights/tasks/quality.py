"""Row count and null rates of a partition; more nulls than allowed, or a flight of another day, fail it."""

import argparse
import datetime as dt

import lake

COLUMNS = ["date", "delay", "distance", "origin", "destination"]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--partition", required=True)
    arguments.add_argument("--date", required=True, type=dt.date.fromisoformat)
    arguments.add_argument("--max-null-rate", type=float, default=0.01)
    options = arguments.parse_args()

    nulls = ", ".join(f"count(*) FILTER ({name} IS NULL) / count(*)" for name in COLUMNS)
    rows, strays, *rates = (
        lake.connect()
        .execute(
            f"""
            SELECT count(*), count(*) FILTER (date::DATE <> $day), {nulls}
            FROM read_parquet($path)
            """,
            {"path": options.partition, "day": options.date},
        )
        .fetchone()
    )
    rates = dict(zip(COLUMNS, rates))
    lake.report(rows=rows, **{f"null_rate_{name}": rate for name, rate in rates.items()})
    if strays:
        lake.stop(f"{strays} flights are not of {options.date}")
    high = [f"{name} {rate:.2%}" for name, rate in rates.items() if rate > options.max_null_rate]
    if high:
        lake.stop(f"more nulls than {options.max_null_rate:.2%}: {', '.join(high)}")


if __name__ == "__main__":
    main()
