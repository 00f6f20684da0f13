# SPDX-License-Identifier: Apache-2.0
"""Unmodified pipeline files of TFX compile to the text that TFX's own compiler makes of them, line for line."""

from __future__ import annotations

import os
import re
import unittest

from support import wheels
from support.pipelines import ROOT, PipelineFileTest


_ARGS = ("--direct_running_mode=multi_processing", "--direct_num_workers=0")  # The guide's.


class GoldenIrTest(PipelineFileTest):
    def test_the_guide(self) -> None:
        wheels.unpack("tfx", "tfx/examples/mnist/*.py", self.folder)
        run = self.run_file(os.path.join(self.folder, "mnist_pipeline_native_keras.py"), HOME="/reference")
        self.assertEqual(run.returncode, 0, run.stderr)
        with open(os.path.join(ROOT, "tfxm/dsl/testdata/mnist_pipeline_ir.pbtxt"), encoding="utf-8") as f:
            golden = f.read()
        # The golden is made without arguments for Beam, which TFX writes into each executor that is Beam's.
        args = "".join(f'          beam_pipeline_args: "{arg}"\n' for arg in _ARGS) + "".join(
            f'          beam_pipeline_args_placeholders {{\n            value {{\n              string_value: "{arg}"\n            }}\n          }}\n' for arg in _ARGS
        )
        beam = "        [type.googleapis.com/tfx.orchestration.executable_spec.BeamExecutableSpec] {\n          python_executor_spec {\n"
        parts = golden.split(beam)
        self.assertGreater(len(parts), 5)
        with_args = [part.replace("          }\n", "          }\n" + args, 1) for part in parts[1:]]
        self.assertEqual(self.ir_text().splitlines(), beam.join([parts[0], *with_args]).splitlines())

    def test_it_says_once_what_has_no_effect(self) -> None:
        wheels.unpack("tfx", "tfx/examples/mnist/*.py", self.folder)
        run = self.run_file(os.path.join(self.folder, "mnist_pipeline_native_keras.py"), HOME="/reference")
        self.assertEqual(run.stderr.count("beam_pipeline_args=…) is accepted and has no effect"), 1)
        run = self.run_file(os.path.join(self.folder, "mnist_pipeline_native_keras.py"), "--launcher=beam", HOME="/reference")
        self.assertNotIn("no effect", run.stderr)

    def test_the_args_of_a_runner_of_beam_are_the_engines(self) -> None:
        self.write(
            "run.py",
            """
            from tfx import v1 as tfx
            example_gen = tfx.components.ImportExampleGen(input_base="d").with_beam_pipeline_args(["--experiments=of_the_node"])
            tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
                pipeline_name="p", pipeline_root="r", beam_pipeline_args=["--project=x", "--runner=DataflowRunner"],
                components=[example_gen, tfx.components.ImportSchemaGen(schema_file="s")],
                metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config("m.db")))
            """,
        )
        path = os.path.join(self.folder, "run.py")
        run = self.run_file(path)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        text = self.ir_text()
        self.assertEqual(re.findall(r' beam_pipeline_args: "(.*)"', text), ["--project=x", "--runner=DataflowRunner", "--experiments=of_the_node"])
        self.assertEqual(re.findall(r'string_value: "(--.*)"', text), ["--project=x", "--runner=DataflowRunner", "--experiments=of_the_node"])
        self.assertIn("has no effect", self.run_file(path, "--launcher=processes:2").stderr)

    def test_resolver_importer_and_runtime_parameters_as_tfx_tests_them(self) -> None:
        wheels.unpack("tfx", "tfx/dsl/compiler/testdata/iris_pipeline_sync.py", self.folder)
        self.write(
            "run.py",
            """
            import iris_pipeline_sync
            from tfx.v1.orchestration import LocalDagRunner
            LocalDagRunner().run(iris_pipeline_sync.create_test_pipeline())
            """,
        )
        run = self.run_file(os.path.join(self.folder, "run.py"))
        self.assertEqual(run.returncode, 0, run.stderr)
        # What iris_pipeline_sync_input_v2_ir.pbtxt of TFX's compiler tests says of these nodes.
        text = self.ir_text()
        for part in (
            'key: "_generated_model_3"',
            'key: "_generated_modelblessing_4"',
            'op_type: "tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy.LatestBlessedModelStrategy"',
            'result_node: "op_1"',
            'name: "module_file"\n            type: STRING\n            default_value {\n              string_value: "iris_root/iris_utils.py"',
            'key: "int_custom_property"\n              value {\n                field_value {\n                  int_value: 42',
        ):
            self.assertIn(part, text)

    def test_what_example_validator_has_beyond_tfx_shows_only_if_it_is_given(self) -> None:
        def ir(more: str) -> str:
            path = self.write(
                "run.py",
                f"""
                from tfx import v1 as tfx
                example_gen = tfx.components.ImportExampleGen(input_base="data")
                statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"])
                schema_gen = tfx.components.SchemaGen(statistics=statistics_gen.outputs["statistics"])
                example_validator = tfx.components.ExampleValidator(
                    statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"], {more})
                tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
                    pipeline_name="p", pipeline_root="root",
                    components=[example_gen, statistics_gen, schema_gen, example_validator],
                    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config("metadata.db")))
                """,
            )
            run = self.run_file(path)
            self.assertEqual(run.returncode, 0, run.stderr)
            return self.ir_text()

        for name in ("serving_statistics", "validation_options_json"):
            self.assertNotIn(name, ir(""))
        text = ir(
            'serving_statistics=statistics_gen.outputs["statistics"], validation_options={"severity_overrides": {"SCHEMA_NEW_COLUMN": "WARNING"}}'
        )
        self.assertIn('key: "serving_statistics"', text)
        self.assertNotIn('key: "previous_span_statistics"', text)
        self.assertIn(r'string_value: "{\"severity_overrides\": {\"SCHEMA_NEW_COLUMN\": \"WARNING\"}}"', text)


if __name__ == "__main__":
    unittest.main()
