"""The event stream and logs of a real daemon: every change once and in order, over a kill; followed logs."""

import os
import socket
import time
import unittest
import urllib.parse

import harness
from event_stream import Stream

CHAIN = """
dag_id: chain
tasks:
  first: {command: [echo, one]}
  flaky: {depends_on: [first], script: "test $TRY_NUMBER = 2", retries: {limit: 2, delay: 1s}}
  last: {depends_on: [flaky], command: [echo, three]}
"""
WIDE = """
dag_id: wide
max_active_tasks: 100
tasks:
  list: {script: "echo '{\\"n\\": [%s]}' >> $MILLRACE_OUTPUT"}
  each: {expand: {item: "{{ tasks.list.output.n }}"}, command: ["true"]}
""" % ",".join(str(n) for n in range(300))


def of_run(stream, run_id):
    return [m for m in stream.messages if m.data.get("run_id") == run_id and m.id is not None]


def moves(messages):
    return [(m.data["task_id"], m.data["from"], m.data["state"]) for m in messages if m.type == "ti"]


class Events(harness.DaemonTest):
    def test_every_change_of_a_run_comes_once_in_order_with_its_words(self):
        dag_id = self.millrace.submit(CHAIN)["dag_id"]
        stream = Stream(self.millrace, topics="dag:chain")
        self.addCleanup(stream.close)
        run_id = self.millrace.trigger(dag_id)
        stream.wait_for(lambda m: m.type == "run" and m.data["state"] == "success")
        got = of_run(stream, run_id)
        ids = [m.id for m in got]
        self.assertEqual(ids, sorted(set(ids)))
        by_task = {}
        for task, before, after in moves(got):
            by_task.setdefault(task, []).append((before, after))
        plain = [(None, "scheduled"), ("scheduled", "queued"), ("queued", "running"), ("running", "success")]
        self.assertEqual(by_task["first"], plain)
        self.assertEqual(by_task["last"], plain)
        self.assertEqual([after for _, after in by_task["flaky"]],
                         ["scheduled", "queued", "running", "up_for_retry", "scheduled", "queued", "running",
                          "success"])
        tries = [m.data["try_number"] for m in got if m.type == "ti" and m.data["state"] == "running"
                 and m.data["task_id"] == "flaky"]
        self.assertEqual(tries, [1, 2])
        # Read again from the record it is the same, message by message.
        again = Stream(self.millrace, last_event_id=ids[0] - 1, topics="dag:chain")
        self.addCleanup(again.close)
        again.wait_for(lambda m: m.id == ids[-1])
        self.assertEqual([(m.id, m.type, m.data) for m in of_run(again, run_id)],
                         [(m.id, m.type, m.data) for m in got])

    def test_a_killed_daemon_loses_and_doubles_nothing(self):
        gate = self.millrace.root / "gate"  # the run can't end before the kill
        os.mkfifo(gate)
        self.millrace.submit(f"{WIDE}  last: {{depends_on: [each], script: \"read word < '{gate}'\"}}\n")
        stream = Stream(self.millrace, topics="tasks,runs")
        run_id = self.millrace.trigger("wide")
        stream.wait_for(lambda m: m.type == "ti" and m.data["task_id"] == "each"
                        and m.data["state"] == "success")
        self.millrace.kill()
        stream.wait_for_end()
        self.millrace.start()
        rest = Stream(self.millrace, last_event_id=stream.last_id, topics="tasks,runs")
        self.addCleanup(rest.close)
        gate.write_text("go on\n")
        rest.wait_for(lambda m: m.type == "run" and m.data["state"] in ("success", "failed"))
        messages = of_run(stream, run_id) + of_run(rest, run_id)
        ids = [m.id for m in messages]
        self.assertEqual(ids, sorted(set(ids)))
        run = urllib.parse.quote(run_id, safe="")
        recorded, offset = [], 0
        while True:
            page = self.millrace.get(f"/eventLogs?dag_id=wide&run_id={run}&limit=1000&offset={offset}").json
            recorded += [row["event_log_id"] for row in page["event_logs"]]
            offset += 1000
            if offset >= page["total_entries"]:
                break
        self.assertEqual(ids, [id for id in recorded if id <= ids[-1]])
        self.assertGreater(len(ids), 1000)

    def test_who_never_reads_stops_nobody(self):
        dead = []
        for _ in range(50):
            s = socket.create_connection(("127.0.0.1", self.millrace.port))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{self.millrace.port}\r\n"
                      f"Authorization: Bearer {self.millrace.token}\r\n\r\n".encode())
            dead.append(s)
            self.addCleanup(s.close)
        stream = Stream(self.millrace, topics="events")
        self.addCleanup(stream.close)
        run, _ = self.run_dag(WIDE)
        self.assertEqual(run["state"], "success")
        stream.wait_for(lambda m: m.type == "run" and m.data["state"] == "success")
        self.assertEqual(len([m for m in of_run(stream, run["dag_run_id"]) if m.type == "run"]), 3)
        self.assertEqual(self.millrace.get("/monitor/health").status, 200)

    def test_a_merging_reader_ends_with_the_same_states(self):
        self.millrace.submit(WIDE)
        stream = Stream(self.millrace, topics="dag:wide", merge="true")
        self.addCleanup(stream.close)
        run_id = self.millrace.trigger("wide")
        stream.wait_for(lambda m: m.type == "run" and m.data["state"] == "success")
        newest = {}
        for m in of_run(stream, run_id):
            if m.type == "ti":
                newest[m.data["task_id"], m.data["map_index"]] = m.data["state"]
        rows = self.millrace.tasks("wide", run_id)
        self.assertEqual(newest, {key: row["state"] for key, row in rows.items() if key in newest})
        self.assertEqual(len(newest), 301)

    def test_capacity_is_told_while_something_moves(self):
        stream = Stream(self.millrace, topics="capacity")
        self.addCleanup(stream.close)
        self.run_dag(CHAIN)
        told = stream.wait_for(lambda m: m.type == "capacity" and "pools" in m.data)
        self.assertEqual([(pool["name"], pool["slots"]) for pool in told.data["pools"]
                          if pool["name"] == "cpu"], [("cpu", 8)])


class Logs(harness.DaemonTest):
    TALK = """
dag_id: talk
tasks:
  say:
    script: |
      echo begin
      while [ ! -e GO ]; do sleep 0.05; done
      i=0; while [ $i -lt 2000 ]; do echo "line $i of the log"; i=$((i+1)); done
      echo "ERROR: nothing is wrong"
      printf 'bytes \\377\\n'
"""

    def test_a_log_is_followed_to_its_end(self):
        go = self.millrace.root / "go"
        self.millrace.submit(self.TALK.replace("GO", str(go)))
        run_id = self.millrace.trigger("talk")
        run = urllib.parse.quote(run_id, safe="")
        path = f"/dags/talk/dagRuns/{run}/taskInstances/say/logs/1"
        self.millrace.wait_until(lambda: self.millrace.get(path).status == 200, "the task has a try")
        notes = Stream(self.millrace, topics="run:talk/" + run)
        follow = Stream(self.millrace, path + "?follow=1")
        self.addCleanup(notes.close)
        self.addCleanup(follow.close)
        follow.wait_for(lambda m: m.data.get("text", "").startswith("begin\n"))
        go.touch()
        end = follow.wait_for(lambda m: m.type == "end")
        follow.wait_for_end()
        whole = self.millrace.get(path).body
        self.assertEqual(end.data, {"size": len(whole), "try_number": 1, "outcome": "success"})
        pieces = [m for m in follow.messages if m.type == "log"]
        self.assertEqual("".join(m.data["text"] for m in pieces), whole.decode(errors="replace"))
        at = 0
        for piece in pieces:
            self.assertEqual(piece.data["offset"], at)
            at = piece.id
        self.assertEqual(at, len(whole))
        # Who watches the run is told that a log grew; the bytes are fetched by range.
        grew = notes.wait_for(lambda m: m.type == "log" and m.data["size"] == len(whole))
        self.assertEqual(grew.data, {"dag_id": "talk", "run_id": run_id, "task_id": "say", "map_index": -1,
                                     "try_number": 1, "size": len(whole)})
        self.search(path, whole)

    def search(self, path, whole):
        found = self.millrace.get(path + "/search?q=line%201999").json
        self.assertEqual([m["line"] for m in found["matches"]], [2001])
        at = found["matches"][0]["at"]
        self.assertEqual(whole[at:at + 9], b"line 1999")
        found = self.millrace.get(path + "/search", level="error").json
        self.assertEqual([m["text"] for m in found["matches"]], ["ERROR: nothing is wrong"])
        index = self.millrace.get(path + "/index").json
        self.assertEqual((index["lines"], index["size"], index["complete"]), (2003, len(whole), True))
        for entry, offset in enumerate(index["offsets"]):
            self.assertEqual(whole[:offset].count(b"\n"), entry * index["every"])

    def test_a_mapped_instance_has_the_same_log_calls(self):
        run, _ = self.run_dag(WIDE.replace('command: ["true"]', 'command: [echo, "item {{ item }}"]'))
        run_id = urllib.parse.quote(run["dag_run_id"], safe="")
        path = f"/dags/wide/dagRuns/{run_id}/taskInstances/each/7/logs/1"
        self.assertEqual(self.millrace.get(path).body, b"item 7\n")
        self.assertEqual(self.millrace.get(path + "/index").json["lines"], 1)
        self.assertEqual(self.millrace.get(path + "/search", q="item").json["matches"][0]["line"], 1)
        follow = Stream(self.millrace, path + "?follow=1")
        follow.wait_for(lambda m: m.type == "end")
        self.assertEqual(follow.messages[0].data["text"], "item 7\n")


class SlowClients(harness.DaemonTest):
    config = "cpu: 8\npools: {cpu: 8}\nconnections_from_loopback: 750\n"

    def connect(self):
        s = socket.create_connection(("127.0.0.1", self.millrace.port))
        self.addCleanup(s.close)
        return s

    def test_a_head_that_trickles_is_ended_and_others_are_answered_meanwhile(self):
        start = time.monotonic()
        trickle = self.connect()  # its ten seconds begin here
        slow = [self.connect() for _ in range(499)]
        silent = [Stream(self.millrace, topics="events") for _ in range(200)]
        trickle.settimeout(0.5)  # paces it: a byte, then half a second for the end to come
        while True:
            try:
                trickle.sendall(b"x")
                if trickle.recv(1) == b"":
                    break
            except TimeoutError:
                self.assertEqual(self.millrace.get("/monitor/health").status, 200)
                self.assertLess(time.monotonic() - start, 60)
            except OSError:
                break
        self.assertGreater(time.monotonic() - start, 9)
        self.assertEqual(len(slow), 499)  # held open until here
        self.assertEqual(self.run_dag(CHAIN)[0]["state"], "success")
        for stream in silent:
            stream.wait_for(lambda m: m.type == "run" and m.data["state"] == "success")
            stream.close()

    def test_connections_over_the_cap_are_closed_and_others_go_on(self):
        stream = Stream(self.millrace, topics="events")
        self.addCleanup(stream.close)
        open_ones, closed = [self.connect() for _ in range(800)], 0
        for s in open_ones:
            s.settimeout(0.01)
            try:
                closed += s.recv(1) == b""
            except TimeoutError:
                pass
            except OSError:
                closed += 1
        self.assertGreaterEqual(closed, 51)
        for s in open_ones:
            s.close()
        self.millrace.wait_until(lambda: self.answers(), "there is room again")
        self.assertEqual(self.run_dag(CHAIN)[0]["state"], "success")
        stream.wait_for(lambda m: m.type == "run" and m.data["state"] == "success")

    def answers(self):
        try:
            return self.millrace.get("/monitor/health").status == 200
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main(verbosity=2)
