"""Names the days whose raw partitions the features of one day need: none on the source's first day."""

import argparse
import datetime as dt

import lake


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--date", required=True, type=dt.date.fromisoformat)
    arguments.add_argument("--days", required=True, type=int)
    options = arguments.parse_args()
    first = options.date - dt.timedelta(days=options.days)
    yesterday = options.date - dt.timedelta(days=1)
    lake.report(days=[str(day) for day in lake.days(first, yesterday)])


if __name__ == "__main__":
    main()
