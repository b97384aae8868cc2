"""What a user writes, run for real: success, failure, retry, branch, skip, expand, outputs, sensor."""

import http.server
import threading
import unittest

import harness


class Runs(harness.DaemonTest):
    def test_a_chain_runs_in_order_and_its_log_can_be_read(self):
        run, states = self.run_dag("""
dag_id: chain
tasks:
  extract: {command: [echo, "day {{ ds }}"]}
  load: {depends_on: [extract], script: "echo loaded as $TASK_ID try $TRY_NUMBER"}
""", logical_date="2001-01-05T00:00:00Z")
        self.assertEqual(run["state"], "success")
        self.assertEqual(run["execution_date"], "2001-01-05T00:00:00Z")
        self.assertEqual(run["logical_date"], run["execution_date"])
        self.assertEqual(states, {"extract": "success", "load": "success"})
        self.assertEqual(self.millrace.log_text("chain", run["dag_run_id"], "extract"), b"day 2001-01-05\n")
        self.assertEqual(self.millrace.log_text("chain", run["dag_run_id"], "load"),
                         b"loaded as load try 1\n")

    def test_a_failure_stops_what_depends_on_it_and_says_why(self):
        run, states = self.run_dag("""
dag_id: fails
tasks:
  bad: {command: [sh, -c, "exit 3"], retries: 0}
  after: {depends_on: [bad], command: ["true"]}
  anyway: {depends_on: [bad], trigger_rule: all_done, command: ["true"]}
""")
        self.assertEqual(run["state"], "failed")
        self.assertEqual(states, {"bad": "failed", "after": "upstream_failed", "anyway": "success"})
        self.assertEqual(self.millrace.tasks("fails", run["dag_run_id"])["bad", -1]["reason"], "exit:3")

    def test_a_retry_succeeds_and_both_logs_are_kept(self):
        run, states = self.run_dag("""
dag_id: retries
tasks:
  flaky: {script: "echo try $TRY_NUMBER; test $TRY_NUMBER = 2", retries: {limit: 2, delay: 1s}}
""")
        self.assertEqual((run["state"], states), ("success", {"flaky": "success"}))
        self.assertEqual(self.millrace.log_text("retries", run["dag_run_id"], "flaky", 1), b"try 1\n")
        self.assertEqual(self.millrace.log_text("retries", run["dag_run_id"], "flaky", 2), b"try 2\n")

    def test_outputs_flow_downstream_and_expand_a_task(self):
        run, states = self.run_dag("""
dag_id: maps
tasks:
  list:
    script: |
      echo '{"files": ["a", "b c", "$(id)"]}' >> $MILLRACE_OUTPUT
      echo n=3 >> $MILLRACE_OUTPUT
  each:
    expand: {item: "{{ tasks.list.output.files }}"}
    command: [echo, "got {{ item }} at {{ map_index }}"]
  sum: {depends_on: [each], command: [echo, "{{ tasks.list.output.n }} done"]}
""")
        self.assertEqual(run["state"], "success", states)
        self.assertEqual({k: v for k, v in states.items() if k.startswith("each[")},
                         {"each[0]": "success", "each[1]": "success", "each[2]": "success"})
        self.assertEqual(self.millrace.outputs("maps", run["dag_run_id"], "list")["n"], 3)
        self.assertEqual(self.millrace.log_text("maps", run["dag_run_id"], "sum"), b"3 done\n")

    def test_a_branch_skips_the_other_way(self):
        run, states = self.run_dag("""
dag_id: branches
tasks:
  choose: {branch: true, script: "echo branch=left >> $MILLRACE_OUTPUT"}
  left: {depends_on: [choose], command: ["true"]}
  right: {depends_on: [choose], command: ["true"]}
  join: {depends_on: [left, right], trigger_rule: none_failed_min_one_success, command: ["true"]}
""")
        self.assertEqual(states, {"choose": "success", "left": "success", "right": "skipped",
                                  "join": "success"})
        self.assertEqual(run["state"], "success")

    def test_exit_99_skips(self):
        _, states = self.run_dag("""
dag_id: skips
tasks:
  nothing_to_do: {command: [sh, -c, "exit 99"]}
  after: {depends_on: [nothing_to_do], command: ["true"]}
""")
        self.assertEqual(states, {"nothing_to_do": "skipped", "after": "skipped"})

    def test_a_timeout_ends_the_whole_tree(self):
        run, states = self.run_dag("""
dag_id: slow
tasks:
  hang: {script: "trap '' TERM; sleep 1000 & sleep 1000", timeout: 1s, termination: {grace: 1s}, retries: 0}
""")
        self.assertEqual(states, {"hang": "failed"})
        self.assertEqual(self.millrace.tasks("slow", run["dag_run_id"])["hang", -1]["reason"], "timed_out")

    def test_parameters_arrive_as_data(self):
        nasty = "$(touch pwned); `id` \"'"
        run, states = self.run_dag("""
dag_id: params
params: {name: {type: string, default: nobody}}
tasks:
  say: {command: [echo, "{{ params.name }}"]}
  env: {script: 'printf "%s\\n" "$PARAM_NAME"'}
""", conf={"name": nasty})
        self.assertEqual(set(states.values()), {"success"})
        for task in ("say", "env"):
            self.assertEqual(self.millrace.log_text("params", run["dag_run_id"], task).decode(), nasty + "\n")

    def test_a_param_says_what_it_takes_and_a_refusal_which_ones_are_wrong(self):
        self.millrace.submit("""
dag_id: params
params:
  days: {type: integer, default: 7, minimum: 1, maximum: 90, description: Days to look at}
  region: {type: string, default: eu, enum: [eu, us]}
  name: {type: string, pattern: "^[a-z]+$"}
tasks: {a: {command: ["true"]}}
""")
        params = self.millrace.get("/dags/params/details").json["params"]
        self.assertEqual(params["days"], {"value": 7, "description": "Days to look at", "schema": {
            "type": "integer", "minimum": 1, "maximum": 90}})
        self.assertEqual(params["region"]["schema"], {"type": "string", "enum": ["eu", "us"]})
        self.assertEqual(params["name"], {"value": None, "description": None, "schema": {
            "type": "string", "pattern": "^[a-z]+$"}})
        conf = {"days": 91, "name": "x", "reigon": "us"}
        answer = self.millrace.post("/dags/params/dagRuns", {"conf": conf})
        self.assertEqual(answer.status, 422)
        self.assertEqual([error["loc"] for error in answer.json["errors"]],
                         [["body", "conf", "days"], ["body", "conf", "reigon"]])
        self.assertEqual(answer.json["errors"][0]["msg"], "must be at most 90, not 91")
        dates = {"dag_id": "params", "dates": ["2001-01-01"]}
        for member in ("params", "dag_run_conf"):
            answer = self.millrace.post("/backfills/dry_run", dict(dates, **{member: conf}))
            self.assertEqual(answer.json["errors"][0]["loc"], ["body", member, "days"])

    def test_a_dataset_starts_the_next_dag_for_the_same_date(self):
        self.millrace.submit("""
dag_id: consumer
schedule: {datasets: [raw], partition: same}
tasks: {use: {inputs: [raw], script: 'cat "$INPUT_RAW"'}}
""")
        run, _ = self.run_dag("""
dag_id: producer
datasets: {raw: {path: "raw/{{ ds }}.csv"}}
tasks: {make: {outputs: [raw], script: 'echo "rows of $DS" > "$OUTPUT_RAW"'}}
""", logical_date="2001-02-03T00:00:00Z")
        self.assertEqual(run["state"], "success")
        rows = self.millrace.wait_until(
            lambda: self.millrace.get("/dags/consumer/dagRuns").json["dag_runs"], "the consumer has a run")
        self.assertEqual(rows[0]["execution_date"], "2001-02-03T00:00:00Z")
        done = self.millrace.finish("consumer", rows[0]["dag_run_id"])
        self.assertEqual((done["state"], done["run_type"]), ("success", "asset_triggered"))  # Airflow's word
        self.assertEqual(self.millrace.log_text("consumer", rows[0]["dag_run_id"], "use"),
                         b"rows of 2001-02-03\n")

    def test_a_contract_is_checked_before_anything_is_built(self):
        self.millrace.submit("""
dag_id: reader
schedule: {datasets: [points], partition: same}
tasks:
  check: {check: points, retries: 0}
  build: {depends_on: [check], command: ["true"]}
""")
        run, _ = self.run_dag("""
dag_id: writer
datasets:
  points:
    path: "points/{{ ds }}.csv"
    contract: {columns: {x: {type: integer, required: true}, gone: {type: string}}}
tasks: {make: {outputs: [points], script: 'printf "x,y\\n1,2\\n,3\\n" > "$OUTPUT_POINTS"'}}
""")
        self.assertEqual(run["state"], "success")
        rows = self.millrace.wait_until(
            lambda: self.millrace.get("/dags/reader/dagRuns").json["dag_runs"], "the reader has a run")
        run_id = rows[0]["dag_run_id"]
        self.assertEqual(self.millrace.finish("reader", run_id)["state"], "failed")
        self.assertEqual(self.millrace.task_states("reader", run_id),
                         {"check": "failed", "build": "upstream_failed"})
        log = self.millrace.log_text("reader", run_id, "check").decode()
        self.assertIn("column 'gone' is missing", log)
        self.assertIn("column 'x' is required and has 1 nulls", log)

    def test_a_child_run_is_waited_for(self):
        self.millrace.submit("dag_id: child\nparams: {n: {type: integer, default: 1}}\n"
                             "tasks: {a: {command: [echo, '{{ params.n }}']}}\n")
        run, states = self.run_dag("""
dag_id: parent
tasks:
  call: {trigger_dag: {dag_id: child, params: {n: "7"}, wait: true}}
  after: {depends_on: [call], command: ["true"]}
""", logical_date="2001-03-04T00:00:00Z")
        self.assertEqual((run["state"], states), ("success", {"call": "success", "after": "success"}))
        child = self.millrace.get("/dags/child/dagRuns").json["dag_runs"][0]
        self.assertEqual((child["state"], child["logical_date"]), ("success", "2001-03-04T00:00:00Z"))
        self.assertEqual(self.millrace.log_text("child", child["dag_run_id"], "a"), b"7\n")

    def test_one_date_has_one_run(self):
        self.millrace.submit("dag_id: once\ntasks: {a: {command: ['true']}}\n")
        self.millrace.trigger("once", logical_date="2001-01-01T00:00:00Z")
        second = self.millrace.post("/dags/once/dagRuns", {"logical_date": "2001-01-01T00:00:00Z"})
        self.assertEqual(second.status, 409)
        self.assertIn("2001-01-01", second.json["detail"])

    def test_cancel_ends_running_and_waiting_tasks(self):
        self.millrace.submit("""
dag_id: long
tasks:
  wait: {command: [sleep, "1000"], termination: {grace: 1s}}
  after: {depends_on: [wait], command: ["true"]}
""")
        run_id = self.millrace.trigger("long")
        self.millrace.wait_until(
            lambda: self.millrace.task_states("long", run_id).get("wait") == "running", "it runs")
        answer = self.millrace.post(f"/dags/long/dagRuns/{run_id}/cancel")
        self.assertEqual(answer.status, 200, answer)
        run = self.millrace.finish("long", run_id)
        self.assertEqual((run["state"], run["reason"]), ("failed", "cancelled"))

    def test_pausing_all_that_fit_leaves_out_what_was_removed(self):
        for dag_id in ("gone", "here"):
            self.millrace.submit(f'dag_id: {dag_id}\ntasks: {{t: {{script: "true"}}}}\n')
        self.assertEqual(self.millrace.request("DELETE", "/dags/gone").status, 204)
        done = self.millrace.request("PATCH", "/dags?dag_id_pattern=~&exclude_stale=false",
                                     {"is_paused": True})
        self.assertEqual(done.status, 200, done)
        self.assertEqual([(dag["dag_id"], dag["is_stale"]) for dag in done.json["dags"]],
                         [("gone", True), ("here", False)])
        self.assertTrue(self.millrace.get("/dags/here").json["is_paused"])

    def test_clear_runs_a_failed_task_and_all_after_it_again(self):
        marker = self.millrace.root / "fixed"
        run, states = self.run_dag(f"""
dag_id: fixable
tasks:
  build: {{command: [test, -e, "{marker}"], retries: 0}}
  ship: {{depends_on: [build], command: ["true"]}}
""")
        self.assertEqual(states, {"build": "failed", "ship": "upstream_failed"})
        marker.touch()
        answer = self.millrace.post("/dags/fixable/clearTaskInstances",
                                    {"dag_run_id": run["dag_run_id"], "only_failed": True, "dry_run": False})
        self.assertEqual(answer.status, 200, answer)
        run = self.millrace.finish("fixable", run["dag_run_id"])
        self.assertEqual(run["state"], "success")
        self.assertEqual(self.millrace.tasks("fixable", run["dag_run_id"])["build", -1]["try_number"], 2)

    def test_a_file_sensor_waits_without_a_slot(self):
        flag = self.millrace.root / "flag"
        self.millrace.submit(f"""
dag_id: senses
tasks:
  there: {{sensor: {{file: "{flag}", poke_interval: 1s, timeout: 1h}}}}
  go: {{depends_on: [there], command: ["true"]}}
""")
        run_id = self.millrace.trigger("senses")
        self.millrace.wait_until(
            lambda: self.millrace.task_states("senses", run_id).get("there") == "up_for_reschedule",
            "it waits")
        self.assertEqual(self.millrace.get("/pools/cpu").json["occupied_slots"], 0)
        flag.touch()
        self.assertEqual(self.millrace.finish("senses", run_id)["state"], "success")


class HttpSensor(harness.DaemonTest):
    def test_an_http_sensor_waits_for_a_2xx(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            answers = [503, 404, 200]

            def do_GET(self):
                self.send_response(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        run, states = self.run_dag(f"""
dag_id: asks
tasks:
  up: {{sensor: {{http: "http://127.0.0.1:{server.server_port}/ready?x=1", poke_interval: 1s, timeout: 1h}}}}
  go: {{depends_on: [up], command: ["true"]}}
""")
        self.assertEqual((run["state"], states), ("success", {"up": "success", "go": "success"}))
        self.assertEqual(Handler.answers, [200])


if __name__ == "__main__":
    unittest.main(verbosity=2)
