"""Will a flight be more than 15 minutes late? Learns from the weeks before, scores the week after.

Each flight is joined with the statistics of its two airports *as of its own day*, so neither a row to learn
from nor a row to score sees its own day. The time of day isn't used: the source's `date` is when the aircraft
really left, and a late hour would give the answer away.
"""

import argparse
import datetime as dt
import json
import os
import time
from pathlib import Path

import lake

FEATURES = [
    "distance",
    "weekday",
    "origin_delay_avg",
    "origin_late_share",
    "origin_delay_p90",
    "origin_flights",
    "destination_delay_avg",
    "destination_late_share",
    "destination_delay_p90",
    "destination_flights",
]


def load(raw: str, features: str, wanted: list[dt.date], limit: int):
    """(X, y) of the flights of the wanted days; at most `limit`, chosen by a hash and not by chance."""
    import numpy

    flights = lake.partitions(raw, wanted)
    known = lake.partitions(features, wanted)
    airports = [
        f"{side}.{name} AS {alias}_{name}"
        for alias, side in (("origin", "o"), ("destination", "d"))
        for name in ("delay_avg", "late_share", "delay_p90", "flights")
    ]
    columns = (
        lake.connect()
        .execute(
            f"""
            WITH flights AS (
                SELECT *, row_number() OVER (ORDER BY date, origin, destination, distance, delay) AS number
                FROM read_parquet({flights!r}) WHERE delay IS NOT NULL),
            chosen AS (SELECT * FROM flights ORDER BY hash(number), number LIMIT {limit}),
            known AS (FROM read_parquet({known!r}))
            SELECT c.delay > 15 AS late, c.distance, dayofweek(c.date) AS weekday, {', '.join(airports)}
            FROM chosen c
            LEFT JOIN known o ON o.airport = c.origin AND o.as_of = c.date::DATE::TIMESTAMP
            LEFT JOIN known d ON d.airport = c.destination AND d.as_of = c.date::DATE::TIMESTAMP
            ORDER BY c.number
            """
        )
        .fetchnumpy()
    )
    table = numpy.ma.column_stack([numpy.ma.asarray(columns[name], dtype="float64") for name in FEATURES])
    return table.filled(numpy.nan), numpy.asarray(columns["late"]).astype(int)


def device() -> str:
    return os.environ.get("CUDA_VISIBLE_DEVICES") or "cpu"


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--raw", required=True, help="folder of the raw partitions")
    arguments.add_argument("--features", required=True, help="folder of the feature partitions")
    arguments.add_argument("--week", required=True, type=dt.date.fromisoformat)
    arguments.add_argument("--weeks", required=True, type=int)
    arguments.add_argument("--max-rows", type=int, default=120_000)
    arguments.add_argument("--seed", type=int, default=7)
    arguments.add_argument("--out", required=True)
    options = arguments.parse_args()

    import joblib
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

    started = time.monotonic()
    print(f"device: {device()}", flush=True)
    day = dt.timedelta(days=1)
    before = lake.days(options.week - options.weeks * 7 * day, options.week - day)
    if not before:
        lake.stop(f"nothing to learn from before {options.week}", code=99)
    after = lake.days(options.week, options.week + 6 * day)
    x_train, y_train = load(options.raw, options.features, before, options.max_rows)
    x_test, y_test = load(options.raw, options.features, after, options.max_rows)

    model = HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.08, max_leaf_nodes=15, early_stopping=False, random_state=options.seed
    )
    model.fit(x_train, y_train)
    late = model.predict_proba(x_test)[:, 1]
    metrics = {
        "auc": round(float(roc_auc_score(y_test, late)), 4),
        "log_loss": round(float(log_loss(y_test, late)), 4),
        "brier": round(float(brier_score_loss(y_test, late)), 4),
        "base_rate": round(float(y_test.mean()), 4),
        "rows_train": len(y_train),
        "rows_test": len(y_test),
    }
    with lake.publish(options.out) as draft:
        Path(draft).mkdir()
        joblib.dump(model, f"{draft}/model.joblib")
        facts = {"week": str(options.week), "learned_from": [str(before[0]), str(before[-1])],
                 "features": FEATURES, "seed": options.seed, "metrics": metrics}
        Path(f"{draft}/metrics.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n")
    print(f"{time.monotonic() - started:.1f} s")
    lake.report(device=device(), **metrics)


if __name__ == "__main__":
    main()
