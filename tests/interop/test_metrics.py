"""GET /metrics, read by Prometheus' own parser, against what the runs really did."""

import os
import pathlib
import sys
import unittest

from prometheus_client.parser import text_string_to_metric_families

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402

CHAIN = """
dag_id: chain
tasks:
  a: {command: ["true"]}
  b: {command: ["true"], depends_on: [a]}
  c: {command: ["false"], depends_on: [b]}
"""
WAITING = """
dag_id: waiting
tasks:
  first: {command: [cat, "%s"], pool: narrow}
  second: {command: ["true"], pool: narrow}
"""


class Metrics(harness.DaemonTest):
    config = "cpu: 8\npools: {cpu: 8, narrow: 1}\ngpus: [{uuid: GPU-1, model: Fake, memory: 8GiB}]\n"

    def families(self):
        answer = self.millrace.request("GET", "/metrics", base="")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        return {family.name: family for family in text_string_to_metric_families(answer.body.decode())}

    def value(self, name, **labels):
        found = [sample.value for family in self.families().values() for sample in family.samples
                 if sample.name == name and labels.items() <= sample.labels.items()]
        self.assertEqual(len(found), 1, f"{name} {labels}")
        return found[0]

    def test_counts_what_ran(self):
        run, _ = self.run_dag(CHAIN)
        self.assertEqual(run["state"], "failed")
        self.assertEqual(self.value("millrace_runs_finished_total", run_type="manual", state="failed"), 1)
        self.assertEqual(self.value("millrace_runs_finished_total", run_type="manual", state="success"), 0)
        self.assertEqual(self.value("millrace_task_attempts_finished_total", outcome="success"), 2)
        self.assertEqual(self.value("millrace_task_attempts_finished_total", outcome="failed"), 1)
        # a was asked for by nobody's end; b and c each waited for one parent.
        self.assertEqual(self.value("millrace_task_hop_seconds_count"), 2)
        self.assertEqual(self.value("millrace_task_queue_wait_seconds_count"), 3)
        self.assertEqual(self.value("millrace_task_dispatch_seconds_count"), 3)
        self.assertGreater(self.value("millrace_task_hop_seconds_sum"), 0)
        self.assertGreater(self.value("millrace_store_commit_seconds_sum"), 0)
        self.assertGreater(self.value("millrace_loop_lag_seconds_count"), 0)
        self.assertGreater(self.value("millrace_store_wal_bytes"), 0)
        self.assertGreater(self.value("process_resident_memory_bytes"), 1e6)

    def test_gauges_say_who_holds_what(self):
        go = self.millrace.root / "go"
        os.mkfifo(go)
        self.millrace.submit(WAITING % go)
        run_id = self.millrace.trigger("waiting")
        self.millrace.wait_until(
            lambda: self.millrace.task_states("waiting", run_id)["first"] == "running", "first runs")
        self.assertEqual(self.value("millrace_runs", state="running"), 1)
        self.assertEqual(self.value("millrace_task_instances", state="running"), 1)
        self.assertEqual(self.value("millrace_task_instances", state="scheduled"), 1)
        self.assertEqual(self.value("millrace_pool_slots", pool="narrow"), 1)
        self.assertEqual(self.value("millrace_pool_slots_used", pool="narrow", state="running"), 1)
        self.assertEqual(self.value("millrace_pool_slots_used", pool="narrow", state="scheduled"), 1)
        self.assertEqual(self.value("millrace_device_in_use", uuid="GPU-1"), 0)
        self.assertEqual(self.value("millrace_dags", paused="false"), 1)
        go.write_text("")
        self.millrace.finish("waiting", run_id)
        self.assertEqual(self.value("millrace_runs", state="running"), 0)

    def test_refusals_are_counted_and_a_token_is_needed(self):
        wrong = {"Authorization": "Bearer wrong"}
        self.assertEqual(self.millrace.request("GET", "/metrics", base="", headers=wrong).status, 401)
        self.millrace.get("/dags/no_such_dag")
        self.assertEqual(self.value("millrace_http_requests_total", method="GET", status="401"), 1)
        self.assertEqual(self.value("millrace_http_requests_total", method="GET", status="404"), 1)


if __name__ == "__main__":
    unittest.main()
