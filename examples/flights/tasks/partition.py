"""One day of the source as one Parquet file, sorted by every column: the same day is the same bytes."""

import argparse
import datetime as dt

import lake


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--source", required=True)
    arguments.add_argument("--date", required=True, type=dt.date.fromisoformat)
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()

    db = lake.connect()
    db.execute(
        """
        CREATE TABLE flights AS
        SELECT date, delay, distance, origin, destination
        FROM read_parquet($source)
        WHERE date >= $day AND date < $day + INTERVAL 1 DAY
        ORDER BY ALL
        """,
        {"source": options.source, "day": options.date},
    )
    (rows,) = db.execute("SELECT count(*) FROM flights").fetchone()
    if rows == 0:
        lake.stop(f"the source has no flights on {options.date}")
    with lake.publish(options.out) as draft:
        db.execute(f"COPY flights TO '{draft}' (FORMAT parquet, COMPRESSION zstd)")
    lake.report(rows=rows)


if __name__ == "__main__":
    main()
