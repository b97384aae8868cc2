"""Delay statistics per airport over the days before one day: what was known when that day began."""

import argparse
import datetime as dt

import lake

# Counts, sums of integers and a quantile: no float is summed, so the order of rows can't change a bit.
STATISTICS = """
    SELECT origin AS airport,
           CAST($as_of AS TIMESTAMP) AS as_of,
           count(DISTINCT date::DATE) AS days,
           count(*) AS flights,
           sum(delay)::DOUBLE / count(delay) AS delay_avg,
           count(*) FILTER (delay > 15) / count(delay) AS late_share,
           quantile_cont(delay, 0.9) AS delay_p90
    FROM {flights}
    GROUP BY origin
    ORDER BY origin
"""
EMPTY = "(SELECT NULL::TIMESTAMP AS date, NULL::BIGINT AS delay, NULL::VARCHAR AS origin LIMIT 0)"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--raw", required=True, help="folder of the raw partitions")
    arguments.add_argument("--as-of", required=True, type=dt.date.fromisoformat)
    arguments.add_argument("--days", required=True, type=int)
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()

    # [D-n, D-1]: the files of D and later are never opened.
    first = options.as_of - dt.timedelta(days=options.days)
    window = lake.days(first, options.as_of - dt.timedelta(days=1))
    files = lake.partitions(options.raw, window)
    db = lake.connect()
    flights = f"read_parquet({files!r})" if files else EMPTY
    db.execute(f"CREATE TABLE features AS {STATISTICS.format(flights=flights)}", {"as_of": options.as_of})
    (rows,) = db.execute("SELECT count(*) FROM features").fetchone()
    with lake.publish(options.out) as draft:
        db.execute(f"COPY features TO '{draft}' (FORMAT parquet, COMPRESSION zstd)")
    lake.report(rows=rows, days_of_history=len(window))


if __name__ == "__main__":
    main()
