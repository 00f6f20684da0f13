# SPDX-License-Identifier: Apache-2.0
"""@component functions and executors in Python, run by the engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unittest

from support import needs, wheels
from support.pipelines import PipelineFileTest

_PIPELINE = """
from tfx import v1 as tfx
from tfx.types.standard_artifacts import Schema, String

InputArtifact, OutputArtifact = tfx.dsl.components.InputArtifact, tfx.dsl.components.OutputArtifact
Parameter, OutputDict = tfx.dsl.components.Parameter, tfx.dsl.components.OutputDict


@tfx.dsl.components.component
def Describe(
    schema: InputArtifact[Schema],
    report: OutputArtifact[String],
    times: Parameter[int],
    factor: Parameter[float] = 0.5,
    names: Parameter[list] = None,
) -> OutputDict(size=int, ratio=float, whole=bool, more=dict):
    with open(schema.uri + "/schema.pbtxt") as f:
        text = f.read()
    report.value = "x" * times
    report.set_int_custom_property("times", times)
    {more}
    return {{"size": len(text), "ratio": times * factor, "whole": True, "more": {{"names": names}}}}


@tfx.dsl.components.component
def Check(report: InputArtifact[String], size: int, ratio: float, whole: bool, more: dict, note: str = "none"):
    print("checked:", report.value, report.get_int_custom_property("times"), size, ratio, whole, more, note)


schema_gen = tfx.components.ImportSchemaGen(schema_file="{folder}/schema.pbtxt")
describe = Describe(schema=schema_gen.outputs["schema"], times=3, names=["a", "b"])
with tfx.dsl.Cond(describe.outputs["size"].future()[0].value > 5):
    check = Check(**{{key: describe.outputs[key] for key in ("report", "size", "ratio", "whole", "more")}})
tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
    pipeline_name="p", pipeline_root="{folder}/root", components=[schema_gen, describe, check], enable_cache=True,
    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config("{folder}/metadata.db")))
"""

_EXECUTOR = """
import os
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils


class Executor(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):
        out = artifact_utils.get_single_instance(output_dict["schema"])
        with open(os.path.join(out.uri, "schema.pbtxt"), "w") as f:
            f.write(exec_properties["schema_file"])
        out.set_string_custom_property("made_by", type(self).__name__)
        assert os.path.isdir(self._get_tmp_dir())
"""

_CLASSES = """
from tfx import types, v1 as tfx
from tfx.dsl.components.base import base_component, base_executor, executor_spec
from tfx.proto import trainer_pb2
from tfx.types import channel_utils
from tfx.types.component_spec import ChannelParameter, ExecutionParameter
from tfx.types.standard_artifacts import Schema, String
from tfx.utils import io_utils
from typing import List


class Executor(base_executor.BaseExecutor):
    def Do(self, input_dict, output_dict, exec_properties):
        self._log_startup(input_dict, output_dict, exec_properties)
        [schema], [report] = input_dict["schema"], output_dict["report"]
        print("given:", sorted(exec_properties.items()))
        io_utils.write_string_file(report.uri, str(len(io_utils.read_string_file(schema.uri + "/schema.pbtxt"))))


class DescribeSpec(types.ComponentSpec):
    PARAMETERS = {{
        "times": ExecutionParameter(type=int),
        "strict": ExecutionParameter(type=bool),
        "names": ExecutionParameter(type=List[str]),
        "steps": ExecutionParameter(type=trainer_pb2.TrainArgs),
        "note": ExecutionParameter(type=str, optional=True),
    }}
    INPUTS = {{"schema": ChannelParameter(type=Schema), "other": ChannelParameter(type=Schema, optional=True)}}
    OUTPUTS = {{"report": ChannelParameter(type=String)}}


class Describe(base_component.BaseComponent):
    SPEC_CLASS = DescribeSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, schema, times=3, note=None, **more):
        report = channel_utils.as_channel([String()])
        super().__init__(spec=DescribeSpec(
            schema=schema, times=times, strict=True, names=["a", "b"], steps=trainer_pb2.TrainArgs(num_steps=7), note=note, report=report, **more))


schema_gen = tfx.components.ImportSchemaGen(schema_file="{folder}/schema.pbtxt")
describe = Describe(schema_gen.outputs["schema"])
tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
    pipeline_name="p", pipeline_root="{folder}/root", components=[schema_gen, describe], enable_cache=True,
    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config("{folder}/metadata.db")))
"""


class FunctionComponentsTest(PipelineFileTest):
    def setUp(self) -> None:
        super().setUp()
        needs.package("tensorflow")
        self.engine = needs.engine()
        self.write("schema.pbtxt", 'feature { name: "fare" type: FLOAT }\n')

    def pipeline(self, more: str = "pass") -> str:
        return self.write("my_pipeline.py", _PIPELINE.format(folder=self.folder, more=more))

    def tfxm(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "TFXM_PYTHON": sys.executable, **environment}
        env.setdefault("TFXM_CACHE", wheels.CACHE)
        env["PYTHONPATH"] = os.pathsep.join(os.path.abspath(p) for p in env.get("PYTHONPATH", "").split(os.pathsep) if p)
        return subprocess.run([self.engine, "run", *arguments], env=env, capture_output=True, text=True, cwd=self.folder)

    def log(self, node: str) -> str:
        folder = os.path.join(self.folder, "root", node, ".system", "executor_execution")
        with open(os.path.join(folder, max(os.listdir(folder), key=int), "executor.log"), encoding="utf-8") as f:
            return f.read()

    def test_values_artifacts_parameters_and_a_condition(self) -> None:
        run = self.tfxm(self.pipeline())
        self.assertIn("3 nodes: 3 complete", run.stdout, run.stdout + run.stderr)
        self.assertRegex(self.log("Check"), r"checked: xxx 3 \d+ 1\.5 True \{'names': \['a', 'b'\]\} none")
        size = os.path.join(self.folder, "root", "Describe", "size", "2", "value")
        with open(size, encoding="utf-8") as f:
            self.assertEqual(int(f.read()), os.path.getsize(os.path.join(self.folder, "root", "ImportSchemaGen", "schema", "1", "schema.pbtxt")))
        again = self.tfxm(self.pipeline())
        self.assertIn("3 nodes: 3 cached", again.stdout)
        changed = self.tfxm(self.pipeline("report.value = 'y'"))  # The file's code counts.
        self.assertIn("1 cached", changed.stdout, changed.stdout)
        self.assertIn("checked: y 3", self.log("Check"))

    def test_an_exception_is_the_users_traceback(self) -> None:
        path = self.pipeline("raise KeyError('fare')")
        run = self.tfxm(path)
        self.assertEqual(run.returncode, 3)
        with open(path, encoding="utf-8") as f:
            line = 1 + f.read().split("raise KeyError")[0].count("\n")
        self.assertRegex(run.stdout, rf"Describe of {path} raised KeyError: 'fare'\n +{path}:{line} in Describe\n +raise KeyError")
        self.assertIn("Check     skipped: needs Describe, which failed", re.sub(r"Check +", "Check     ", run.stdout))
        self.assertNotIn("runtime/execute.py", run.stdout)

    def test_what_a_function_returns_is_checked(self) -> None:
        run = self.tfxm(self.pipeline("return {'size': 'many', 'ratio': 1.0, 'whole': True, 'more': {}}"))
        self.assertIn("""Describe, returned "size": expected a value of type int, got 'many'""", run.stdout)
        run = self.tfxm(self.pipeline("return {'size': 3}"))
        self.assertIn('Describe returned no "ratio"', run.stdout)

    def test_annotations_and_arguments_are_checked_when_the_file_is_read(self) -> None:
        def expect(old: str, new: str, message: str) -> None:
            text = _PIPELINE.format(folder=self.folder, more="pass")
            self.assertIn(old, text)
            run = self.tfxm(self.write("wrong.py", text.replace(old, new)))
            self.assertEqual(run.returncode, 3, run.stdout)
            self.assertIn(message, run.stderr)
            self.assertFalse(os.path.exists(os.path.join(self.folder, "root")))

        expect("size: int,", "size: set,", "@component Check, argument size: <class 'set'> is not an annotation")
        expect("size: int,", "size,", "@component Check, argument size: it needs an annotation")
        expect("times=3", "times='3'", "Describe(times=…): expected int, got '3'")
        expect("times=3", "time=3", 'Describe has no parameter "time"; did you mean times?')
        expect("times=3, ", "", "Describe(times=…) is missing")
        expect('outputs["schema"], t', 'outputs["schema"], report=1, t', 'Describe has no parameter "report"')
        expect("size=int,", "size=Schema,", "@component Describe, returned size:")

    def test_a_component_that_is_a_class(self) -> None:
        text = _CLASSES.format(folder=self.folder)
        run = self.tfxm(self.write("classes.py", text))
        self.assertIn("2 nodes: 2 complete", run.stdout, run.stdout + run.stderr)
        given = r"given: \[\('names', \['a', 'b'\]\), \('steps', '\{.*\"num_steps\": 7.*\}'\), \('strict', True\), \('times', 3\)\]"
        self.assertRegex(self.log("Describe"), given)
        with open(os.path.join(self.folder, "root", "Describe", "report", "2", "value"), encoding="utf-8") as f:
            self.assertEqual(int(f.read()), os.path.getsize(os.path.join(self.folder, "root", "ImportSchemaGen", "schema", "1", "schema.pbtxt")))
        self.assertIn("2 nodes: 2 cached", self.tfxm(self.write("classes.py", text)).stdout)
        for old, new, message in (
            ('["schema"])', '["schema"], times="3")', "Expected type <class 'int'> for parameter 'times' but got 3 instead."),
            ('["schema"])', '["schema"], time=3)', 'DescribeSpec has no argument "time"; did you mean times?'),
            ('Describe(schema_gen.outputs["schema"])', "Describe(None)", "Missing argument 'schema' to"),
            ("as_channel([String()])", "as_channel([Schema()])", "Argument report should be a Channel of type"),
            ('"names": ExecutionParameter(type=List[str])', '"names": List[str]', "DescribeSpec.PARAMETERS['names']: expected ExecutionParameter"),
        ):
            self.assertIn(old, text)
            self.assertIn(message, self.tfxm(self.write("wrong.py", text.replace(old, new))).stderr)

    def test_an_ir_with_an_executor_class(self) -> None:
        self.write("lib/my_package/__init__.py", "")
        self.write("lib/my_package/executor.py", _EXECUTOR)
        with open(self.pipeline(), encoding="utf-8") as f:
            text = f.read().replace("components=[schema_gen, describe, check]", "components=[schema_gen]")
        printed = self.tfxm(self.write("one.py", text), "--print_ir")
        ir = printed.stdout.replace("tfx.components.schema_gen.import_schema_gen.executor.Executor", "my_package.executor.Executor")
        path = self.write("ir.json", ir)
        run = self.tfxm(f"--ir={path}", PYTHONPATH=f"{self.folder}/lib")
        self.assertRegex(run.stdout, "1 nodes?: 1 complete", run.stdout + run.stderr)
        with open(os.path.join(self.folder, "root", "ImportSchemaGen", "schema", "1", "schema.pbtxt"), encoding="utf-8") as f:
            self.assertEqual(f.read(), f"{self.folder}/schema.pbtxt")
        without = self.tfxm(f"--ir={path}", "--nocache")
        self.assertEqual(without.returncode, 3)
        self.assertIn("imports my_package, which is not installed", without.stdout)
        script = self.write("ir.json", ir.replace("my_package.executor.Executor", "__main__.Gen_Executor"))
        self.assertIn("is in a script that the IR does not name", self.tfxm(f"--ir={script}").stderr)


if __name__ == "__main__":
    unittest.main()
