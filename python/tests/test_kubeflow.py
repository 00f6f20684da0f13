# SPDX-License-Identifier: Apache-2.0
"""Pipelines for Kubeflow Pipelines v2: what the runners write, what Kubeflow's own package says of it, and every container's
command, run in order."""

from __future__ import annotations

import glob
import importlib.util
import json
import os
import re
import subprocess
import sys
import unittest
from typing import Any

from support import digits, kubeflow
from support.engine_test import EngineTest
from support.pipelines import LAUNCHER
from support.tfx_examples import TfxExampleTest

_PIPELINE = """
from tfx import v1 as tfx
example_gen = tfx.components.ImportExampleGen(input_base={data!r})
statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"]).with_id("StatisticsGen.all")
schema_gen = tfx.components.SchemaGen(statistics=statistics_gen.outputs["statistics"], infer_feature_shape={shape})
pipeline = tfx.dsl.Pipeline(
    pipeline_name="digits_v1", pipeline_root="gs://bucket/root", components=[example_gen, statistics_gen, schema_gen], enable_cache=True)
"""


class KubeflowRunnerTest(EngineTest):
    def write(self, code: str, shape: str = "True") -> str:
        digits.write(os.path.join(self.folder, "data", "digits.tfrecord"), 20)
        path = os.path.join(self.folder, "pipeline.py")
        with open(path, "w", encoding="utf-8") as f:
            f.write(_PIPELINE.format(data=os.path.join(self.folder, "data"), shape=shape) + code)
        return path

    def run_file(self, path: str, *flags: str) -> subprocess.CompletedProcess[str]:
        env = {**self.environment(), "TFXM_ENGINE": self.engine}
        return subprocess.run([sys.executable, LAUNCHER, path, *flags], env=env, cwd=self.folder, capture_output=True, text=True)

    def read(self, name: str) -> Any:
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return json.load(f)

    def test_the_runner_of_v2_writes_what_tfx_writes_with_the_images_of_its_config(self) -> None:
        path = self.write(
            """
exp = tfx.orchestration.experimental
config = exp.KubeflowV2DagRunnerConfig(default_image={"SchemaGen": "special", "DEFAULT_IMAGE_PATH_KEY": "usual"})
exp.KubeflowV2DagRunner(config=config, output_filename="job.json").run(pipeline, parameter_values={"n": 1})
exp.KubeflowV2DagRunner(config=config, output_dir="made", output_filename="spec.yaml").run(pipeline)
"""
        )
        run = self.run_file(path)
        self.assertEqual(run.returncode, 0, run.stderr)
        job, spec = self.read("job.json"), self.read("made/spec.yaml")
        self.assertEqual(job["pipelineSpec"], spec)
        self.assertEqual(job["displayName"], "digits_v1")
        self.assertEqual(job["runtimeConfig"], {"gcsOutputDirectory": "gs://bucket/root", "parameterValues": {"n": 1}})
        self.assertEqual(spec["pipelineInfo"]["name"], "digits-v1")
        self.assertEqual(spec["defaultPipelineRoot"], "gs://bucket/root")
        executors = spec["deploymentSpec"]["executors"]
        self.assertEqual(executors["exec-schemagen"]["container"]["image"], "special")
        self.assertEqual(executors["exec-statisticsgen-all"]["container"]["image"], "usual")
        # An ExampleGen looks for new data, of which Kubeflow's cache knows nothing.
        tasks = spec["root"]["dag"]["tasks"]
        self.assertEqual([name for name in sorted(tasks) if "cachingOptions" in tasks[name]], ["schemagen", "statisticsgen-all"])

    def test_whatever_its_runner_a_file_is_printed_where_that_is_asked_for(self) -> None:
        for runner in ("experimental.KubeflowDagRunner()", "LocalDagRunner()"):
            metadata = "pipeline.metadata_connection_config = tfx.orchestration.metadata.sqlite_metadata_connection_config('m.db')\n"
            run = self.run_file(self.write(f"{metadata}tfx.orchestration.{runner}.run(pipeline)"), "--print_ir=kfp")
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(json.loads(run.stdout)["pipelineInfo"], {"displayName": "digits_v1", "name": "digits-v1"})
            self.assertFalse(os.path.exists(os.path.join(self.folder, "digits_v1.yaml")))

    def test_the_runner_of_v1_and_a_runtime_parameter(self) -> None:
        path = self.write(
            "tfx.orchestration.experimental.KubeflowDagRunner(output_filename='p.yaml').run(pipeline)",
            shape="tfx.dsl.experimental.RuntimeParameter(name='shape', ptype=int, default=1)",
        )
        run = self.run_file(path)
        self.assertEqual(run.returncode, 0, run.stderr)
        parameters = self.read("p.yaml")["root"]["inputDefinitions"]["parameters"]
        self.assertEqual(parameters, {"shape": {"defaultValue": 1, "isOptional": True, "parameterType": "NUMBER_INTEGER"}})

    def test_what_kubeflow_cannot_run_is_named(self) -> None:
        path = self.write(
            "schema_gen.with_node_execution_options(tfx.dsl.experimental.NodeExecutionOptions(execution_timeout_sec=9))\n"
            "tfx.orchestration.experimental.KubeflowDagRunner().run(pipeline)"
        )
        run = self.run_file(path)
        self.assertEqual(run.returncode, 3)
        self.assertIn("node SchemaGen: has a time limit", run.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "digits_v1.yaml")))

    def test_it_is_of_the_published_messages_and_kubeflows_loader_takes_it(self) -> None:
        try:
            from kfp.pipeline_spec import pipeline_spec_pb2  # type: ignore[import-not-found,import-untyped]
        except ImportError as error:
            self.skipTest(f"needs kfp-pipeline-spec: {error}")
        from google.protobuf import json_format

        run = self.run_file(self.write("tfx.orchestration.experimental.KubeflowDagRunner(output_filename='p.yaml').run(pipeline)"))
        self.assertEqual(run.returncode, 0, run.stderr)
        spec = json_format.ParseDict(self.read("p.yaml"), pipeline_spec_pb2.PipelineSpec())  # An unknown name is an error.
        json_format.ParseDict(self.read("p.yaml")["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig())
        self.assertEqual(len(spec.root.dag.tasks), 3)
        if importlib.util.find_spec("kfp.components") is not None:  # The whole package kfp.
            from kfp import components  # type: ignore[import-not-found,import-untyped]

            self.assertEqual(components.load_component_from_file(os.path.join(self.folder, "p.yaml")).name, "digits-v1")


class GuideOnKubeflowTest(TfxExampleTest):
    EXAMPLE, PLACE = "mnist", "mnist"

    def test_every_container_in_order_to_two_pushed_models(self) -> None:
        digits.write(os.path.join(self.root, "data", "mnist.tfrecord"), 300)
        printed = self.run_pipeline("mnist_pipeline_native_keras.py", "--print_ir=kfp", "--kfp_image=tfxm:here")
        self.assertEqual(printed.returncode, 0, printed.stderr)
        short, count = re.subn(r'(num_steps\\": )\d+', r"\g<1>20", printed.stdout)
        self.assertEqual(count, 4)
        commands: list[list[str]] = []

        def start(command: list[str]) -> None:
            commands.append(command)
            self.assertEqual(command[:2], ["tfxm", "kfp-executor"])
            run = self.call(*command[1:], cwd=self.root)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

        made = kubeflow.run(json.loads(short), os.path.join(self.folder, "kfp"), start)
        self.assertEqual(len(commands), 11)
        self.assertEqual([made[name]["blessing"]["metadata"]["blessed"] for name in made if "blessing" in made[name]], [1, 1])
        models = sorted(glob.glob(os.path.join(self.root, "serving_model*", "*", "*", "*")))
        self.assertTrue(any(path.endswith("saved_model.pb") for path in models), models)
        self.assertTrue(any(path.endswith("tflite") for path in models), models)


if __name__ == "__main__":
    unittest.main()
