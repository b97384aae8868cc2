"""Proves that a feature partition is a function of the past alone.

The statistics are made a second time, by another road: from the source file, with every flight of the day
itself and of later days cut away first. Any use of what came later would make the two differ.
"""

import argparse
import datetime as dt

import lake
from features import STATISTICS


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--source", required=True)
    arguments.add_argument("--features", required=True)
    arguments.add_argument("--as-of", required=True, type=dt.date.fromisoformat)
    arguments.add_argument("--days", required=True, type=int)
    options = arguments.parse_args()

    db = lake.connect()
    db.execute("CREATE TABLE published AS SELECT * FROM read_parquet(?)", [options.features])
    db.execute(
        "CREATE TABLE past AS SELECT * FROM read_parquet($source) WHERE date < $as_of AND date >= $first",
        {
            "source": options.source,
            "as_of": options.as_of,
            "first": options.as_of - dt.timedelta(days=options.days),
        },
    )
    db.execute(f"CREATE TABLE again AS {STATISTICS.format(flights='past')}", {"as_of": options.as_of})
    (differing,) = db.execute(
        """
        SELECT count(*)
        FROM ((FROM published EXCEPT FROM again) UNION ALL (FROM again EXCEPT FROM published))
        """
    ).fetchone()
    if differing:
        lake.stop(f"{differing} rows as of {options.as_of} are not what the days before give")
    (rows,) = db.execute("SELECT count(*) FROM published").fetchone()
    (latest,) = db.execute("SELECT max(date)::VARCHAR FROM past").fetchone()
    lake.report(rows_proved=rows, latest_event=latest)


if __name__ == "__main__":
    main()
