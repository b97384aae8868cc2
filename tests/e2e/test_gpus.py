"""Declared devices: bound by CUDA_VISIBLE_DEVICES, each to one task at a time; a CPU task holds none."""

import unittest

import harness


class Gpus(harness.DaemonTest):
    config = """
pools: {cpu: 4}
gpus:
  - {uuid: fake-0, model: Small, memory: 8GiB}
  - {uuid: fake-1, model: Large, memory: 80GiB}
"""

    def test_two_tasks_get_two_devices_and_a_cpu_task_none(self):
        run, states = self.run_dag("""
dag_id: train
tasks:
  one: {script: 'echo "device=$CUDA_VISIBLE_DEVICES" >> $MILLRACE_OUTPUT', resources: {gpu: 1}}
  two: {script: 'echo "device=$CUDA_VISIBLE_DEVICES" >> $MILLRACE_OUTPUT', resources: {gpu: 1}}
  big: {script: 'echo "device=$CUDA_VISIBLE_DEVICES" >> $MILLRACE_OUTPUT',
        resources: {gpu: 1, gpu_memory: 40GiB}}
  cpu: {script: 'echo "device=[$CUDA_VISIBLE_DEVICES]" >> $MILLRACE_OUTPUT'}
""")
        self.assertEqual(set(states.values()), {"success"})
        devices = {task: self.millrace.outputs("train", run["dag_run_id"], task)["device"] for task in states}
        self.assertEqual(devices["big"], "fake-1")
        self.assertEqual(devices["cpu"], "[]")
        self.assertLessEqual({devices["one"], devices["two"]}, {"fake-0", "fake-1"})
        self.assertEqual(self.millrace.tasks("train", run["dag_run_id"])["one", -1]["pool"], "gpu")

    def test_a_device_is_never_held_twice(self):
        held = self.millrace.root / "held"
        held.mkdir()
        run, states = self.run_dag(f"""
dag_id: many
tasks:
  use:
    expand: {{item: [1, 2, 3, 4, 5, 6, 7, 8]}}
    resources: {{gpu: 1}}
    script: |
      mkdir {held}/$CUDA_VISIBLE_DEVICES
      sleep 0.02
      rmdir {held}/$CUDA_VISIBLE_DEVICES
""")
        self.assertEqual(run["state"], "success", states)


class NoGpu(harness.DaemonTest):
    config = "pools: {cpu: 2}\ngpus: none\n"

    def test_gpu_optional_runs_in_the_cpu_pool_and_a_plain_request_is_refused_at_submit(self):
        run, _ = self.run_dag("""
dag_id: laptop
tasks: {t: {script: 'echo "[$CUDA_VISIBLE_DEVICES]"', resources: {gpu: 1, gpu_optional: true}}}
""")
        self.assertEqual(run["state"], "success")
        self.assertEqual(self.millrace.tasks("laptop", run["dag_run_id"])["t", -1]["pool"], "cpu")
        answer = self.millrace.post("/dags", "dag_id: x\ntasks: {t: {command: [x], resources: {gpu: 1}}}\n")
        self.assertEqual(answer.status, 422)
        self.assertIn("GPU", answer.json["errors"][0]["msg"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
