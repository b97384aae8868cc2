"""Airflow's client reads and changes DAGs and runs, pools, variables and backfills.

What an Airflow user would read is compared with what happened, not only that an answer came.
"""

import json
import threading
import unittest

from airflow_base import Client, airflow_client, api, date, models


class Dags(Client):
    def ids(self, **filters):
        found = self.dags.get_dags(**filters)
        self.assertEqual(found.total_entries, len(found.dags))
        return [d.dag_id for d in found.dags]

    def test_list_and_filters(self):
        self.assertEqual(self.ids(), ["chain", "demo", "slow"])
        self.assertEqual(self.ids(order_by=["-dag_id"]), ["slow", "demo", "chain"])
        self.assertEqual(self.ids(tags=["small"]), ["demo"])
        self.assertEqual(self.ids(tags=["nightly", "small"], tags_match_mode="any"), ["chain", "demo"])
        self.assertEqual(self.ids(tags=["nightly", "small"], tags_match_mode="all"), ["demo"])
        self.assertEqual(self.ids(owners=["bert"]), ["chain"])
        self.assertEqual(self.ids(dag_id_pattern="%EM%"), ["demo"])
        self.assertEqual(self.ids(dag_id_pattern="s_o"), ["slow"])
        self.assertEqual(self.ids(dag_id_prefix_pattern="ch"), ["chain"])
        self.assertEqual(self.ids(paused=True), ["chain"])
        self.assertEqual(self.ids(has_asset_schedule=True), [])
        page = self.dags.get_dags(limit=1, offset=1)
        self.assertEqual(([d.dag_id for d in page.dags], page.total_entries), (["demo"], 3))
        self.refused(422, self.dags.get_dags, order_by=["colour"])

    def test_one(self):
        dag = self.dags.get_dag("demo")
        self.assertEqual((dag.description, dag.owners, sorted(t.name for t in dag.tags)),
                         ("Counts files", ["anna"], ["nightly", "small"]))
        self.assertFalse(dag.is_paused or dag.is_stale or dag.has_import_errors)
        details = self.dags.get_dag_details("chain")
        self.assertEqual((details.timetable_summary, details.catchup, details.start_date, details.timezone),
                         ("@daily", False, date("2001-01-01"), "UTC"))
        self.assertEqual(details.latest_dag_version.version_number, 1)
        self.assertEqual(self.dags.get_dag_details("demo").params["n"]["value"], 3)
        self.refused(404, self.dags.get_dag, "nobody")
        self.assertEqual(self.dags.get_dag_tags(tag_name_pattern="s").tags, ["small"])

    def test_tasks(self):
        tasks = {t.task_id: t for t in api.TaskApi(self.client).get_tasks("demo").tasks}
        self.assertEqual(list(tasks), ["list", "count", "fail", "after"])
        self.assertEqual(tasks["count"].downstream_task_ids, ["fail"])
        self.assertEqual((tasks["count"].is_mapped, tasks["fail"].retries, tasks["after"].trigger_rule),
                         (True, 1, "all_success"))

    def test_pause(self):
        body = models.DAGPatchBody(is_paused=True)
        self.assertTrue(self.dags.patch_dag("slow", body, update_mask=["is_paused"]).is_paused)
        self.assertEqual(self.ids(paused=True), ["chain", "slow"])
        changed = self.dags.patch_dags(models.DAGPatchBody(is_paused=False), dag_id_pattern="slow")
        self.assertEqual([(d.dag_id, d.is_paused) for d in changed.dags], [("slow", False)])
        self.refused(400, self.dags.patch_dag, "slow", body, update_mask=["owners"])
        self.assertEqual(self.ids(paused=True), ["chain"])

    def test_versions_sources_stats(self):
        text = "dag_id: versioned\ntasks:\n  a: {command: [echo, first]}\n"
        self.millrace.submit(text)
        self.millrace.submit(text.replace("first", "second"))
        versions = api.DagVersionApi(self.client)
        numbers = [v.version_number for v in versions.get_dag_versions("versioned").dag_versions]
        self.assertEqual(numbers, [1, 2])
        self.assertEqual(versions.get_dag_version("versioned", 2).dag_id, "versioned")
        sources = api.DagSourceApi(self.client)
        self.assertEqual(sources.get_dag_source("versioned", version_number=1).content, text)
        plain = self.millrace.request("GET", "/dagSources/versioned", headers={"Accept": "text/plain"})
        self.assertEqual(plain.body.decode(), text.replace("first", "second"))
        self.ran("versioned", "2001-01-01")
        stats = api.DagStatsApi(self.client).get_dag_stats(dag_ids=["versioned"])
        self.assertEqual({s.state.value: s.count for s in stats.dags[0].stats},
                         {"queued": 0, "running": 0, "success": 1, "failed": 0})
        good = models.DagRunState.SUCCESS
        self.assertEqual(self.ids(last_dag_run_state=good, dag_id_pattern="versioned"), ["versioned"])
        self.assertEqual(self.ids(dag_run_state=["failed"], dag_id_pattern="versioned"), [])
        run_id = self.runs.get_dag_runs("versioned").dag_runs[0].dag_run_id
        self.dags.delete_dag("versioned")
        self.refused(404, self.dags.get_dag, "versioned")
        self.assertEqual(self.ids(exclude_stale=False, dag_id_pattern="versioned"), ["versioned"])
        self.assertEqual(self.runs.get_dag_run("versioned", run_id).state.value, "success")

    def test_warnings_and_import_errors(self):
        warnings = api.DagWarningApi(self.client).list_dag_warnings(dag_id="slow").dag_warnings
        self.assertEqual([w.warning_type.value for w in warnings], ["non-existent pool"])
        self.assertIn("'nowhere'", warnings[0].message)
        errors = api.ImportErrorApi(self.client)
        self.assertEqual(errors.get_import_errors().total_entries, 0)
        file = self.millrace.dags / "broken.yaml"
        file.write_text("dag_id: broken\ntasks: nothing\n")
        self.addCleanup(file.unlink)
        api.DAGParsingApi(self.client).reparse_dag_file("demo")
        found = self.millrace.wait_until(
            lambda: errors.get_import_errors(filename_pattern="broken").import_errors,
            "the broken file is reported")
        self.assertEqual(found[0].filename, "broken.yaml")
        one = errors.get_import_error(found[0].import_error_id)
        self.assertIn("broken.yaml:2", one.stack_trace)
        self.refused(404, errors.get_import_error, 999)

    def test_health_and_version(self):
        health = api.MonitorApi(self.client).get_health()
        self.assertEqual((health.metadatabase.status, health.scheduler.status), ("healthy", "healthy"))
        self.assertRegex(api.VersionApi(self.client).get_version().version, r"^\d+\.\d+")
        config = airflow_client.Configuration(host=self.config.host, access_token="wrong")
        nobody = airflow_client.ApiClient(config)
        self.refused(401, api.DAGApi(nobody).get_dags)


class Runs(Client):
    def test_trigger_and_read(self):
        run = self.ran("demo", "2002-01-05", conf={"n": 4}, note="by hand")
        self.assertEqual((run.dag_run_id, run.state.value, run.run_type.value, run.conf, run.note),
                         ("manual__2002-01-05T00:00:00+00:00", "failed", "manual", {"n": 4}, "by hand"))
        self.assertEqual((run.logical_date, run.triggered_by.value), (date("2002-01-05"), "rest_api"))
        self.assertAlmostEqual(run.duration, (run.end_date - run.start_date).total_seconds(), 5)
        self.assertEqual(run.dag_versions[0].version_number, 1)
        raw = self.millrace.run("demo", run.dag_run_id)
        self.assertEqual(raw["execution_date"], raw["logical_date"])
        taken = self.refused(409, self.trigger, "demo", "2002-01-05")
        self.assertIn(run.dag_run_id, taken["detail"])
        wrong = self.refused(422, self.trigger, "demo", "2002-01-06", conf={"n": "many"})
        self.assertEqual(wrong["detail"][0]["loc"], ["body", "conf", "n"])
        self.assertEqual(set(wrong["detail"][0]), {"loc", "msg", "type"})
        self.refused(404, self.runs.get_dag_run, "demo", "nothing")

    def test_an_old_habit(self):
        """Airflow 2's scripts send and read execution_date."""
        body = {"execution_date": "1999-05-01T00:00:00Z", "conf": {}}
        answer = self.millrace.post("/dags/chain/dagRuns", body)
        self.assertEqual(answer.json["execution_date"], "1999-05-01T00:00:00Z")
        self.millrace.finish("chain", answer.json["dag_run_id"])
        found = self.millrace.get("/dags/chain/dagRuns", execution_date_gte="1999-05-01",
                                  execution_date_lte="1999-05-01")
        self.assertEqual([r["logical_date"] for r in found.json["dag_runs"]], ["1999-05-01T00:00:00Z"])

    def test_lists(self):
        ids = [self.ran("chain", f"2003-01-0{day}").dag_run_id for day in (1, 2, 3)]

        def found(**filters):
            page = self.runs.get_dag_runs("chain", run_id_prefix_pattern="manual__2003", **filters)
            return [ids.index(r.dag_run_id) for r in page.dag_runs]

        self.assertEqual(found(), [0, 1, 2])
        self.assertEqual(found(order_by=["-logical_date"]), [2, 1, 0])
        self.assertEqual(found(order_by=["state", "-logical_date"]), [2, 1, 0])
        self.assertEqual(found(logical_date_gte=date("2003-01-02")), [1, 2])
        self.assertEqual(found(logical_date_gt=date("2003-01-02")), [2])
        self.assertEqual(found(logical_date_lt=date("2003-01-02")), [0])
        self.assertEqual(found(start_date_gte=date("2020-01-01"), end_date_lte=date("2020-01-01")), [])
        self.assertEqual(found(duration_gte=3600), [])
        self.assertEqual(found(duration_lt=3600, state=["success"], run_type=["manual"]), [0, 1, 2])
        self.assertEqual(found(state=["failed"]), [])
        self.assertEqual(found(run_id_pattern="01-02T"), [1])
        self.assertEqual(found(triggering_user_name_pattern="nobody"), [])
        self.assertEqual(found(dag_version=[1]), [0, 1, 2])
        everywhere = self.runs.get_dag_runs("~", run_id_prefix_pattern="manual__2003", dag_id_pattern="chai")
        self.assertEqual(everywhere.total_entries, 3)
        seen, cursor = [], ""
        while cursor is not None:
            page = self.runs.get_dag_runs("chain", run_id_prefix_pattern="manual__2003", limit=2,
                                          cursor=cursor)
            self.assertIsNone(page.total_entries)
            seen += [r.dag_run_id for r in page.dag_runs]
            cursor = page.next_cursor
        self.assertEqual(seen, ids)
        batch = self.runs.get_list_dag_runs_batch("~", models.DAGRunsBatchBody(
            dag_ids=["chain"], states=["success"], logical_date_gte=date("2003-01-02"),
            logical_date_lte=date("2003-02-01"), order_by="-logical_date", page_limit=1))
        self.assertEqual(([r.dag_run_id for r in batch.dag_runs], batch.total_entries), ([ids[2]], 2))
        self.refused(404, self.runs.get_dag_runs, "nobody")

    def test_patch_and_clear(self):
        run = self.ran("chain", "2004-01-01")
        body = models.DAGRunPatchBody(state="failed", note="looks wrong")
        patched = self.runs.patch_dag_run("chain", run.dag_run_id, body, update_mask=["note"])
        self.assertEqual((patched.state.value, patched.note), ("success", "looks wrong"))
        self.assertEqual(self.runs.patch_dag_run("chain", run.dag_run_id, body).state.value, "failed")
        # The client can't read this answer, not Airflow's either: both of its models fit each entry.
        dry = self.runs.clear_dag_run_without_preload_content("chain", run.dag_run_id,
                                                              models.DAGRunClearBody(dry_run=True))
        rows = json.loads(dry.read())["task_instances"]
        self.assertEqual([t["task_id"] for t in rows], ["a", "b", "c"])
        cleared = self.runs.clear_dag_run("chain", run.dag_run_id,
                                          models.DAGRunClearBody(dry_run=False, note="again")).actual_instance
        self.assertIn(cleared.state.value, ("queued", "running"))
        self.millrace.finish("chain", run.dag_run_id)
        again = self.runs.get_dag_run("chain", run.dag_run_id)
        self.assertEqual((again.state.value, again.note), ("success", "again"))
        self.assertEqual(self.tis.get_task_instance("chain", run.dag_run_id, "a").try_number, 2)

    def test_delete(self):
        run = self.ran("demo", "2004-02-01")
        logs = self.millrace.data / "logs" / "demo" / run.dag_run_id
        self.assertTrue(logs.is_dir())
        self.runs.delete_dag_run("demo", run.dag_run_id)
        self.refused(404, self.runs.get_dag_run, "demo", run.dag_run_id)
        self.refused(404, self.tis.get_task_instances, "demo", run.dag_run_id)
        self.assertFalse(logs.exists())
        lines = self.events.get_event_logs(dag_id="demo", event="run", order_by=["-event_log_id"], limit=5)
        mine = [e for e in lines.event_logs if run.dag_run_id in (e.extra or "")]
        self.assertEqual((len(mine), mine[0].owner), (1, "admin"))
        self.millrace.kill()  # what was acknowledged is on disk
        # As a crash between the deletion's commit and the removal of the files would leave it.
        logs.mkdir(parents=True, exist_ok=True)
        (logs / "list.-1.1.log").write_text("of the deleted run\n")
        self.millrace.start()
        self.refused(404, self.runs.get_dag_run, "demo", run.dag_run_id)
        again = self.ran("demo", "2004-02-01")
        self.assertEqual(self.millrace.log_text("demo", run.dag_run_id, "list"), b"listing\n")
        self.assertEqual(again.dag_run_id, run.dag_run_id)
        self.assertEqual(self.tis.get_task_instance("demo", run.dag_run_id, "list").try_number, 1)
        trash = self.millrace.data / "trash"
        self.millrace.wait_until(lambda: not any(trash.iterdir()), "the trash is empty")

    def test_wait_and_delete_while_active(self):
        until = self.millrace.root / "go"
        run = self.trigger("slow", "2004-03-01", conf={"until": str(until)})
        self.refused(409, self.runs.delete_dag_run, "slow", run.dag_run_id)
        self.refused(409, self.dags.delete_dag, "slow")
        answers = []
        waits = [threading.Thread(target=lambda: answers.append(
            self.runs.wait_dag_run_until_finished("slow", run.dag_run_id, interval=1))) for _ in range(20)]
        for thread in waits:
            thread.start()
        # Twenty that wait take no reader: others are answered.
        self.assertEqual(self.dags.get_dag("slow").dag_id, "slow")
        self.assertEqual(answers, [])
        until.touch()
        self.tis.patch_task_instance("slow", run.dag_run_id, "end",
                                     models.PatchTaskInstanceBody(new_state="success"))
        for thread in waits:
            thread.join(60)
        self.assertEqual([a["state"] for a in answers], ["success"] * 20)
        done = self.ran("demo", "2004-03-02")
        waited = self.runs.wait_dag_run_until_finished("demo", done.dag_run_id, interval=1,
                                                       result=["list", "count"])
        self.assertEqual((waited["state"], waited["results"]),
                         ("failed", {"list": "listed", "count": [{"got": 10}, {"got": 20}, {"got": 30}]}))
        path = f"/dags/demo/dagRuns/{done.dag_run_id.replace('+', '%2B')}/wait?interval=1"
        stream = self.millrace.request("GET", path, headers={"Accept": "application/x-ndjson"})
        self.assertEqual(stream.headers["Content-Type"], "application/x-ndjson")
        self.assertEqual(json.loads(stream.body.splitlines()[-1])["state"], "failed")


class PoolsVariablesBackfills(Client):
    def test_pools(self):
        made = self.pools.post_pool(models.PoolBody(name="etl", slots=4, description="loads"))
        self.assertEqual((made.name, made.slots, made.open_slots, made.occupied_slots), ("etl", 4, 4, 0))
        self.refused(409, self.pools.post_pool, models.PoolBody(name="etl", slots=4))
        changed = self.pools.patch_pool("etl", models.PoolPatchBody(slots=9, description="more"),
                                        update_mask=["slots"])
        self.assertEqual((changed.slots, changed.description), (9, "loads"))
        self.assertEqual(self.pools.get_pool("etl").slots, 9)
        self.assertEqual([p.name for p in self.pools.get_pools(pool_name_pattern="et").pools], ["etl"])
        self.assertIn("cpu", [p.name for p in self.pools.get_pools(order_by=["-name"]).pools])
        bulk = self.pools.bulk_pools(models.BulkBodyPoolBody.from_dict({"actions": [
            {"action": "create", "entities": [{"name": "p1", "slots": 1}, {"name": "etl", "slots": 1}],
             "action_on_existence": "fail"},
            {"action": "delete", "entities": ["etl", "absent"], "action_on_non_existence": "skip"}]}))
        self.assertEqual(bulk.create.success, ["p1"])
        self.assertEqual([e["status_code"] for e in bulk.create.errors], [409])
        self.assertEqual((bulk.delete.success, bulk.delete.errors), (["etl"], []))
        self.pools.delete_pool("p1")
        self.refused(404, self.pools.get_pool, "p1")
        self.refused(404, self.pools.delete_pool, "p1")

    def test_variables(self):
        make = self.variables.post_variable
        made = make(models.VariableBody(key="region", value="eu", description="where"))
        self.assertEqual((made.key, made.value, made.description, made.is_encrypted),
                         ("region", "eu", "where", False))
        self.refused(409, self.variables.post_variable, models.VariableBody(key="region", value="us"))
        self.variables.post_variable(models.VariableBody(key="db_password", value="hunter2"))
        make(models.VariableBody(key="service/cfg", value={"url": "x", "api_key": "k"}))
        self.assertEqual(self.variables.get_variable("db_password").value, "***")
        self.assertEqual(json.loads(self.variables.get_variable("service/cfg").value),
                         {"url": "x", "api_key": "***"})
        changed = self.variables.patch_variable("region", models.VariableBody(key="region", value="us",
                                                                              description="no"),
                                                update_mask=["value"])
        self.assertEqual((changed.value, changed.description), ("us", "where"))
        found = self.variables.get_variables(order_by=["-key"])
        self.assertEqual(([v.key for v in found.variables], found.total_entries),
                         (["service/cfg", "region", "db_password"], 3))
        self.assertEqual([v.key for v in self.variables.get_variables(variable_key_pattern="reg").variables],
                         ["region"])
        bulk = self.variables.bulk_variables(models.BulkBodyVariableBody.from_dict({"actions": [
            {"action": "create", "entities": [{"key": "region", "value": "asia"}],
             "action_on_existence": "overwrite"},
            {"action": "update", "entities": [{"key": "absent", "value": "1"}]},
            {"action": "delete", "entities": ["service/cfg"]}]}))
        self.assertEqual((bulk.create.success, bulk.delete.success), (["region"], ["service/cfg"]))
        self.assertEqual([e["status_code"] for e in bulk.update.errors], [404])
        self.assertEqual(self.variables.get_variable("region").value, "asia")
        self.millrace.kill()
        self.millrace.start()
        self.assertEqual(self.variables.get_variable("region").value, "asia")
        self.refused(409, self.variables.post_variable, models.VariableBody(key="region", value="x"))
        self.variables.delete_variable("region")
        self.refused(404, self.variables.get_variable, "region")
        events = self.events.get_event_logs(event="variable", limit=1000).event_logs
        self.assertNotIn("hunter2", json.dumps([e.extra for e in events]))

    def test_backfills(self):
        body = models.BackfillPostBody(
            dag_id="chain", from_date=date("2006-01-01"), to_date=date("2006-01-03"), max_active_runs=2,
            reprocess_behavior="none", dag_run_conf={})
        dry = self.backfills.create_backfill_dry_run(body)
        self.assertEqual(([b.logical_date for b in dry.backfills], dry.total_entries),
                         ([date(f"2006-01-0{d}") for d in (1, 2, 3)], 3))
        made = self.backfills.create_backfill(body)
        self.assertEqual((made.dag_id, made.from_date, made.max_active_runs, made.reprocess_behavior.value),
                         ("chain", date("2006-01-01"), 2, "none"))
        self.assertIn(made.id, [b.id for b in self.backfills.list_backfills("chain").backfills])
        self.millrace.wait_until(lambda: self.backfills.get_backfill(made.id).completed_at, "it ends")
        runs = self.runs.get_dag_runs("chain", run_type=["backfill"], logical_date_gte=date("2006-01-01"))
        self.assertEqual([(r.logical_date, r.state.value, r.triggered_by.value) for r in runs.dag_runs],
                         [(date(f"2006-01-0{d}"), "success", "backfill") for d in (1, 2, 3)])
        self.refused(404, self.backfills.get_backfill, 999)
        self.refused(422, self.backfills.create_backfill, models.BackfillPostBody(
            dag_id="chain", from_date=date("2006-01-03"), to_date=date("2006-01-01")))

    def test_backfill_pause_and_cancel(self):
        self.millrace.submit("dag_id: held\nschedule: '@daily'\nstart_date: 2001-01-01\ncatchup: false\n"
                             "tasks:\n  a: {command: [sleep, '60']}\n")
        made = self.backfills.create_backfill(models.BackfillPostBody(
            dag_id="held", from_date=date("2006-02-01"), to_date=date("2006-02-20"), max_active_runs=1))
        self.assertFalse(made.is_paused)
        self.assertTrue(self.backfills.pause_backfill(made.id).is_paused)
        self.assertFalse(self.backfills.unpause_backfill(made.id).is_paused)
        self.backfills.cancel_backfill(made.id)
        self.millrace.request("PUT", f"/backfills/{made.id}/cancel?mode=terminate")
        self.millrace.wait_until(lambda: self.backfills.get_backfill(made.id).completed_at, "it is cancelled")


def load_tests(loader, tests, pattern):
    """Without the base class, which has no cases of its own."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(c) for c in (Dags, Runs, PoolsVariablesBackfills))


if __name__ == "__main__":
    unittest.main()
