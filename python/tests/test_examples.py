# SPDX-License-Identifier: Apache-2.0
"""The examples in Python run to pushed models, with few steps."""

from __future__ import annotations

import glob
import os
import unittest

from support import digits
from support.engine_test import KERAS, EngineTest
from support.pipelines import ROOT


class MnistPythonTest(EngineTest):
    PACKAGES = KERAS

    def test_two_pushed_models(self) -> None:
        digits.write(os.path.join(self.folder, "data", "mnist.tfrecord"), 600)
        pipeline = os.path.join(ROOT, "examples", "mnist_python", "mnist_pipeline.py")
        self.assertIn("11 nodes: 11 complete", self.tfxm("run", pipeline, "--data_root=data", "--train_steps=200"))
        models = glob.glob(os.path.join(self.folder, "runs", "mnist_python", "serving_model*", "*", "*"))
        self.assertLess({"saved_model.pb", "tflite"}, {os.path.basename(path) for path in models})


if __name__ == "__main__":
    unittest.main()
