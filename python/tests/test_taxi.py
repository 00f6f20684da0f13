# SPDX-License-Identifier: Apache-2.0
"""Chicago taxi, TFX's examples, unmodified, with the data that comes with them: native Keras, and a component of one's own."""

from __future__ import annotations

import glob
import os
import unittest

from support import wheels
from support.engine_test import EngineTest
from support.tfx_examples import TfxExampleTest


class TaxiTest(TfxExampleTest):
    EXAMPLE, PLACE = "chicago_taxi_pipeline", "taxi"

    def test_a_pushed_model(self) -> None:
        data = os.path.join(self.root, "data", "simple")
        os.makedirs(data)
        wheels.unpack("tfx", "tfx/examples/chicago_taxi_pipeline/data/simple/data.csv", data)
        ir = self.short_ir("taxi_pipeline_native_keras.py", steps=100, replaced=2)
        self.expect(self.run_pipeline(f"--ir={ir}", f"--output={self.folder}/out"), "9 nodes: 9 complete")
        models = glob.glob(os.path.join(self.root, "serving_model", "*", "*", "saved_model.pb"))
        self.assertEqual(len(models), 1)


class HelloWorldTest(EngineTest):
    """custom_components/hello_world: the pipeline's file and the component's package lie in folders beside each other."""

    PACKAGES = ("tensorflow",)

    def test_examples_pass_through(self) -> None:
        example = "tfx/examples/custom_components/hello_world"
        root = os.path.join(self.folder, "custom_components", "hello_world")
        for folder in ("example", "hello_component"):
            os.makedirs(os.path.join(root, folder))
            wheels.unpack("tfx", f"{example}/{folder}/[!_]*.py", os.path.join(root, folder))
            wheels.unpack("tfx", f"{example}/{folder}/__init__.py", os.path.join(root, folder))
        data = os.path.join(root, "example", "data", "simple")
        os.makedirs(data)
        wheels.unpack("tfx", "tfx/examples/chicago_taxi_pipeline/data/simple/data.csv", data)
        said = self.tfxm("run", os.path.join(root, "example", "taxi_pipeline_hello.py"), f"--output={self.folder}/out")
        self.assertIn("3 nodes: 3 complete", said)
        artifacts = os.path.join(self.folder, "taxi", "tfx", "pipelines", "taxi_hello_pipeline")
        made, passed = (sorted(glob.glob(os.path.join(artifacts, key, "*/Split-*/*"))) for key in ("CsvExampleGen/examples", "HelloComponent/output_data"))
        self.assertEqual([os.path.basename(path) for path in made], [os.path.basename(path) for path in passed])
        self.assertGreaterEqual(len(made), 2)
        for before, after in zip(made, passed):
            with open(before, "rb") as a, open(after, "rb") as b:
                self.assertEqual(a.read(), b.read())


if __name__ == "__main__":
    unittest.main()
