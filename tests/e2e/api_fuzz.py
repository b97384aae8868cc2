#!/usr/bin/env python3
"""Sends what /openapi.json allows, and what it forbids, to a real daemon, and holds every answer against it.

schemathesis (.venv-test, made by tools/setup) makes the requests: alone, and one after another along the
document's links. As a program: `tests/e2e/api_fuzz.py --seconds 600 --seed 7` prints figures.
"""

import argparse
import json
import re
import subprocess
import sys

import harness

TOOLS = harness.SOURCE / ".venv-test/bin"
CHECKS = harness.SOURCE / "tests/e2e/schemathesis.toml"

DAGS = ["""
dag_id: quick
schedule: "@daily"
start_date: 2001-01-01
tags: [small]
owner: anna
params: {name: {type: string, default: x}}
datasets: {numbers: {path: numbers}}
tasks:
  one:
    outputs: [numbers]
    script: |
      mkdir -p "$(dirname "{{ outputs.numbers }}")"
      echo 42 > "{{ outputs.numbers }}"
      echo rows=42 >> "$MILLRACE_OUTPUT"
  many: {expand: {n: [1, 2, 3]}, depends_on: [one], script: "true"}
""", """
dag_id: broken
tasks:
  bad: {script: "echo no; exit 3", retries: {limit: 1, delay: 1h}}
  after: {depends_on: [bad], script: "true"}
""", """
dag_id: waits
tasks:
  long: {sensor: {file: /nonexistent, poke_interval: 1h}}
  then: {depends_on: [long], script: "true"}
""", """
dag_id: slow
schedule: "@daily"
start_date: 2001-01-01
tasks:
  long: {sensor: {file: /nonexistent, poke_interval: 1h}}
""", """
dag_id: doomed
tasks:
  t: {script: "true"}
"""]

TAME = {
    "command": {"enum": [["true"], ["echo", "x"]]},
    "script": {"enum": ["true", "exit 3", 'echo a=1 >> "$MILLRACE_OUTPUT"']},
    "schedule": {"enum": [None, "@yearly"]},
    "dag_id": {"type": "string", "pattern": "^made_[a-z0-9]{1,8}$"},
}


def seed(millrace):
    """Something of every kind; the values of path parameters that lead to it, by position."""
    for text in DAGS:
        millrace.submit(text)
    done = millrace.trigger("quick", logical_date="2001-01-02T00:00:00Z")
    millrace.finish("quick", done)
    broken, waits = millrace.trigger("broken"), millrace.trigger("waits")
    millrace.wait_until(lambda: millrace.task_states("broken", broken)["bad"] == "up_for_retry",
                        "a task waits for its retry")
    backfill = millrace.post("/backfills", {"dag_id": "quick", "from_date": "2001-01-03T00:00:00Z",
                                            "to_date": "2001-01-05T00:00:00Z"}).json["id"]
    millrace.wait_until(lambda: millrace.get(f"/backfills/{backfill}").json["state"] == "completed",
                        "the backfill ends")
    slow = millrace.post("/backfills", {"dag_id": "slow", "from_date": "2001-01-03T00:00:00Z",
                                        "to_date": "2001-01-05T00:00:00Z", "max_active_runs": 1}).json["id"]
    millrace.post("/pools", {"name": "doomed", "slots": 1})
    millrace.finish("quick", millrace.trigger("quick", dag_run_id="doomed"))
    return {
        "dag_id": ["quick", "quick", "broken", "waits"],
        "run_id": [done, done, broken, waits],
        "task_id": ["one", "many", "bad", "long"],
        "map_index": [-1, 1, -1, -1],
        "try_number": [1, 1, 1, 1],
        "key": ["rows", "rows", "rows", "rows"],
        "version_number": [1, 1, 1, 1],
        "backfill_id": [backfill, slow, backfill, slow],
        "asset_id": [millrace.get("/assets").json["assets"][0]["id"]] * 4,
        "dataset": ["numbers"] * 4,
        "version": ["1"] * 4,
        "event_log_id": [1, 2, 3, 4],
        "pool_name": ["cpu", "cpu", "cpu", "default"],
    }


def reply_schemas(document):
    """Names of the schemas that answers are made of."""
    names, found = set(), set()

    def follow(node):
        for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(node)):
            if name not in names:
                names.add(name)
                follow(document["components"]["schemas"][name])

    for item in document["paths"].values():
        for operation in item.values():
            follow(operation["responses"])
    follow(document["components"]["responses"])
    found.update(names)
    return found


def close(schema):
    """An answer may have no member that the document doesn't name."""
    if isinstance(schema, dict):
        if "properties" in schema and "additionalProperties" not in schema:
            schema["additionalProperties"] = False
        for value in schema.values():
            close(value)
    elif isinstance(schema, list):
        for value in schema:
            close(value)


def tame(node):
    """Generated DAGs must run nothing of chance and ask no other machine."""
    if isinstance(node, list):
        for one in node:
            tame(one)
    if not isinstance(node, dict):
        return
    known = node.get("properties", {})
    for name, instead in TAME.items():
        if name in known:
            known[name] = instead
    for name in ("webhook", "http", "cwd", "user", "group", "executor"):
        known.pop(name, None)
    for value in node.values():
        tame(value)


def without_streams(document):
    """A stream of events has no end, a wait may have none: they have tests of their own."""
    for path, item in list(document["paths"].items()):
        for method, operation in list(item.items()):
            media = {kind: answer.get("content", {}) for kind, answer in operation["responses"].items()}
            streams = [content for content in media.values() if content.pop("text/event-stream", None)]
            if (streams and not any(streams)) or path.endswith("/wait"):
                del item[method]
            # `follow` makes a stream; what `update_mask` hides of a body isn't looked at, fitting or not; and
            # a key that comes again is answered as it was, though what it made may be deleted by now.
            operation["parameters"] = [one for one in operation["parameters"]
                                       if one["name"] not in UNSENT]
        if not item:
            del document["paths"][path]
    known = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    for item in document["paths"].values():
        for operation in item.values():
            for answer in operation["responses"].values():
                links = answer.get("links", {})
                for name in [name for name in links if name not in known]:
                    del links[name]


def prepare(document, values):
    """The document with its answers closed, its path parameters led to what is there."""
    without_streams(document)
    for name in reply_schemas(document):
        if not name.startswith("DagFile"):
            close(document["components"]["schemas"][name])
    tame([schema for name, schema in document["components"]["schemas"].items() if name.startswith("DagFile")])
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for parameter in operation["parameters"]:
                known = values.get(parameter["name"])
                if method == "delete" and path.endswith("{" + parameter["name"] + "}"):
                    known = ["doomed"]  # the others, and this client's token, are needed on
                if parameter["in"] != "path" or known is None:
                    continue
                parameter["examples"] = {str(i): {"value": value} for i, value in enumerate(known)}
                kind = "integer" if isinstance(known[0], int) else "string"
                enum = {"type": kind, "enum": sorted(set(known), key=str)}
                schema = parameter["schema"]
                parameter["schema"] = enum if method == "delete" else {"anyOf": [enum, enum, enum, schema]}
    return document


UNSENT = ("follow", "update_mask", "Idempotency-Key")
PHASES = {"examples,coverage,fuzzing": 0.65, "stateful": 0.35}  # and their part of the time


def fuzz(millrace, seconds, seed_number, more=()):
    """Seeds the daemon and runs schemathesis, once for each of PHASES; (exit status, its report) of each."""
    values = seed(millrace)
    document = prepare(millrace.request("GET", "/openapi.json", base="").json, values)
    where = millrace.root / "openapi.json"
    where.write_text(json.dumps(document))
    out = []
    for phases, part in PHASES.items():
        command = [TOOLS / "schemathesis", "--no-color", "--config-file", CHECKS, "run", where,
                   "--url", f"http://127.0.0.1:{millrace.port}",
                   "-H", f"Authorization: Bearer {millrace.token}", "--max-time", round(seconds * part),
                   "--phases", phases, "--seed", seed_number, "--continue-on-failure", *more]
        done = subprocess.run([str(word) for word in command], cwd=millrace.root, capture_output=True,
                              text=True)
        out.append((done.returncode, done.stdout + done.stderr))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="a file for the daemon's log")
    options, more = parser.parse_known_args()  # what is left is schemathesis's: --include-path-regex dagRuns
    millrace = harness.Daemon()
    try:
        millrace.start()
        done = fuzz(millrace, options.seconds, options.seed, more)
        alive = millrace.process.poll() is None
        log = millrace.log.read_text(errors="replace")
        for _, report in done:
            print(report)
        print(f"daemon {'alive' if alive else 'DEAD'}, errors in its log: {log.count('level=error')}")
        if options.keep:
            with open(options.keep, "w", encoding="utf-8") as out:
                out.write(log)
        return max(status for status, _ in done) if alive else 1
    finally:
        millrace.close()


if __name__ == "__main__":
    sys.exit(main())
