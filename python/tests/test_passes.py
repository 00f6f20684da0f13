# SPDX-License-Identifier: Apache-2.0
"""The pieces of a pass, from Python."""

from __future__ import annotations

import os
import subprocess
import unittest

from support.pass_data import PassTest
from support.pipelines import ROOT

from tfxm import native, passes

try:
    import yaml
except ImportError:
    yaml = None


class PassesTest(PassTest):
    def test_parts_in_any_order_give_the_result_of_one_process(self) -> None:
        plan = passes.plan(self.request, self.work_dir)
        self.assertGreater(plan.num_shards, 4)
        parts = [passes.map_shard(plan, shard) for shard in reversed(range(plan.num_shards))]
        passes.map_shard(plan, 1)
        passes.reduce(plan, parts, self.output)
        self.expect_result()
        self.assertFalse([part for part in parts if os.path.exists(part)])

    def test_what_is_wrong_is_said(self) -> None:
        with self.assertRaisesRegex(passes.PassError, "no step"):
            passes.plan({"files": ["x"]}, self.work_dir)
        with self.assertRaisesRegex(passes.PassError, "nowhere"):
            passes.plan({**self.request, "files": ["nowhere"]}, self.work_dir)
        plan = passes.plan(self.request, self.work_dir)
        with self.assertRaisesRegex(passes.PassError, "part.s. are missing: shard 1 of"):
            passes.reduce(plan, [passes.map_shard(plan, 0)], self.output)
        self.assertFalse(os.path.exists(self.output))


@unittest.skipIf(yaml is None, "needs PyYAML")
class IndexedJobTest(PassTest):
    """examples/distribution/kubernetes_job.yaml: what its pods run, with the numbers that Kubernetes gives them."""

    def test_its_pods_make_the_parts_of_all_shards(self) -> None:
        with open(os.path.join(ROOT, "examples", "distribution", "kubernetes_job.yaml"), encoding="utf-8") as f:
            (job,) = yaml.safe_load_all(f)
        self.assertEqual((job["apiVersion"], job["kind"]), ("batch/v1", "Job"))
        spec = job["spec"]
        self.assertEqual(spec["completionMode"], "Indexed")
        self.assertLessEqual(spec["parallelism"], spec["completions"])
        pod = spec["template"]["spec"]
        self.assertIn(pod["restartPolicy"], ("Never", "OnFailure"))  # What a Job takes.
        (container,) = pod["containers"]
        self.assertEqual([m["name"] for m in container["volumeMounts"]], [v["name"] for v in pod["volumes"]])
        (mount,) = container["volumeMounts"]

        def here(path: str) -> str:
            return path.replace(mount["mountPath"], self.work_dir, 1) if path.startswith(mount["mountPath"] + "/") else path

        environment = {variable["name"]: here(variable["value"]) for variable in container["env"]}
        planned = passes.plan(self.request, self.work_dir)
        os.makedirs(os.path.dirname(environment["PLAN"]), exist_ok=True)
        os.makedirs(environment["PARTS"])
        os.rename(planned.path, environment["PLAN"])
        engine = os.path.dirname(os.path.abspath(native.program()))
        for index in range(planned.num_shards):
            pod_environment = {
                **os.environ,
                **environment,
                "PATH": os.pathsep.join([engine, os.environ["PATH"]]),
                "JOB_COMPLETION_INDEX": str(index),
            }
            done = subprocess.run(container["command"], env=pod_environment, cwd="/", capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
        parts = [os.path.join(environment["PARTS"], name) for name in os.listdir(environment["PARTS"])]
        self.assertEqual(len(parts), planned.num_shards)
        passes.reduce(passes.Plan(environment["PLAN"], planned.num_shards), parts, self.output)
        self.expect_result()


if __name__ == "__main__":
    unittest.main()
