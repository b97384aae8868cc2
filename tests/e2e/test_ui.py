"""What screens read, on a real daemon: the shapes of docs/ui-api.md with contents that a test knows."""

import base64
import gzip
import json
import unittest
import urllib.parse

import harness


class Screens(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        # Its first try in each run fails.
        self.flaky = f'mkdir {self.millrace.root}/{{{{ ds }}}} && exit 1; true'
        self.millrace.submit(f"""
dag_id: etl
tags: [nightly]
owner: anna
tasks:
  a: {{script: 'true'}}
  flaky: {{depends_on: [a], script: '{self.flaky}', retries: {{limit: 1, delay: 0s}}}}
  many: {{depends_on: [a], expand: {{n: [0, 1, 2]}}, script: '[ {{{{ item.n }}}} -ne 1 ]'}}
""")
        self.runs = [self.millrace.trigger("etl", execution_date=f"2013-03-0{day}T05:00:00Z")
                     for day in (8, 9)]
        for run in self.runs:
            self.assertEqual(self.millrace.finish("etl", run)["state"], "failed")

    def ui(self, path, **query):
        answer = self.millrace.get("/ui/" + path, **query)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def frame(self, path, **headers):
        answer = self.millrace.request("GET", "/ui/" + path,
                                       headers={"Accept": "application/octet-stream", **headers})
        body = answer.body
        if answer.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.assertEqual(body[:4], b"MRG1")
        length = int.from_bytes(body[4:8], "little")
        return json.loads(body[8:8 + length]), body[8 + length:]

    def test_the_grid_is_the_same_in_json_and_as_a_frame(self):
        whole = self.ui("dags/etl/grid")
        head, cells = self.frame("dags/etl/grid")
        self.assertEqual(base64.b64decode(whole.pop("cells")), cells)
        self.assertEqual(whole, head)
        self.assertEqual([t["id"] for t in head["tasks"]], ["a", "flaky", "many"])
        self.assertEqual([t["depth"] for t in head["tasks"]], [0, 1, 1])
        self.assertEqual([r["run_id"] for r in head["runs"]], self.runs)
        # success; success after a retry; a mapped one of which one failed
        self.assertEqual(list(cells), [4, 4 | 16, 5 | 64] * 2)
        packed, same = self.frame("dags/etl/grid", **{"Accept-Encoding": "gzip"})
        self.assertEqual((packed, same), (head, cells))
        self.assertEqual(len(self.ui("dags/etl/grid", runs=1)["runs"]), 1)
        older = self.ui("dags/etl/grid", end="2013-03-08T05:00:00Z")
        self.assertEqual([r["run_id"] for r in older["runs"]], self.runs[:1])

    def test_a_task_that_a_version_lacks_is_absent_in_its_runs_and_the_diff_names_it(self):
        self.millrace.submit(f"""
dag_id: etl
tasks:
  a: {{script: 'true # changed'}}
  new: {{depends_on: [a], script: 'true'}}
  flaky: {{depends_on: [new], script: '{self.flaky}', retries: {{limit: 1, delay: 0s}}}}
""")
        run = self.millrace.trigger("etl", execution_date="2013-03-10T05:00:00Z")
        self.millrace.finish("etl", run)
        head, cells = self.frame("dags/etl/grid")
        self.assertEqual([t["id"] for t in head["tasks"]], ["a", "new", "flaky", "many"])
        self.assertEqual([r["version"] for r in head["runs"]], [1, 1, 2])
        self.assertEqual(list(cells), [4, 128, 20, 69, 4, 128, 20, 69, 4, 4, 20, 128])
        diff = self.ui("dags/etl/versions/diff")
        self.assertEqual((diff["from"], diff["to"]), (1, 2))
        self.assertEqual((diff["added"], diff["removed"], diff["changed"]), (["new"], ["many"], ["a"]))
        self.assertEqual(diff["rewired"],
                         [{"task_id": "flaky", "upstream_before": ["a"], "upstream_after": ["new"]}])
        graph = self.ui("dags/etl/graph", version=1)
        self.assertEqual(graph["edges"], [[0, 1], [0, 2]])
        self.assertEqual([t["id"] for t in self.ui("dags/etl/graph")["tasks"]], ["a", "new", "flaky"])

    def test_the_timeline_shows_segments_tries_and_the_critical_way(self):
        run = urllib.parse.quote(self.runs[0], safe="")
        timeline = self.ui(f"dags/etl/dagRuns/{run}/timeline")
        tasks = {(t["task"], t["map_index"]): t for t in timeline["tasks"]}
        self.assertEqual(set(tasks), {("a", -1), ("flaky", -1), ("many", 0), ("many", 1), ("many", 2)})
        kinds = [(s["kind"], s["try"]) for s in tasks["flaky", -1]["segments"]]
        self.assertEqual([k for k in kinds if k[0] == "running"], [("running", 1), ("running", 2)])
        self.assertEqual([s["ended_as"] for s in tasks["flaky", -1]["segments"] if s["kind"] == "running"],
                         ["up_for_retry", "success"])
        self.assertTrue(all(s["to"] for t in timeline["tasks"] for s in t["segments"]))
        self.assertTrue(tasks["a", -1]["critical"])
        last = {t["task"] for t in timeline["tasks"] if t["critical"]} - {"a"}
        self.assertIn(last, ({"flaky"}, {"many"}))
        self.assertGreater(tasks["a", -1]["expected_s"], 0)

    def test_durations_have_a_column_for_each_run(self):
        durations = self.ui("dags/etl/durations")
        self.assertEqual([r["run_id"] for r in durations["runs"]], self.runs)
        tasks = {t["id"]: t for t in durations["tasks"]}
        self.assertEqual(len(tasks["a"]["seconds"]), 2)
        self.assertLessEqual(tasks["a"]["p50_s"], tasks["a"]["p90_s"])

    def test_the_list_of_dags_has_their_last_runs_and_filters(self):
        self.millrace.submit("dag_id: other\nschedule: '@daily'\nstart_date: 2100-01-01\n"
                             "tasks: {t: {script: 'true'}}\n")
        listed = self.ui("dags")
        self.assertEqual([d["dag_id"] for d in listed["dags"]], ["etl", "other"])
        etl, other = listed["dags"]
        self.assertEqual([r["run_id"] for r in etl["last_runs"]], self.runs)
        self.assertEqual((etl["tags"], etl["owner"]), (["nightly"], "anna"))
        self.assertIsNotNone(other["next_run_at"])
        for query, expected in [({"q": "the"}, ["other"]), ({"tag": "nightly"}, ["etl"]),
                                ({"owners": "anna"}, ["etl"]), ({"owners": "ann"}, []),
                                ({"state": "failed"}, ["etl"]), ({"state": "paused"}, []),
                                ({"sort": "next_run_at"}, ["other", "etl"]), ({"limit": 1}, ["etl"])]:
            self.assertEqual([d["dag_id"] for d in self.ui("dags", **query)["dags"]], expected, query)
        for wrong in ("sort=nonsense", "state=", "state=stale"):
            self.assertEqual(self.millrace.get("/ui/dags?" + wrong).status, 422, wrong)

    def test_the_overview_counts_and_names_what_failed(self):
        overview = self.ui("overview", window="1h")
        self.assertEqual(overview["counters"]["runs_failed"], 2)
        self.assertEqual(overview["counters"]["dags"], 1)
        self.assertEqual({a["ref"]["dag_run_id"] for a in overview["attention"] if a["kind"] == "run_failed"},
                         set(self.runs))
        lane, = overview["lanes"]
        self.assertEqual(lane["dag_id"], "etl")
        self.assertEqual({bar["run_id"] for bar in lane["bars"]}, set(self.runs))
        for window in ("", "6", "h", "0h", "8d", "-1h", "6y"):
            self.assertEqual(self.millrace.get("/ui/overview?window=" + window).status, 422, window)

    def test_the_capacity_of_the_machine_and_who_used_it(self):
        worker, = self.millrace.get("/workers").json["workers"]
        self.assertEqual(worker["cpu_milli"], 8000)
        lanes = self.millrace.get("/timeline").json["lanes"]
        self.assertEqual([(lane["kind"], lane["name"]) for lane in lanes], [("pool", "cpu")])
        self.assertEqual(len(lanes[0]["bars"]), 2 * (1 + 2 + 3))

    def test_what_is_not_there_is_404_and_what_makes_no_sense_422(self):
        for path in ("dags/nope/grid", "dags/nope/graph", "dags/nope/calendar", "dags/nope/durations",
                     "dags/etl/graph?version=9", "dags/etl/dagRuns/nope/timeline", "dags/nope/versions/diff"):
            self.assertEqual(self.millrace.get("/ui/" + path).status, 404, path)
        for path in ("dags/etl/grid?runs=501", "dags/etl/grid?runs=x", "dags/etl/grid?end=never",
                     "dags/etl/calendar?year=1", "dags/etl/durations?runs=0", "dags?limit=201"):
            self.assertEqual(self.millrace.get("/ui/" + path).status, 422, path)

    def test_a_file_that_is_being_written_is_shown_as_it_would_be(self):
        text = f"""
dag_id: draft
timezone: America/New_York
schedule: "0 6 * * *"
task_groups: {{last: {{description: The end}}}}
tasks:
  a: {{script: 'true'}}
  b: {{depends_on: [a], script: 'true', group: last}}
"""
        check = lambda query, text=text: self.millrace.post("/dags/validate" + query, text)
        self.assertNotIn("preview", check("").json)
        preview = check("?preview=true").json["preview"]
        self.assertEqual([(t["id"], t["group"]) for t in preview["graph"]["tasks"]],
                         [("a", None), ("b", "last")])
        self.assertEqual(preview["graph"]["edges"], [[0, 1]])
        self.assertEqual([t["local_time"][-8:] for t in preview["ticks"]], ["06:00:00"] * 3)
        by_hand = check("?preview=true", text.replace('"0 6 * * *"', "null")).json
        self.assertEqual(by_hand["preview"]["ticks"], [])
        many = "".join(f"  t{i}: {{script: 'true'}}\n" for i in range(2_001))
        large = check("?preview=true", "dag_id: large\ntasks:\n" + many).json
        self.assertEqual((large["task_count"], large["preview"]["graph"]), (2_001, None))
        self.assertEqual(check("?preview=perhaps").status, 422)
        self.assertEqual(self.millrace.get("/dags/draft").status, 404)

    def test_the_text_that_a_new_dag_begins_with_is_valid_and_runs(self):
        text = (harness.SOURCE / "web/src/pages/submit/example.yaml").read_text()
        self.assertEqual(self.millrace.submit(text)["dag_id"], "my_dag")
        run = self.millrace.trigger("my_dag", execution_date="2013-03-10T00:00:00Z")
        self.assertEqual(self.millrace.finish("my_dag", run)["state"], "success")


class Calendar(harness.DaemonTest):
    def test_days_are_the_dags_own_and_odd_ones_are_marked(self):
        self.millrace.submit("""
dag_id: days
timezone: America/New_York
tasks: {t: {script: '[ {{ ds }} != 2013-03-09 ]'}}
""")
        # 04:00 UTC is the evening before in New York.
        for instant in ("2013-03-08T04:00:00Z", "2013-03-08T12:00:00Z", "2013-03-09T12:00:00Z",
                        "2013-03-10T12:00:00Z"):
            self.millrace.finish("days", self.millrace.trigger("days", execution_date=instant))
        calendar = self.millrace.get("/ui/dags/days/calendar?year=2013").json
        self.assertEqual(calendar["timezone"], "America/New_York")
        self.assertEqual(calendar["spans"], [
            {"from": "2013-03-07", "to": "2013-03-08", "state": "success", "runs": 2},
            {"from": "2013-03-09", "to": "2013-03-09", "state": "failed", "runs": 1},
            {"from": "2013-03-10", "to": "2013-03-10", "state": "success", "runs": 1}])
        days = calendar["days"]
        self.assertEqual([(d["date"], d["state"], d["runs"], d["late"]) for d in days],
                         [("2013-03-07", "success", 1, 0), ("2013-03-08", "success", 1, 0),
                          ("2013-03-09", "failed", 1, 0), ("2013-03-10", "success", 1, 0)])
        self.assertTrue(all(d["longest_s"] > 0 for d in days), days)
        self.assertFalse(calendar["has_deadline"])
        self.assertEqual(calendar["dst"],
                         [{"date": "2013-03-10", "hours": 23}, {"date": "2013-11-03", "hours": 25}])

    def test_a_day_counts_the_runs_that_missed_their_deadline(self):
        done = self.millrace.root / "done"
        self.millrace.submit(f"""
dag_id: slow
deadline: {{after: queued, within: 20ms}}
tasks: {{t: {{sensor: {{file: {done}, poke_interval: 20ms}}}}}}
""")
        run = self.millrace.trigger("slow", execution_date="2013-03-09T12:00:00Z")
        days = lambda: self.millrace.get("/ui/dags/slow/calendar?year=2013").json["days"]
        self.millrace.wait_until(lambda: days()[0]["late"] == 1, "a late run")
        self.assertIsNone(days()[0]["longest_s"])
        done.touch()
        self.millrace.finish("slow", run)
        self.assertGreaterEqual(days()[0]["longest_s"], 0.02)
        self.assertTrue(self.millrace.get("/ui/dags/slow/calendar?year=2013").json["has_deadline"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
