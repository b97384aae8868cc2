"""Checks 37 and 38 of docs/security.md: a token that is limited to some DAGs, on every route of the table,
beside DAGs of others that make what its own read, start its runs, hold its pool and are broken."""

import re
import unittest
import urllib.parse

import event_stream
import harness
from doors import JSON, bearer, filled, new_token, operations, parsed, request

DAY = "2001-01-05T00:00:00Z"
# All that is others' has one of these words in its name; `shared` is theirs too, but ours read it.
FOREIGN = re.compile(rb"theirs|hidden")
OURS = [("team_a", """
dag_id: team_a
tags: [team]
datasets: {team.raw: {path: "team/{{ ds }}.txt"}}
tasks:
  make: {outputs: [team.raw], inputs: [shared], script: 'echo x > "$OUTPUT_TEAM_RAW"'}
"""), ("team_b", """
dag_id: team_b
schedule: {datasets: [shared], partition: same}
tasks: {look: {inputs: [shared], script: 'cat "$INPUT_SHARED"'}}
"""), ("team_c", """
dag_id: team_c
tasks: {wait: {script: 'sleep 1000', pool: narrow}}
""")]
THEIRS = [("theirs_x", """
dag_id: theirs_x
tags: [theirs]
datasets: {shared: {path: "shared/{{ ds }}.txt"}, hidden.data: {path: "secret/{{ ds }}.txt"}}
tasks:
  theirs_make:
    outputs: [shared, hidden.data]
    script: 'echo y > "$OUTPUT_SHARED"; echo z > "$OUTPUT_HIDDEN_DATA"'
"""), ("theirs_y", """
dag_id: theirs_y
schedule: {datasets: [shared, hidden.data], partition: same}
tasks: {theirs_read: {inputs: [shared, hidden.data], script: 'true'}}
"""), ("theirs_z", """
dag_id: theirs_z
tasks: {theirs_hold: {script: 'sleep 1000', pool: narrow}}
"""), ("theirs_starts", """
dag_id: theirs_starts
tasks: {theirs_start: {trigger_dag: {dag_id: team_a}}}
""")]


class Scopes(harness.DaemonTest):
    config = "cpu: 8\npools: {cpu: 8, narrow: 1}\n"

    def setUp(self):
        super().setUp()
        m = self.millrace
        (m.dags / "theirs_broken.yaml").write_text("dag_id: theirs_broken\nnonsense: 1\n")
        for _, text in THEIRS + OURS:
            m.submit(text)
        m.finish("theirs_x", m.trigger("theirs_x", logical_date=DAY, dag_run_id="theirs_run"))
        m.finish("theirs_starts", m.trigger("theirs_starts", logical_date=DAY, dag_run_id="theirs_start_run"))
        for dag_id in ("team_b", "theirs_y"):
            m.wait_until(lambda d=dag_id: (rows := m.get(f"/dags/{d}/dagRuns").json["dag_runs"])
                         and rows[0]["state"] == "success", f"a run of {dag_id}")
        # Theirs holds the pool that ours waits for; both have backfills, and datasets are waited for.
        m.trigger("theirs_z", dag_run_id="theirs_z1", logical_date=DAY)
        m.wait_until(lambda: m.task_states("theirs_z", "theirs_z1")["theirs_hold"] == "running", "it holds")
        m.trigger("team_c", dag_run_id="ours", logical_date=DAY)
        m.wait_until(lambda: m.task_states("team_c", "ours")["wait"] == "scheduled", "ours waits")
        self.backfills = {dag_id: m.post("/backfills", {"dag_id": dag_id, "dates": ["2001-02-01"]}).json["id"]
                          for dag_id in ("theirs_z", "team_a")}
        m.wait_until(lambda: m.get(f"/backfills/{self.backfills['team_a']}").json["state"] == "completed",
                     "our backfill ends")
        m.request("PATCH", "/dags/theirs_y", {"is_paused": True})
        m.wait_until(lambda: m.get("/importErrors").json["total_entries"] == 1, "the broken file is seen")
        self.token = new_token(m, "team", "operator", scope={"dags": ["team_*"]})

    def ask(self, target, method="GET", body=b"", token=None):
        headers = [bearer(token or self.token)] + ([JSON] if body else [])
        return request(self.millrace.port, method, target, headers, body)

    def told(self, path):
        answer = self.ask("/api/v2/" + path)
        self.assertEqual(answer.status, 200, answer)
        return parsed(answer.body)

    def all(self, path, key):
        """Every row of a list, as the admin sees it."""
        return self.millrace.get(path, limit=1000).json[key]

    def values(self, of_ours):
        """For each parameter of a path something that is ours, or theirs."""
        dag_id = "team_a" if of_ours else "theirs_x"
        runs = self.all(f"/dags/{dag_id}/dagRuns", "dag_runs")
        run = next(row for row in runs if row["state"] == "success")
        assets = {row["name"]: row["id"] for row in self.all("/assets", "assets")}
        line = next(row for row in self.all("/eventLogs", "event_logs") if row["dag_id"] == dag_id)
        return {"dag_id": dag_id, "run_id": urllib.parse.quote(run["dag_run_id"]),
                "task_id": "make" if of_ours else "theirs_make",
                "backfill_id": str(self.backfills["team_a" if of_ours else "theirs_z"]),
                "dataset": "team.raw" if of_ours else "hidden.data",
                "asset_id": str(assets["team.raw" if of_ours else "hidden.data"]),
                "event_log_id": str(line["event_log_id"]),
                "import_error_id": str(self.all("/importErrors", "import_errors")[0]["import_error_id"])}

    def test_check_38_every_route_of_the_table_keeps_to_the_scope(self):
        ours, theirs = self.values(True), self.values(False)
        reads = kinds = 0
        for method, path, operation in operations(self.millrace):
            scope = operation["x-scope"]
            batch_list = method == "POST" and path.endswith("/list")
            if operation["x-permission"] not in ("viewer", "operator"):
                continue
            if method != "GET" and not batch_list:
                continue
            if path.endswith(("/events", "/wait", "/openapi.json")) or path.startswith("/docs"):
                continue
            with self.subTest(f"{method} {path}"):
                reads += 1
                query = {"/api/v2/lineage": "?node=dataset:shared&depth=9"}.get(path, "")
                body = b"{}" if batch_list else b""
                answer = self.ask(filled(path, **ours) + query, method, body)
                self.assertNotIn(answer.status, (500, 503), answer)
                self.assertNotRegex(answer.body, FOREIGN)
                self.assertEqual(answer.status == 403, scope == "shut", answer)
                if scope != "filtered" and "{dag_id}" not in path:
                    continue
                kinds += 1
                whole = self.ask(re.sub(r"\{dag_id\}", "~", path) if "{run_id}" not in path else filled(
                    path, **{**ours, "dag_id": "~", "run_id": "~"}), method, body)
                self.assertNotIn(whole.status, (403, 500, 503), whole)
                self.assertNotRegex(whole.body, FOREIGN)
                if any("{%s}" % name in path for name in theirs):
                    self.looks_missing(method, path, theirs, body)
        self.assertGreater(reads, 60)
        self.assertGreater(kinds, 50)

    def looks_missing(self, method, path, theirs, body):
        """Check 37: theirs and what there isn't have the same answer, but for the name that was asked for."""
        unknown = {"dag_id": "nobodys", "backfill_id": "999999", "dataset": "nothing", "asset_id": "999999",
                   "event_log_id": "999999", "import_error_id": "999999"}
        hidden = self.ask(filled(path, **theirs), method, body)
        missing = self.ask(filled(path, **{**theirs, **unknown}), method, body)
        self.assertEqual(hidden.status, missing.status, hidden)
        self.assertEqual(hidden.status, 404, hidden)
        text = hidden.body
        for name, value in unknown.items():
            if "{%s}" % name in path:
                text = text.replace(theirs[name].encode(), value.encode())
        self.assertEqual(text, missing.body)

    def test_check_38_lists_have_the_rows_and_totals_of_the_scope_in_every_order(self):
        mine = {"dags": 3, "assets": 2, "datasets": 2, "backfills": 1, "importErrors": 0, "dagTags": 1}
        for path, count in mine.items():
            self.assertEqual(self.told(path)["total_entries"], count, path)
        for path, key, orders in (
                ("dags/~/dagRuns", "dag_runs", ("", "-id", "run_id", "-start_date")),
                ("dags/~/dagRuns/~/taskInstances", "task_instances", ("", "-id", "task_id")),
                ("eventLogs", "event_logs", ("", "-when", "event_log_id"))):
            expected = sum((row["dag_id"] or "").startswith("team_") for row in self.all("/" + path, key))
            self.assertGreater(expected, 1)
            for order in orders:
                seen = []
                for offset in range(0, expected + 1, 2):
                    by = f"&order_by={order}" if order else ""
                    page = self.told(f"{path}?limit=2&offset={offset}{by}")
                    self.assertEqual(page["total_entries"], expected, (path, order))
                    seen += page[key]
                self.assertEqual(len(seen), expected)
                self.assertTrue(all(row["dag_id"].startswith("team_") for row in seen))
        events = self.told("assets/events?order_by=source_dag_id")
        self.assertEqual({row["name"] for row in events["asset_events"]}, {"shared", "team.raw"})
        for probe in ("dags?dag_id_pattern=theirs", "dags/~/dagRuns?dag_ids=theirs_x",
                      "assets?dag_ids=theirs_x",
                      "dags/~/dagRuns?triggering_user_name_pattern=theirs", "assets?name_pattern=hidden",
                      "assets/events?source_dag_id=theirs_x", "eventLogs?dag_id=theirs_x",
                      "backfills?dag_id=theirs_z", "dagStats?dag_ids=theirs_x", "ui/dags?q=theirs",
                      "assets/events?source_task_id=theirs_make", "dags/~/dagRuns?run_id_pattern=theirs"):
            self.assertEqual(self.told(probe)["total_entries"], 0, probe)

    def test_check_38_counters_queue_and_explanations_name_no_other(self):
        counters = self.told("ui/overview")["counters"]
        self.assertEqual([counters[name] for name in ("dags", "tasks_waiting", "tasks_running")], [3, 1, 0])
        queue = self.told("ui/queue")
        self.assertEqual([row["ti"]["dag_id"] for row in queue["queue"]], ["team_c"])
        self.assertEqual(queue["total_entries"], 1)
        path = "/api/v2/dags/team_c/dagRuns/ours/taskInstances/wait/explain"
        self.assertIn(b"theirs_z", self.ask(path, token=self.millrace.token).body)
        told = self.ask(path)
        self.assertNotRegex(told.body, FOREIGN)
        pool = next(gate for gate in parsed(told.body)["gates"] if gate["kind"] == "pool")
        self.assertEqual((pool["ok"], pool["blockers"], pool["more_blockers"]), (False, [], 1))

    def test_check_38_changes_reach_the_scope_alone(self):
        dry = self.ask("/api/v2/dags?dag_id_pattern=%25", "PATCH", b'{"is_paused": true}')
        self.assertEqual(dry.status, 200, dry)
        paused = {row["dag_id"] for row in self.all("/dags", "dags") if row["is_paused"]}
        self.assertEqual(paused, {"team_a", "team_b", "team_c", "theirs_y"})  # theirs_y was before
        assets = {row["name"]: row["id"] for row in self.all("/assets", "assets")}
        for path, body, status in (
                ("/backfills", b'{"dag_id":"theirs_x","dates":["2001-01-01"]}', 404),
                ("/backfills/dry_run", b'{"dag_id":"theirs_x","dates":["2001-01-01"]}', 404),
                ("/dags/theirs_x/dagRuns", b"{}", 404), ("/dags/team_a/dagRuns", b"{}", 200),
                (f"/assets/{assets['shared']}/materialize", b"{}", 404),
                (f"/assets/{assets['hidden.data']}/materialize", b"{}", 404),
                (f"/assets/{assets['team.raw']}/materialize", b'{"dag_run_id": "made"}', 200),
                ("/assets/events", b'{"asset_id": %d}' % assets["shared"], 403)):
            self.assertEqual(self.ask("/api/v2" + path, "POST", body).status, status, path)
        for method, path in (("PUT", f"/backfills/{self.backfills['theirs_z']}/cancel"),
                             ("DELETE", "/dags/theirs_x/dagRuns/theirs_run"),
                             ("DELETE", "/dags/~/assets/queuedEvents")):
            self.assertEqual(self.ask("/api/v2" + path, method).status, 404, path)

    def test_check_38_the_stream_tells_of_the_scope_alone(self):
        stream = event_stream.Stream(self.millrace, token=self.token, last_event_id=0,
                                     topics="events,runs,tasks,dags,backfills,datasets,overview,capacity,"
                                            "dag:theirs_x,run:theirs_x/theirs_run,dataset:hidden.data,"
                                            "dataset:*")
        self.addCleanup(stream.close)
        self.millrace.trigger("theirs_x", dag_run_id="theirs_later")
        self.millrace.finish("theirs_x", "theirs_later")
        self.millrace.trigger("team_a", dag_run_id="later")
        stream.wait_for(lambda message: message.type == "run" and message.data["run_id"] == "later"
                        and message.data["state"] == "success")
        self.assertTrue(any(message.type == "ti" for message in stream.messages))
        for message in stream.messages:
            self.assertNotRegex(repr(message).encode(), FOREIGN)
        refused = self.ask("/api/v2/events?topics=audit")
        self.assertEqual(refused.status, 403)

    def test_check_37_what_is_hidden_and_what_is_missing_look_alike(self):
        for path in ("", "/details", "/dagRuns", "/tasks", "/dagVersions"):
            hidden = self.ask(f"/api/v2/dags/theirs_x{path}")
            missing = self.ask(f"/api/v2/dags/nobodys_{path}")
            self.assertEqual(hidden.body.replace(b"theirs_x", b"nobodys_"), missing.body)
        for node in ("dag:{}", "task:{}/theirs_make", "run:{}/theirs_run"):
            hidden = self.ask("/api/v2/lineage?node=" + node.format("theirs_x"))
            missing = self.ask("/api/v2/lineage?node=" + node.format("nobodys_"))
            self.assertEqual(hidden.status, 404)
            self.assertEqual(hidden.body.replace(b"theirs_x", b"nobodys_"), missing.body)


if __name__ == "__main__":
    unittest.main()
