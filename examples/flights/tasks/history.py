"""Names the weeks whose features a training run needs: the week it scores and up to four before it."""

import argparse
import datetime as dt

import lake


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--week", required=True, type=dt.date.fromisoformat)
    arguments.add_argument("--weeks", required=True, type=int)
    options = arguments.parse_args()
    if options.week.weekday() != 0:
        lake.stop(f"{options.week} is not a Monday")
    starts = [options.week - dt.timedelta(weeks=n) for n in range(options.weeks + 1)]
    starts = [start for start in starts if start >= lake.FIRST_DAY]
    if len(starts) < 2:
        lake.stop(f"nothing to learn from before {options.week}", code=99)
    last_days = [str(start + dt.timedelta(days=6)) for start in starts]
    lake.report(last_days=last_days, weeks_of_history=len(starts) - 1)


if __name__ == "__main__":
    main()
