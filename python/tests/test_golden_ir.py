# SPDX-License-Identifier: Apache-2.0
"""Unmodified pipeline files of TFX compile to the text that TFX's own compiler makes of them, line for line."""

from __future__ import annotations

import os
import unittest

import wheels
from pipelines import ROOT, PipelineFileTest


class GoldenIrTest(PipelineFileTest):
    def test_the_guide(self) -> None:
        wheels.unpack("tfx", "tfx/examples/mnist/*.py", self.folder)
        run = self.run_file(os.path.join(self.folder, "mnist_pipeline_native_keras.py"), HOME="/reference")
        self.assertEqual(run.returncode, 0, run.stderr)
        with open(os.path.join(ROOT, "tfxm/dsl/testdata/mnist_pipeline_ir.pbtxt"), encoding="utf-8") as f:
            self.assertEqual(self.ir_text().splitlines(), f.read().splitlines())

    def test_it_says_once_what_has_no_effect(self) -> None:
        wheels.unpack("tfx", "tfx/examples/mnist/*.py", self.folder)
        run = self.run_file(os.path.join(self.folder, "mnist_pipeline_native_keras.py"), HOME="/reference")
        self.assertEqual(run.stderr.count("beam_pipeline_args=…) is accepted and has no effect"), 1)

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


if __name__ == "__main__":
    unittest.main()
