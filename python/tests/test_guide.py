# SPDX-License-Identifier: Apache-2.0
"""The mobile guide's own three files, unmodified, to two pushed models; only the steps are cut, in the pipeline's IR."""

from __future__ import annotations

import glob
import os
import unittest

from support import digits
from support.tfx_examples import TfxExampleTest


class GuideTest(TfxExampleTest):
    EXAMPLE, PLACE = "mnist", "mnist"

    def write_data(self) -> None:
        digits.write(os.path.join(self.root, "data", "mnist.tfrecord"), 600)

    def test_two_pushed_models(self) -> None:
        for name in ("random.py", "tensorflow.py"):
            with open(os.path.join(self.root, name), "w", encoding="utf-8") as f:
                f.write("raise RuntimeError('not to be imported')\n")
        self.write_data()
        ir = self.short_ir("mnist_pipeline_native_keras.py", steps=200, replaced=4)  # Of two trainings, two evaluations.
        self.expect(self.run_pipeline(f"--ir={ir}", f"--output={self.folder}/out"), "11 nodes: 11 complete")
        models = sorted(glob.glob(os.path.join(self.root, "serving_model*", "*", "*", "*")))
        self.assertTrue(any(path.endswith("saved_model.pb") for path in models), models)
        self.assertTrue(any(path.endswith("tflite") for path in models), models)
        self.expect(self.run_pipeline(f"--ir={ir}", f"--output={self.folder}/out"), "11 nodes: 11 cached")

        base = os.path.join(self.root, "mnist_utils_native_keras_base.py")  # What both modules import counts for both.
        with open(base, encoding="utf-8") as f:
            code = f.read()
        with open(base, "w", encoding="utf-8") as f:
            f.write(code.replace("IMAGE_KEY = 'image_floats'", "IMAGE_KEY = 'image_float'"))
        broken = self.run_pipeline(f"--ir={ir}", f"--output={self.folder}/out")
        self.assertEqual(broken.returncode, 3)
        self.assertIn("KeyError: 'image_float'", broken.stdout + broken.stderr)
        self.assertIn("mnist_utils_native_keras_base.py", broken.stdout + broken.stderr)


if __name__ == "__main__":
    unittest.main()
