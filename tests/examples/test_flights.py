"""The flights example's tasks, run as the daemon runs them: arguments in, a file of outputs out."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv/bin/python"
FLIGHTS = ROOT / "examples/flights"
SOURCE = FLIGHTS / "data/flights-3m.parquet"


def sql(text: str):
    import duckdb

    return duckdb.connect().execute(text).fetchall()


class FlightsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lake = Path(tempfile.mkdtemp(prefix="flights"))
        cls.addClassCleanup(shutil.rmtree, cls.lake)
        cls.raw = cls.lake / "raw"
        cls.features = cls.lake / "features"
        for day in range(1, 15):
            cls.partition(f"2001-01-{day:02}")
            cls.build(f"2001-01-{day:02}")

    @classmethod
    def run_task(cls, script: str, *arguments: str, env: dict | None = None):
        """(exit code, outputs, stderr)"""
        with tempfile.NamedTemporaryFile("r", dir=cls.lake) as output:
            process = subprocess.run(
                [PYTHON, "-B", FLIGHTS / "tasks" / f"{script}.py", *map(str, arguments)],
                env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "MILLRACE_OUTPUT": output.name, **(env or {})},
                capture_output=True,
                text=True,
                timeout=120,
            )
            outputs = {}
            for line in output:
                outputs |= json.loads(line)
        return process.returncode, outputs, process.stderr

    @classmethod
    def partition(cls, day: str, folder: Path | None = None, source: Path = SOURCE) -> Path:
        path = (folder or cls.raw) / f"{day}.parquet"
        code, _, problem = cls.run_task("partition", "--source", source, "--date", day, "--out", path)
        assert code == 0, problem
        return path

    @classmethod
    def build(cls, day: str, raw: Path | None = None, folder: Path | None = None):
        path = (folder or cls.features) / f"{day}.parquet"
        code, outputs, problem = cls.run_task(
            "features", "--raw", raw or cls.raw, "--as-of", day, "--days", "7", "--out", path
        )
        assert code == 0, problem
        return path, outputs

    def prove(self, path: Path, day: str):
        return self.run_task(
            "prove_point_in_time", "--source", SOURCE, "--features", path, "--as-of", day, "--days", "7"
        )

    def train(self, week: str, out: Path, env: dict | None = None):
        return self.run_task(
            "train", "--raw", self.raw, "--features", self.features, "--week", week, "--weeks", "4",
            "--max-rows", "20000", "--out", out, env=env,
        )

    # check_schema

    def test_the_real_source_passes_the_schema_check(self):
        code, outputs, _ = self.run_task("check_schema", "--source", SOURCE)
        self.assertEqual((code, outputs), (0, {"columns": 5}))

    def test_every_kind_of_drift_is_named_at_once(self):
        drifted = self.lake / "drifted.parquet"
        select = f"SELECT date, delay::DOUBLE AS delay, distance, origin, 1 AS tail FROM '{SOURCE}' LIMIT 9"
        sql(f"COPY ({select}) TO '{drifted}'")
        code, outputs, problem = self.run_task("check_schema", "--source", drifted)
        self.assertEqual((code, outputs), (1, {}))
        self.assertIn("column 'destination' is missing", problem)
        self.assertIn("column 'tail' is new", problem)
        self.assertIn("column 'delay' is DOUBLE, expected BIGINT", problem)

    def test_a_missing_source_says_how_to_get_it(self):
        code, _, problem = self.run_task("check_schema", "--source", self.lake / "none.parquet")
        self.assertEqual(code, 1)
        self.assertIn("tools/setup example", problem)

    # partition and quality

    def test_the_same_day_gives_the_same_bytes(self):
        again = self.partition("2001-01-05", self.lake / "again")
        self.assertEqual(again.read_bytes(), (self.raw / "2001-01-05.parquet").read_bytes())

    def test_the_order_of_the_source_does_not_matter(self):
        shuffled = self.lake / "shuffled.parquet"
        select = f"SELECT * FROM '{SOURCE}' WHERE date < DATE '2001-01-09' ORDER BY hash(date, origin)"
        sql(f"COPY ({select}) TO '{shuffled}'")
        again = self.partition("2001-01-08", self.lake / "from_shuffled", shuffled)
        self.assertEqual(again.read_bytes(), (self.raw / "2001-01-08.parquet").read_bytes())

    def test_partitions_hold_every_flight_of_their_days_once(self):
        in_partitions = sql(f"SELECT count(*), sum(delay) FROM '{self.raw}/*.parquet'")
        in_source = sql(f"SELECT count(*), sum(delay) FROM '{SOURCE}' WHERE date < DATE '2001-01-15'")
        self.assertEqual(in_partitions, in_source)

    def test_a_day_without_flights_fails_and_leaves_no_file(self):
        path = self.lake / "nothing" / "2002-01-01.parquet"
        day = "2002-01-01"
        code, _, problem = self.run_task("partition", "--source", SOURCE, "--date", day, "--out", path)
        self.assertEqual(code, 1)
        self.assertIn("no flights on 2002-01-01", problem)
        self.assertFalse(path.exists())

    def test_a_failed_write_leaves_the_old_file_and_no_draft(self):
        folder = self.lake / "kept"
        path = self.partition("2001-01-02", folder)
        before = path.read_bytes()
        broken = self.lake / "broken.parquet"
        broken.write_bytes(SOURCE.read_bytes()[:100_000])
        code, *_ = self.run_task("partition", "--source", broken, "--date", "2001-01-02", "--out", path)
        self.assertNotEqual(code, 0)
        self.assertEqual([(p.name, p.read_bytes()) for p in folder.iterdir()], [(path.name, before)])

    def test_quality_reports_rows_and_null_rates(self):
        code, outputs, _ = self.run_task(
            "quality", "--partition", self.raw / "2001-01-01.parquet", "--date", "2001-01-01"
        )
        self.assertEqual(code, 0)
        self.assertEqual(outputs["rows"], 14828)
        self.assertEqual(outputs["null_rate_delay"], 0)

    def test_too_many_nulls_fail_after_they_are_reported(self):
        holes = self.lake / "holes.parquet"
        day = self.raw / "2001-01-01.parquet"
        select = f"SELECT * REPLACE (CASE WHEN distance > 300 THEN delay END AS delay) FROM '{day}'"
        sql(f"COPY ({select}) TO '{holes}'")
        code, outputs, problem = self.run_task("quality", "--partition", holes, "--date", "2001-01-01")
        self.assertEqual(code, 1)
        self.assertGreater(outputs["null_rate_delay"], 0.1)
        self.assertIn("more nulls than 1.00%: delay", problem)

    def test_flights_of_another_day_fail_quality(self):
        code, _, problem = self.run_task(
            "quality", "--partition", self.raw / "2001-01-01.parquet", "--date", "2001-01-02"
        )
        self.assertEqual(code, 1)
        self.assertIn("14828 flights are not of 2001-01-02", problem)

    # features

    def test_the_window_ends_the_day_before_and_starts_with_the_source(self):
        def window(day):
            return self.run_task("window", "--date", day, "--days", "7")[1]["days"]

        self.assertEqual(window("2001-01-01"), [])
        self.assertEqual(window("2001-01-03"), ["2001-01-01", "2001-01-02"])
        self.assertEqual(window("2001-01-10"), [f"2001-01-{day:02}" for day in range(3, 10)])

    def test_a_days_own_flights_and_later_ones_do_not_change_its_features(self):
        other = self.lake / "other_raw"
        shutil.copytree(self.raw, other)
        for day in ("2001-01-09", "2001-01-10"):
            path = other / f"{day}.parquet"
            path.unlink()
            sql(f"COPY (SELECT * REPLACE (delay + 500 AS delay) FROM '{self.raw}/{day}.parquet') TO '{path}'")
        own, _ = self.build("2001-01-09", other, self.lake / "own")
        self.assertEqual(own.read_bytes(), (self.features / "2001-01-09.parquet").read_bytes())
        after, _ = self.build("2001-01-10", other, self.lake / "own")
        self.assertNotEqual(after.read_bytes(), (self.features / "2001-01-10.parquet").read_bytes())

    def test_the_first_day_is_an_empty_table_with_the_columns_of_the_others(self):
        first, outputs = self.build("2001-01-01")
        self.assertEqual(outputs, {"rows": 0, "days_of_history": 0})
        later = self.features / "2001-01-09.parquet"
        self.assertEqual(sql(f"DESCRIBE FROM '{first}'"), sql(f"DESCRIBE FROM '{later}'"))
        self.assertEqual(sql(f"SELECT count(*) FROM '{first}'"), [(0,)])

    def test_a_partition_missing_in_the_window_is_named(self):
        gap = self.lake / "gap"
        shutil.copytree(self.raw, gap)
        (gap / "2001-01-06.parquet").unlink()
        code, _, problem = self.run_task(
            "features", "--raw", gap, "--as-of", "2001-01-09", "--days", "7", "--out", self.lake / "x.parquet"
        )
        self.assertEqual(code, 1)
        self.assertIn("1 of 7 partitions are missing", problem)
        self.assertIn("2001-01-06.parquet", problem)

    def test_the_proof_holds_for_each_built_day(self):
        for day in ("2001-01-01", "2001-01-02", "2001-01-14"):
            code, outputs, problem = self.prove(self.features / f"{day}.parquet", day)
            self.assertEqual(code, 0, problem)
            self.assertLess(outputs["latest_event"] or "", day)

    def test_the_proof_fails_on_features_that_saw_their_own_day(self):
        # Features as of the 10th, relabelled: they used flights of the 9th.
        leaky = self.lake / "leaky.parquet"
        later = self.features / "2001-01-10.parquet"
        select = f"SELECT * REPLACE (TIMESTAMP '2001-01-09' AS as_of) FROM '{later}'"
        sql(f"COPY ({select}) TO '{leaky}'")
        code, _, problem = self.prove(leaky, "2001-01-09")
        self.assertEqual(code, 1)
        self.assertIn("are not what the days before give", problem)

    # train

    def test_the_first_week_is_skipped(self):
        code, outputs, _ = self.run_task("history", "--week", "2001-01-01", "--weeks", "4")
        self.assertEqual((code, outputs), (99, {}))
        code, *_ = self.train("2001-01-01", self.lake / "none")
        self.assertEqual(code, 99)

    def test_history_names_the_last_days_of_the_weeks_that_exist(self):
        _, outputs, _ = self.run_task("history", "--week", "2001-01-15", "--weeks", "4")
        self.assertEqual(outputs["last_days"], ["2001-01-21", "2001-01-14", "2001-01-07"])

    def test_training_reports_its_metrics_and_gives_the_same_model_again(self):
        model = self.lake / "model"
        code, outputs, problem = self.train("2001-01-08", model)
        self.assertEqual(code, 0, problem)
        self.assertEqual((outputs["rows_train"], outputs["rows_test"]), (20000, 20000))
        self.assertEqual(outputs["device"], "cpu")
        self.assertGreater(outputs["auc"], 0.51)
        first = {path.name: path.read_bytes() for path in model.iterdir()}
        self.assertEqual(sorted(first), ["metrics.json", "model.joblib"])
        code, again, _ = self.train("2001-01-08", model, env={"CUDA_VISIBLE_DEVICES": "GPU-7"})
        self.assertEqual((code, again), (0, {**outputs, "device": "GPU-7"}))
        self.assertEqual({path.name: path.read_bytes() for path in model.iterdir()}, first)
        self.assertEqual([path.name for path in self.lake.glob(".model*")], [])

    def test_training_waits_for_no_one_and_names_the_features_that_lack(self):
        code, _, problem = self.train("2001-01-15", self.lake / "early")
        self.assertEqual(code, 1)
        self.assertIn("2001-01-15.parquet", problem)


if __name__ == "__main__":
    unittest.main()
