"""A real daemon, three DAGs, and the Python client that Airflow publishes (apache-airflow-client)."""

import datetime
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import Daemon  # noqa: E402

import airflow_client.client as airflow_client  # noqa: E402
from airflow_client.client import api, models  # noqa: E402
from airflow_client.client.exceptions import ApiException  # noqa: E402

UTC = datetime.timezone.utc

DEMO = """
dag_id: demo
description: Counts files
owner: anna
tags: [nightly, small]
params:
  n: {type: integer, default: 3}
tasks:
  list:
    script: |
      echo listing
      echo '{"files": [10, 20, 30], "return_value": "listed"}' > "$MILLRACE_OUTPUT"
  count:
    expand: {item: "{{ tasks.list.output.files }}"}
    script: |
      echo counting {{ item }}
      echo '{"got": {{ item }} }' > "$MILLRACE_OUTPUT"
  fail: {command: [sh, -c, 'echo broken >&2; exit 3'], depends_on: [count], retries: {limit: 1, delay: 0s}}
  after: {command: ["true"], depends_on: [fail]}
"""

CHAIN = """
dag_id: chain
tags: [nightly]
owner: bert
schedule: "@daily"
start_date: 2001-01-01
catchup: false
tasks:
  a: {command: ["true"]}
  b: {command: ["true"], depends_on: [a]}
  c: {command: ["true"], depends_on: [b]}
"""

SLOW = """
dag_id: slow
tasks:
  wait: {command: [sh, -c, 'while [ ! -e "$1" ]; do sleep 0.05; done', x, "{{ params.until }}"]}
  end: {command: ["true"], depends_on: [wait], pool: nowhere}
params:
  until: {type: string, default: /nonexistent}
"""


def date(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=UTC)


class Client(unittest.TestCase):
    """One daemon for the cases of a class; each case has DAGs or runs of its own."""

    @classmethod
    def setUpClass(cls):
        cls.millrace = Daemon().start()
        cls.addClassCleanup(cls.millrace.close)
        cls.millrace.post("/pools", {"name": "nowhere", "slots": 1})
        for text in (DEMO, CHAIN, SLOW):
            cls.millrace.submit(text)
        # A task of `slow` waits for it: a pool that was deleted after the submit.
        cls.millrace.request("DELETE", "/pools/nowhere")
        cls.millrace.request("PATCH", "/dags/chain", {"is_paused": True})
        cls.config = airflow_client.Configuration(host=f"http://127.0.0.1:{cls.millrace.port}",
                                           access_token=cls.millrace.token)
        client = airflow_client.ApiClient(cls.config)
        cls.dags, cls.runs, cls.tis = api.DAGApi(client), api.DagRunApi(client), api.TaskInstanceApi(client)
        cls.xcoms, cls.pools = api.XComApi(client), api.PoolApi(client)
        cls.variables = api.VariableApi(client)
        cls.events, cls.backfills = api.EventLogApi(client), api.BackfillApi(client)
        cls.client = client

    def trigger(self, dag_id, logical_date, **more):
        body = models.TriggerDAGRunPostBody(logical_date=date(logical_date), **more)
        return self.runs.trigger_dag_run(dag_id, body)

    def ran(self, dag_id, logical_date, **more):
        run = self.trigger(dag_id, logical_date, **more)
        self.millrace.finish(dag_id, run.dag_run_id)
        return self.runs.get_dag_run(dag_id, run.dag_run_id)

    def states(self, dag_id, run_id):
        rows = self.tis.get_task_instances(dag_id, run_id, limit=1000).task_instances
        return {r.task_id if r.map_index < 0 else f"{r.task_id}[{r.map_index}]": r.state and r.state.value
                for r in rows}

    def refused(self, status, call, *args, **more):
        with self.assertRaises(ApiException) as caught:
            call(*args, **more)
        self.assertEqual(caught.exception.status, status, caught.exception.body)
        return json.loads(caught.exception.body)
