"""What tasks write appears whole or not at all, is named by its content, and can be traced both ways."""

import os
import random
import subprocess
import threading
import unittest
import urllib.parse

import harness

PRODUCER = """
dag_id: producer
datasets: {raw: {path: "raw/{{ ds }}.txt"}}
params: {text: {type: string, default: one}}
tasks:
  make:
    outputs: [raw]
    script: 'echo "$PARAM_TEXT" > "$OUTPUT_RAW"'
"""
CONSUMER = """
dag_id: consumer
schedule: {datasets: [raw], partition: same}
datasets: {sums: {path: "sums/{{ ds }}"}}
tasks:
  sum: {inputs: [raw], outputs: [sums], script: 'mkdir "$OUTPUT_SUMS"; wc < "$INPUT_RAW" > "$OUTPUT_SUMS/wc"'}
  look: {inputs: [sums], env: {SECRET: hush}, script: 'cat "$INPUT_SUMS/wc"'}
"""
DATE = "2001-02-03T00:00:00Z"


class Base(harness.DaemonTest):
    def versions(self, dataset, **query):
        answer = self.millrace.get(f"/datasets/{dataset}/versions", **query)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["versions"]

    def file(self, path):
        return self.millrace.data / "datasets" / path

    def staging(self):
        folder = self.file(".staging")
        return sorted(folder.iterdir()) if folder.exists() else []

    def hash_of(self, path):
        worker = harness.BINARY.with_name("millrace-data")
        return subprocess.run([worker, "hash", path], check=True, capture_output=True,
                              text=True).stdout.split()[0]

    def clear(self, dag_id, run_id, **body):
        run = urllib.parse.quote(run_id, safe="")
        answer = self.millrace.post(f"/dags/{dag_id}/dagRuns/{run}/clear", {"dry_run": False, **body})
        self.assertEqual(answer.status, 200, answer)


class Versions(Base):
    def test_each_write_is_a_version_and_equal_content_has_an_equal_one(self):
        run, _ = self.run_dag(PRODUCER, logical_date=DATE)
        self.assertEqual(run["state"], "success")
        first = self.versions("raw")[0]
        self.assertEqual(first["version"], self.hash_of(self.file("raw/2001-02-03.txt")))
        self.assertEqual((first["bytes"], first["files"], first["rows"]), (4, 1, None))
        self.assertEqual((first["partition"], first["task_id"]), (DATE, "make"))
        self.clear("producer", run["dag_run_id"])
        self.millrace.wait_until(lambda: len(self.versions("raw")) == 2, "the second write")
        self.millrace.finish("producer", run["dag_run_id"])
        again = self.versions("raw")[0]
        self.assertEqual(again["version"], first["version"])
        self.assertGreater(again["attempt"], first["attempt"])
        details = self.millrace.get(f"/datasets/raw/versions/{first['version'][:11]}").json
        self.assertEqual((details["version"]["id"], details["same_content"]), (again["id"], 2))
        other = self.millrace.trigger("producer", logical_date="2001-02-04T00:00:00Z", conf={"text": "two"})
        self.millrace.finish("producer", other)
        parts = self.millrace.get("/datasets/raw/partitions").json
        self.assertEqual([(p["partition"][:10], p["versions"]) for p in parts["partitions"]],
                         [("2001-02-04", 1), ("2001-02-03", 2)])
        self.assertEqual(len(self.versions("raw", partition=DATE)), 2)
        one = self.millrace.get("/datasets/raw").json
        self.assertEqual((one["versions"], one["partitions"], one["dag_id"]), (3, 2, "producer"))

    def test_a_failed_task_leaves_the_old_version_and_nothing_else(self):
        self.run_dag(PRODUCER, logical_date=DATE)
        self.millrace.submit(PRODUCER.replace("default: one", "default: two").replace("'\n", "; exit 1'\n"))
        run = self.millrace.get("/dags/producer/dagRuns").json["dag_runs"][0]["dag_run_id"]
        fresh = self.millrace.trigger("producer", logical_date="2001-02-05T00:00:00Z")
        self.clear("producer", run, run_on_latest_version=True)
        for each in (run, fresh):
            self.millrace.wait_until(lambda: self.millrace.run("producer", each)["state"] == "failed",
                                     "it fails")
        self.assertEqual(self.file("raw/2001-02-03.txt").read_text(), "one\n")
        self.assertEqual(len(self.versions("raw")), 1)
        self.assertFalse(self.file("raw/2001-02-05.txt").exists())
        self.assertEqual(self.staging(), [])

    def test_a_declared_output_must_be_written(self):
        run, states = self.run_dag("""
dag_id: forgetful
datasets: {a: {path: a}, b: {path: b}, c: {path: c}, d: {path: d}}
tasks:
  make: {outputs: [a, b], script: 'echo x > "$OUTPUT_A"'}
  skips: {outputs: [c], command: [sh, -c, "echo half > $OUTPUT_C; exit 99"]}
  absent: {outputs: [d], command: [no-such-program]}
""")
        self.assertEqual(states, {"make": "failed", "skips": "skipped", "absent": "failed"})
        tasks = self.millrace.tasks("forgetful", run["dag_run_id"])
        self.assertEqual(tasks["make", -1]["reason"], "output")
        self.assertEqual(tasks["absent", -1]["reason"], "spawn_failed")
        log = self.millrace.log_text("forgetful", run["dag_run_id"], "make")
        self.assertIn(b"output missing: b:", log)
        for name in "abcd":
            self.assertEqual(self.versions(name), [])
            self.assertFalse(self.file(name).exists())

    def test_lineage_both_ways_and_the_manifest(self):
        self.millrace.submit(CONSUMER)
        run, _ = self.run_dag(PRODUCER, logical_date=DATE)
        rows = self.millrace.wait_until(
            lambda: self.millrace.get("/dags/consumer/dagRuns").json["dag_runs"], "the consumer has a run")
        self.millrace.finish("consumer", rows[0]["dag_run_id"])
        raw, sums = self.versions("raw")[0], self.versions("sums")[0]
        self.assertEqual(sums["files"], 1)

        def kinds(node, **query):
            answer = self.millrace.get("/lineage", node=node, **query)
            self.assertEqual(answer.status, 200, answer)
            name = {"task": "task_id", "attempt": "task_id", "dag": "dag_id"}
            return [(node["kind"], node[name.get(node["kind"], "dataset")]) for node in answer.json["nodes"]]

        up = kinds(f"dataset:sums@{sums['version']}", direction="upstream", depth=9)
        self.assertEqual(up, [("version", "sums"), ("attempt", "sum"), ("version", "raw"),
                              ("attempt", "make")])
        down = kinds(f"dataset:raw@{raw['version']}", direction="downstream", depth=9)
        self.assertEqual(down, [("version", "raw"), ("attempt", "sum"), ("version", "sums"),
                                ("attempt", "look")])
        self.assertEqual(kinds(f"run:consumer/{rows[0]['dag_run_id']}", depth=0),
                         [("attempt", "sum"), ("attempt", "look")])
        self.assertEqual(set(kinds("dataset:raw", depth=2)),
                         {("dataset", "raw"), ("task", "make"), ("task", "sum"), ("dag", "consumer"),
                          ("dataset", "sums")})
        path = f"/dags/consumer/dagRuns/{urllib.parse.quote(rows[0]['dag_run_id'], safe='')}/manifest"
        manifest = self.millrace.get(path)
        self.assertEqual(self.millrace.get(path).body, manifest.body)
        self.assertNotIn(b"hush", manifest.body)
        tasks = {task["task_id"]: task for task in manifest.json["tasks"]}
        self.assertEqual(tasks["look"]["env"], ["SECRET"])
        read, = tasks["sum"]["attempts"][0]["inputs"]
        made, = tasks["sum"]["attempts"][0]["outputs"]
        self.assertEqual((read["version"], made["version"]), (raw["version"], sums["version"]))
        self.assertNotIn("millrace-data", tasks["sum"]["attempts"][0]["command"])
        event = self.millrace.get("/datasets/raw/versions/" + str(raw["id"])).json
        self.assertEqual([reader["task_id"] for reader in event["read_by"]], ["sum"])

    def test_instances_of_a_mapped_task_join_in_one_folder(self):
        run, _ = self.run_dag("""
dag_id: shards
datasets: {parts: {path: "parts/{{ ds }}", format: dir}}
tasks:
  make:
    expand: {item: [a, b, c]}
    outputs: [parts]
    script: 'mkdir "$OUTPUT_PARTS"; echo {{ item | shell }} > "$OUTPUT_PARTS"/{{ item | shell }}.txt'
""", logical_date=DATE)
        self.assertEqual(run["state"], "success")
        folder = self.file("parts/2001-02-03")
        self.assertEqual(sorted(file.name for file in folder.iterdir()), ["a.txt", "b.txt", "c.txt"])
        rows = self.versions("parts")
        # An end that is heard after the next instance has joined the folder leaves no version of its own.
        files = sorted(row["files"] for row in rows)
        self.assertEqual(files, sorted(set(files) & {1, 2, 3}))
        self.assertEqual(files[-1], 3)
        self.assertEqual(max(rows, key=lambda row: row["files"])["version"], self.hash_of(folder))


class Whole(Base):
    def test_a_reader_never_sees_a_half(self):
        """A file and a folder are written over and over; every read is of one version."""
        size = 200_000
        self.millrace.submit(f"""
dag_id: writer
datasets: {{file: {{path: file.txt}}, folder: {{path: folder, format: dir}}}}
max_active_runs: 1
tasks:
  write:
    outputs: [file, folder]
    script: |
      n=$(date -d "$DS" +%d); mkdir "$OUTPUT_FOLDER"
      lines() {{ (yes $n || true) | head -n {size}; }}
      for i in 1 2 3 4; do lines >> "$OUTPUT_FILE"; done
      for i in 1 2 3; do lines > "$OUTPUT_FOLDER/part-$i"; done
""")
        done, seen, wrong = threading.Event(), {"file": 0, "folder": 0}, []

        def whole(data, lines):
            return len(data) == 3 * lines and data == data[:3] * lines

        def in_place(folder):
            """Else it was replaced while it was read: as it goes its files go one by one."""
            try:
                return os.path.samestat(os.fstat(folder), os.stat(self.file("folder")))
            except FileNotFoundError:
                return False

        def read():
            while not done.is_set():
                try:
                    data = self.file("file.txt").read_bytes()
                except FileNotFoundError:
                    data = None
                if data is not None:
                    seen["file"] += 1
                    if not whole(data, 4 * size):
                        wrong.append(f"a file of {len(data)} bytes")
                try:
                    folder = os.open(self.file("folder"), os.O_RDONLY | os.O_DIRECTORY)
                except FileNotFoundError:
                    continue
                try:
                    parts = []
                    for name in sorted(os.listdir(folder)):
                        with open(os.open(name, os.O_RDONLY, dir_fd=folder), "rb") as part:
                            parts.append(part.read())
                    fits = len(parts) == 3 and whole(b"".join(parts), 3 * size)
                    seen["folder"] += fits
                    if not fits and in_place(folder):
                        wrong.append("a mix: " + repr([part[:3] for part in parts]))
                except FileNotFoundError:
                    pass  # the version that was opened has been replaced and removed
                finally:
                    os.close(folder)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            runs = [self.millrace.trigger("writer", logical_date=f"2001-02-{day:02}T00:00:00Z")
                    for day in range(10, 26)]
            for run in runs:
                self.assertEqual(self.millrace.finish("writer", run)["state"], "success")
        finally:
            done.set()
            reader.join()
        self.assertEqual(wrong, [])
        self.assertGreater(min(seen.values()), 5, seen)
        self.assertEqual(len(self.versions("file")), 16)
        self.assertEqual(len({row["version"] for row in self.versions("folder")}), 16)

    def test_kills_of_the_daemon_change_nothing(self):
        choose = random.Random(5)
        self.millrace.submit("""
dag_id: large
datasets: {large: {path: "large/{{ ds }}"}}
tasks:
  make:
    outputs: [large]
    script: 'head -c 100000000 /dev/zero > "$OUTPUT_LARGE"; echo $DS >> "$OUTPUT_LARGE"'
""")
        for day in range(1, 7):
            run = self.millrace.trigger("large", logical_date=f"2001-03-0{day}T00:00:00Z")
            scratch = self.millrace.wait_until(self.staging, "the attempt has begun")[0]
            attempt = scratch / "large" / f"2001-03-0{day}"
            goal = choose.choice([1, 50_000_000, 100_000_011])
            self.millrace.wait_until(lambda: not attempt.exists() or attempt.stat().st_size >= goal,
                                     "the task has written so much")
            self.millrace.kill()
            self.millrace.start()
            self.assertEqual(self.millrace.finish("large", run)["state"], "success")
            version, = self.versions("large", partition=f"2001-03-0{day}T00:00:00Z")
            self.assertEqual(version["version"], self.hash_of(self.file(f"large/2001-03-0{day}")))
            self.assertEqual(version["bytes"], 100_000_011)
            self.assertEqual(self.millrace.tasks("large", run)["make", -1]["try_number"], 1)
        self.millrace.wait_until(lambda: not self.staging(), "nothing is left of the staging")

    def test_a_worker_that_is_killed_has_published_or_not_and_it_is_known_which(self):
        self.millrace.submit(CONSUMER)
        for point, text, count in (("publish.reported", "old\n", 1), ("publish.moved", "new\n", 2)):
            name = point.replace(".", "_")
            dag = f"""
dag_id: {name}
datasets: {{{name}: {{path: "{name}/{{{{ ds }}}}"}}}}
tasks:
  make:
    outputs: [{name}]
    env: {{MILLRACE_CRASH_POINT: "@WHERE@"}}
    script: 'echo TEXT > "$OUTPUT_{name.upper()}"'
"""
            run, _ = self.run_dag(dag.replace("@WHERE@", "none").replace("TEXT", "old"), logical_date=DATE)
            self.millrace.submit(dag.replace("@WHERE@", point).replace("TEXT", "new"))
            run_id = run["dag_run_id"]
            self.clear(name, run_id, run_on_latest_version=True)
            self.millrace.wait_until(
                lambda: self.millrace.tasks(name, run_id)["make", -1]["state"] == "failed", "it fails")
            self.assertEqual(self.millrace.tasks(name, run_id)["make", -1]["reason"], "signal:KILL")
            self.assertEqual(self.file(f"{name}/2001-02-03").read_text(), text)
            versions = self.versions(name)
            self.assertEqual(len(versions), count)
            self.assertEqual(versions[0]["version"], self.hash_of(self.file(f"{name}/2001-02-03")))
        self.millrace.wait_until(lambda: not self.staging(), "the sweep has removed what was left")


if __name__ == "__main__":
    unittest.main(verbosity=2)
