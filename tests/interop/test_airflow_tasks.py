"""Airflow's client reads, marks and clears task instances; their tries, logs, outputs and events."""

import json
import unittest

from airflow_base import Client, api, date, models


class TaskInstances(Client):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.run_id = cls.millrace.trigger("demo", logical_date="2005-01-01T00:00:00Z")
        cls.millrace.finish("demo", cls.run_id)

    def test_read(self):
        self.assertEqual(self.states("demo", self.run_id),
                         {"list": "success", "count[0]": "success", "count[1]": "success",
                          "count[2]": "success", "fail": "failed", "after": "upstream_failed"})
        fail = self.tis.get_task_instance("demo", self.run_id, "fail")
        self.assertEqual((fail.try_number, fail.max_tries, fail.pool, fail.operator, fail.map_index),
                         (2, 1, "cpu", "command", -1))
        self.assertEqual(fail.logical_date, date("2005-01-01"))
        self.assertEqual(fail.dag_version.version_number, 1)
        self.refused(404, self.tis.get_task_instance, "demo", self.run_id, "count")
        self.refused(404, self.tis.get_task_instance, "demo", self.run_id, "nothing")

    def test_lists(self):
        def found(**filters):
            rows = self.tis.get_task_instances("demo", self.run_id, **filters).task_instances
            return [r.task_id if r.map_index < 0 else f"{r.task_id}[{r.map_index}]" for r in rows]

        self.assertEqual(found(state=["failed"]), ["fail"])
        self.assertEqual(found(state=["failed", "upstream_failed"]), ["fail", "after"])
        self.assertEqual(found(map_index=[1, 2]), ["count[1]", "count[2]"])
        self.assertEqual(found(try_number=[2]), ["fail"])
        self.assertEqual(found(pool=["gpu"]), [])
        self.assertEqual(found(task_display_name_pattern="f_il"), ["fail"])
        self.assertEqual(found(start_date_lte=date("2020-01-01")), [])
        self.assertEqual(found(duration_gte=0, order_by=["-map_index"], limit=2), ["count[2]", "count[1]"])
        batch = self.tis.get_task_instances_batch("~", "~", models.TaskInstancesBatchBody(
            dag_ids=["demo"], dag_run_ids=[self.run_id], state=["failed"], page_limit=10))
        self.assertEqual([(t.dag_run_id, t.task_id) for t in batch.task_instances], [(self.run_id, "fail")])
        nothing = models.TaskInstancesBatchBody(dag_ids=["chain"], dag_run_ids=[self.run_id])
        self.assertEqual(self.tis.get_task_instances_batch("~", "~", nothing).total_entries, 0)
        failed = self.tis.get_task_instances("~", "~", state=["failed"], dag_id_pattern="demo", limit=1000)
        self.assertIn(self.run_id, [t.dag_run_id for t in failed.task_instances])

    def test_mapped(self):
        rows = self.tis.get_mapped_task_instances("demo", self.run_id, "count")
        self.assertEqual(([t.map_index for t in rows.task_instances], rows.total_entries), ([0, 1, 2], 3))
        self.assertEqual([t.rendered_map_index for t in rows.task_instances], ["0", "1", "2"])
        one = self.tis.get_mapped_task_instance("demo", self.run_id, "count", 1)
        self.assertEqual((one.map_index, one.state.value), (1, "success"))
        self.refused(404, self.tis.get_mapped_task_instances, "demo", self.run_id, "list")
        self.refused(404, self.tis.get_mapped_task_instance, "demo", self.run_id, "count", 7)

    def test_tries_and_logs(self):
        tries = self.tis.get_task_instance_tries("demo", self.run_id, "fail").task_instances
        self.assertEqual([(t.try_number, t.state.value) for t in tries], [(1, "failed"), (2, "failed")])
        first = self.tis.get_task_instance_try_details("demo", self.run_id, "fail", 1)
        self.assertGreater(first.pid, 0)
        mapped = self.tis.get_mapped_task_instance_tries("demo", self.run_id, "count", 2).task_instances
        self.assertEqual([(t.map_index, t.try_number) for t in mapped], [(2, 1)])
        detail = self.tis.get_mapped_task_instance_try_details("demo", self.run_id, "count", 1, 2)
        self.assertEqual((detail.map_index, detail.state.value), (2, "success"))
        log = self.tis.get_log("demo", self.run_id, "fail", 2)
        self.assertIn("broken", json.dumps(log.content.to_dict()))
        self.assertIsNone(log.continuation_token)
        log = self.tis.get_log("demo", self.run_id, "count", 1, map_index=1)
        self.assertIn("counting 20", json.dumps(log.content.to_dict()))
        self.assertEqual(self.millrace.log_text("demo", self.run_id, "fail"), b"broken\n")
        self.refused(404, self.tis.get_log, "demo", self.run_id, "fail", 9)

    def test_dependencies_and_links(self):
        run = self.trigger("slow", "2005-02-01")
        self.addCleanup(self.millrace.post, f"/dags/slow/dagRuns/{run.dag_run_id.replace('+', '%2B')}/cancel")
        waits = self.tis.get_task_instance_dependencies("slow", run.dag_run_id, "end").dependencies
        self.assertEqual(waits[0].name, "upstream")
        self.assertIn("'wait'", waits[0].reason)
        done = self.tis.get_task_instance_dependencies("demo", self.run_id, "list")
        self.assertEqual(done.dependencies, [])
        links = api.ExtraLinksApi(self.client).get_extra_links("demo", self.run_id, "list")
        self.assertEqual((links.extra_links, links.total_entries), ({}, 0))

    def test_xcoms(self):
        rows = self.xcoms.get_xcom_entries("demo", self.run_id, "list").xcom_entries
        self.assertEqual(sorted(r.key for r in rows), ["files", "return_value"])
        rows = self.xcoms.get_xcom_entries("demo", self.run_id, "count")
        self.assertEqual(([(r.key, r.map_index) for r in rows.xcom_entries], rows.total_entries),
                         ([("got", 0), ("got", 1), ("got", 2)], 3))
        rows = self.xcoms.get_xcom_entries("demo", self.run_id, "~", xcom_key="got", map_index=1).xcom_entries
        self.assertEqual([(r.task_id, r.map_index) for r in rows], [("count", 1)])

        def entry(task_id, key, **more):
            found = self.xcoms.get_xcom_entry("demo", task_id, self.run_id, key, **more)
            return found.actual_instance.value

        self.assertEqual(entry("list", "files"), [10, 20, 30])
        self.assertEqual(json.loads(entry("list", "files", stringify=True)), [10, 20, 30])
        self.assertEqual(entry("count", "got", map_index=2), 30)
        self.refused(404, entry, "list", "nothing")

    def test_event_logs(self):
        rows = self.events.get_event_logs(dag_id="demo", run_id=self.run_id, task_id="fail").event_logs
        moves = [json.loads(e.extra) for e in rows]
        self.assertEqual([m["to"] for m in moves][-2:], ["running", "failed"])
        self.assertEqual({e.task_id for e in rows}, {"fail"})
        self.assertEqual({e.run_id for e in rows}, {self.run_id})
        tried = self.events.get_event_logs(dag_id="demo", run_id=self.run_id, task_id="fail", try_number=1)
        self.assertEqual({e.try_number for e in tried.event_logs}, {1})
        one = self.events.get_event_logs(dag_id="demo", run_id=self.run_id, map_index=2).event_logs
        self.assertEqual({(e.task_id, e.map_index) for e in one}, {("count", 2)})
        runs = self.events.get_event_logs(dag_id="demo", run_id=self.run_id, event="run").event_logs
        self.assertEqual((runs[0].owner, json.loads(runs[-1].extra)["to"]), ("admin", "failed"))
        self.assertEqual(self.events.get_event_log(rows[0].event_log_id).when, rows[0].when)
        self.assertEqual(self.events.get_event_logs(after=date("2100-01-01")).total_entries, 0)
        before = self.events.get_event_logs(before=rows[0].when, order_by=["-event_log_id"], limit=1)
        self.assertLessEqual(before.event_logs[0].when, rows[0].when)
        others = self.events.get_event_logs(dag_id="demo", run_id=self.run_id, excluded_events=["task"])
        self.assertEqual({e.event for e in others.event_logs}, {"run"})
        self.refused(404, self.events.get_event_log, 10**9)

    def patch(self, dag_id, run_id, task_id, state, call=None, **more):
        body = models.PatchTaskInstanceBody(new_state=state, **more)
        found = (call or self.tis.patch_task_instance)(dag_id, run_id, task_id, body)
        return [(t.dag_run_id[8:18], t.task_id, t.state and t.state.value) for t in found.task_instances]

    def test_patch(self):
        days = ["2005-03-01", "2005-03-02", "2005-03-03"]
        ids = [self.ran("chain", day).dag_run_id for day in days]
        dry = self.tis.patch_task_instance_dry_run
        self.assertEqual(self.patch("chain", ids[1], "b", "failed", dry, include_downstream=True),
                         [(days[1], "b", "success"), (days[1], "c", "success")])
        self.assertEqual(set(self.states("chain", ids[1]).values()), {"success"})
        self.assertEqual(len(self.patch("chain", ids[1], "b", "failed", dry, include_upstream=True)), 2)
        future = self.patch("chain", ids[1], "a", "skipped", dry, include_future=True)
        self.assertEqual([f[0] for f in future if f[0] in days], days[1:])
        past = self.patch("chain", ids[1], "a", "skipped", dry, include_past=True)
        self.assertEqual([f[0] for f in past if f[0] in days], [days[1], days[0]])
        self.patch("chain", ids[1], "c", "failed", note="by hand")
        self.millrace.finish("chain", ids[1])
        self.assertEqual(self.runs.get_dag_run("chain", ids[1]).state.value, "failed")
        row = self.tis.get_task_instance("chain", ids[1], "c")
        self.assertEqual((row.state.value, row.note), ("failed", "by hand"))
        self.refused(409, self.patch, "chain", ids[1], "c", "failed")
        self.refused(422, self.patch, "chain", ids[1], "c", "running")
        self.patch("chain", ids[1], "c", "success")
        self.millrace.finish("chain", ids[1])
        self.assertEqual(self.runs.get_dag_run("chain", ids[1]).state.value, "success")
        only = self.tis.patch_task_instance("chain", ids[0], "a", models.PatchTaskInstanceBody(note="seen"),
                                            update_mask=["note"])
        self.assertEqual([(t.task_id, t.note) for t in only.task_instances], [("a", "seen")])
        run = self.ran("demo", "2005-03-04").dag_run_id
        self.tis.patch_task_instance_by_map_index("demo", run, "count", 1,
                                                  models.PatchTaskInstanceBody(new_state="failed"))
        self.millrace.finish("demo", run)
        self.assertEqual({k: v for k, v in self.states("demo", run).items() if k.startswith("count")},
                         {"count[0]": "success", "count[1]": "failed", "count[2]": "success"})

    def clear(self, dag_id, **body):
        found = self.tis.post_clear_task_instances(dag_id, models.ClearTaskInstancesBody(**body))
        return [(t.dag_run_id[8:18], t.task_id) for t in found.task_instances]

    def test_clear(self):
        days = ["2005-04-01", "2005-04-02", "2005-04-03"]
        ids = [self.ran("chain", day).dag_run_id for day in days]
        one = {"dag_run_id": ids[1], "only_failed": False,
               "task_ids": [models.ClearTaskInstancesBodyTaskIdsInner("b")]}
        self.assertEqual(self.clear("chain", **one), [(days[1], "b")])
        self.assertEqual(self.clear("chain", include_downstream=True, **one),
                         [(days[1], "b"), (days[1], "c")])
        self.assertEqual(self.clear("chain", include_upstream=True, **one),
                         [(days[1], "a"), (days[1], "b")])
        past = self.clear("chain", include_past=True, **one)
        self.assertEqual(([d for d, _ in past if d in days], past[0]), ([days[1], days[0]], (days[1], "b")))
        future = [d for d, _ in self.clear("chain", include_future=True, **one)]
        self.assertEqual([d for d in future if d in days], days[1:])
        span = {"start_date": date(days[0]), "end_date": date(days[1]), "only_failed": False}
        self.assertEqual(self.clear("chain", **span), [(d, t) for d in days[:2] for t in "abc"])
        self.assertEqual(self.clear("chain", start_date=date(days[0]), end_date=date(days[1])), [])
        self.assertEqual(self.clear("chain", dag_run_id=ids[1], only_running=True), [])
        self.refused(409, self.clear, "chain", dry_run=False, reset_dag_runs=False, **one)
        self.assertEqual(set(self.states("chain", ids[1]).values()), {"success"})
        self.assertEqual(self.clear("chain", dry_run=False, note="again", **span),
                         [(d, t) for d in days[:2] for t in "abc"])
        for run_id in ids[:2]:
            self.millrace.finish("chain", run_id)
            row = self.tis.get_task_instance("chain", run_id, "c")
            self.assertEqual((row.try_number, row.note), (2, "again"))
        self.assertEqual(self.tis.get_task_instance("chain", ids[2], "c").try_number, 1)
        self.refused(404, self.clear, "chain", dag_run_id="nothing")
        missing = dict(one, task_ids=[models.ClearTaskInstancesBodyTaskIdsInner("nothing")])
        self.refused(404, self.clear, "chain", **missing)
        run_id = self.ran("demo", "2005-04-04").dag_run_id
        self.clear("demo", dag_run_id=run_id, dry_run=False, only_failed=False,
                   task_ids=[models.ClearTaskInstancesBodyTaskIdsInner(["count", 0]),
                             models.ClearTaskInstancesBodyTaskIdsInner(["count", 2])])
        self.millrace.finish("demo", run_id)
        rows = self.tis.get_mapped_task_instances("demo", run_id, "count").task_instances
        self.assertEqual([t.try_number for t in rows], [2, 1, 2])

    def test_clear_while_running(self):
        until = self.millrace.root / "clear"
        run = self.trigger("slow", "2005-05-01", conf={"until": str(until)})
        self.millrace.wait_until(lambda: self.states("slow", run.dag_run_id)["wait"] == "running", "it runs")
        self.assertEqual(self.clear("slow", dag_run_id=run.dag_run_id, only_running=True),
                         [("2005-05-01", "wait")])
        self.refused(409, self.clear, "slow", dag_run_id=run.dag_run_id, only_failed=False, dry_run=False,
                     prevent_running_task=True)
        self.runs.patch_dag_run("slow", run.dag_run_id, models.DAGRunPatchBody(state="failed"))
        self.assertEqual(self.millrace.finish("slow", run.dag_run_id)["state"], "failed")


def load_tests(loader, tests, pattern):
    """Without the base class, which has no cases of its own."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(c) for c in (TaskInstances,))


if __name__ == "__main__":
    unittest.main()
