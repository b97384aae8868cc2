"""Why doesn't it run? Each reason on a real daemon, with who stands in the way."""

import unittest
import urllib.parse

import harness


class Explain(harness.DaemonTest):
    config = """
cpu: 4
memory: 8GiB
pools: {cpu: 8, one: 1}
gpus:
  - {uuid: fake-0, model: Small, memory: 8GiB}
"""

    def setUp(self):
        super().setUp()
        self.go = self.millrace.root / "go"
        # A task that lasts until the test lets it go.
        self.hold = f"until [ -e {self.go} ]; do sleep 0.02; done"

    def explain(self, dag_id, run_id, task_id, index=None):
        run = urllib.parse.quote(run_id, safe="")
        mapped = "" if index is None else f"/{index}"
        answer = self.millrace.get(f"/dags/{dag_id}/dagRuns/{run}/taskInstances/{task_id}{mapped}/explain")
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def wait_for_state(self, dag_id, run_id, task_id, state):
        self.millrace.wait_until(
            lambda: self.millrace.task_states(dag_id, run_id).get(task_id) == state, f"{task_id} is {state}")

    def kinds(self, why):
        return [wait["kind"] for wait in why["waiting_on"]]

    def closed(self, why):
        return next(gate for gate in why["gates"] if not gate["ok"])

    def test_upstream_and_pool_name_the_task_that_stands_in_the_way(self):
        self.millrace.submit(f"""
dag_id: etl
tasks:
  first: {{script: '{self.hold}', pool: one}}
  second: {{script: 'true', pool: one, priority: -5}}
  third: {{script: 'true', pool: one, priority: -9}}
  last: {{depends_on: [first], script: 'true'}}
""")
        run = self.millrace.trigger("etl")
        self.wait_for_state("etl", run, "first", "running")
        self.wait_for_state("etl", run, "third", "scheduled")
        why = self.explain("etl", run, "second")
        self.assertEqual(self.kinds(why), ["pool"])
        self.assertEqual(why["culprit"]["task_id"], "first")
        self.assertEqual((why["rank"], why["in_line"]), (1, 2))
        self.assertIn("pool 'one': 1 of 1 slots taken", why["verdict"])
        self.assertIn("held by task 'first' of 'etl'", why["verdict"])
        self.assertEqual([gate["kind"] for gate in why["gates"]],
                         ["paused", "max_active_runs", "upstream", "pool", "max_active_tasks"])
        self.assertIsNone(why["starts_at"], "nothing like it has ever run")
        self.assertEqual(self.explain("etl", run, "third")["rank"], 2)
        last = self.explain("etl", run, "last")
        self.assertEqual(last["waiting_on"], [{"kind": "upstream", "detail": "task 'first' is running"}])
        self.assertEqual(last["culprit"]["task_id"], "first")
        self.assertEqual([r["gate"] for r in last["history"]], ["upstream"])
        self.assertIsNone(last["history"][0]["to"])

        queue = self.millrace.get("/ui/queue").json
        self.assertEqual([(e["rank"], e["ti"]["task_id"]) for e in queue["queue"]],
                         [(1, "second"), (2, "third")])
        self.assertEqual(queue["queue"][0]["waits_for"][0]["kind"], "pool")
        self.assertEqual(queue["total_entries"], 2)

        self.go.touch()
        self.assertEqual(self.millrace.finish("etl", run)["state"], "success")
        done = self.explain("etl", run, "last")
        self.assertEqual(done["waiting_on"], [])
        self.assertIn("ended as success", done["verdict"])
        self.assertTrue(all(r["to"] for r in done["history"]), "a reason of the past has ended")

        # With a past there is a forecast, and what would change it.
        self.go.unlink()
        again = self.millrace.trigger("etl")
        self.wait_for_state("etl", again, "first", "running")
        self.wait_for_state("etl", again, "third", "scheduled")
        why = self.explain("etl", again, "third")
        self.assertLessEqual(why["starts_at"]["p50"], why["starts_at"]["p90"])
        changes = {w["change"]: w["starts_at"] for w in why["whatif"]}
        self.assertLessEqual(changes["pool 'one' has 1 more slots"], why["starts_at"]["p50"])
        self.assertGreaterEqual(why["gates"][3]["blockers"][0]["left_s"], 0)
        self.go.touch()
        self.millrace.finish("etl", again)

    def test_cpu_memory_and_gpu_name_their_holders(self):
        self.millrace.submit(f"""
dag_id: big
tasks: {{fat: {{script: '{self.hold}', resources: {{cpu: 3, memory: 6GiB, gpu: 1}}}}}}
""")
        self.wait_for_state("big", self.millrace.trigger("big"), "fat", "running")
        self.millrace.submit("""
dag_id: small
tasks:
  cpu: {script: 'true', resources: {cpu: 2}}
  memory: {script: 'true', resources: {memory: 4GiB}}
  gpu: {script: 'true', resources: {gpu: 1}}
""")
        run = self.millrace.trigger("small")
        self.wait_for_state("small", run, "gpu", "scheduled")
        for task in ("cpu", "memory"):
            why = self.explain("small", run, task)
            self.assertEqual(self.kinds(why), [task])
            self.assertEqual(why["culprit"]["task_id"], "fat")
            self.assertGreater(self.closed(why)["need"], self.closed(why)["have"])
        why = self.explain("small", run, "gpu")
        self.assertIn("gpu", self.kinds(why))
        gate = next(gate for gate in why["gates"] if gate["kind"] == "gpu")
        self.assertEqual(gate["blockers"][0]["devices"], ["fake-0"])
        self.assertEqual(gate["blockers"][0]["task_id"], "fat")
        self.go.touch()
        self.assertEqual(self.millrace.finish("small", run)["state"], "success")

    def test_a_run_waits_for_its_dag_to_be_unpaused_or_for_a_place(self):
        self.millrace.submit(f"""
dag_id: narrow
schedule: {{every: 1h}}
start_date: 2001-01-01
end_date: 2001-01-01T03:00:00Z
catchup: true
max_active_runs: 1
tasks:
  t: {{script: '{self.hold}'}}
""")
        def run(hour):
            return f"scheduled__2001-01-01T0{hour}:00:00+00:00"
        self.millrace.wait_until(lambda: self.millrace.run("narrow", run(1)).get("state") == "queued",
                                 "the second run is queued")
        self.wait_for_state("narrow", run(0), "t", "running")
        why = self.explain("narrow", run(1), "t")
        self.assertEqual(self.kinds(why), ["max_active_runs"])
        self.assertEqual(why["culprit"]["dag_run_id"], run(0))
        self.assertEqual(why["rank"], 1)
        self.assertEqual(self.explain("narrow", run(2), "t")["rank"], 2)
        waiting = self.millrace.get("/ui/queue").json["runs"]
        self.assertEqual(waiting[0]["run"]["dag_run_id"], run(1))

        answer = self.millrace.request("PATCH", "/dags/narrow", {"is_paused": True})
        self.assertEqual(answer.status, 200, answer)
        why = self.explain("narrow", run(1), "t")
        self.assertEqual(self.kinds(why), ["paused"])
        self.assertIn("DAG 'narrow' is paused", why["verdict"])
        self.assertIsNone(why["starts_at"])

    def test_retry_delay_sensor_and_child_run(self):
        self.millrace.submit(f"dag_id: child\ntasks: {{t: {{script: '{self.hold}'}}}}\n")
        self.millrace.submit("""
dag_id: waits
tasks:
  fails: {script: 'false', retries: {limit: 1, delay: 1h}}
  sees: {sensor: {file: /nonexistent/file, poke_interval: 1h}}
  starts: {trigger_dag: {dag_id: child}}
""")
        run = self.millrace.trigger("waits")
        self.wait_for_state("waits", run, "fails", "up_for_retry")
        self.wait_for_state("waits", run, "starts", "deferred")
        why = self.explain("waits", run, "fails")
        self.assertEqual(self.kinds(why), ["retry_delay"])
        self.assertEqual(why["starts_at"]["p50"], why["not_before"])
        self.assertIn("starts at about", why["verdict"])
        self.assertEqual(why["history"][-1]["gate"], "retry_delay")
        why = self.explain("waits", run, "sees")
        self.assertEqual(self.kinds(why), ["sensor"])
        self.assertIn("file '/nonexistent/file'", why["verdict"])
        why = self.explain("waits", run, "starts")
        self.assertEqual(self.kinds(why), ["child_run"])
        self.assertEqual(why["culprit"]["dag_id"], "child")
        # What is known of the past survives the daemon.
        since = self.explain("waits", run, "fails")["since"]
        self.millrace.kill()
        self.millrace.start()
        self.assertEqual(self.explain("waits", run, "fails")["since"], since)

    def test_dates_of_a_backfill_wait_for_its_own_limit(self):
        self.millrace.submit(f"""
dag_id: past
schedule: "@daily"
start_date: 2001-01-01
tasks: {{t: {{script: '{self.hold}'}}}}
""")
        answer = self.millrace.post("/backfills", {
            "dag_id": "past", "from_date": "2001-01-01T00:00:00Z", "to_date": "2001-01-05T00:00:00Z",
            "max_active_runs": 2})
        self.assertEqual(answer.status, 200, answer)
        self.millrace.wait_until(
            lambda: sum(s == "running" for day in (1, 2) for s in self.millrace.task_states(
                "past", f"backfill__2001-01-0{day}T00:00:00+00:00").values()) == 2, "two dates run")
        dates, = self.millrace.get("/ui/queue").json["backfills"]
        self.assertEqual((dates["backfill_id"], dates["dates"]), (answer.json["id"], 3))
        self.assertEqual(dates["waits_for"]["kind"], "backfill_limit")
        self.assertEqual({b["dag_run_id"] for b in dates["waits_for"]["blockers"]},
                         {f"backfill__2001-01-0{day}T00:00:00+00:00" for day in (1, 2)})
        why = self.explain("past", "backfill__2001-01-01T00:00:00+00:00", "t")
        self.assertEqual(why["waiting_on"], [])
        self.assertIn("is running since", why["verdict"])

    def test_max_active_tasks_and_a_mapped_limit(self):
        self.millrace.submit(f"""
dag_id: thin
max_active_tasks: 1
tasks:
  a: {{script: '{self.hold}', priority: 5}}
  b: {{script: 'true'}}
""")
        run = self.millrace.trigger("thin")
        self.wait_for_state("thin", run, "a", "running")
        why = self.explain("thin", run, "b")
        self.assertEqual(self.kinds(why), ["max_active_tasks"])
        self.assertEqual(why["culprit"]["task_id"], "a")


if __name__ == "__main__":
    unittest.main(verbosity=2)
