# SPDX-License-Identifier: Apache-2.0
"""The mobile guide's own three files, unmodified, to two pushed models; only the steps are cut, in the pipeline's IR."""

from __future__ import annotations

import glob
import importlib.util
import os
import random
import re
import subprocess
import sys
import unittest

import tfrecords
import wheels
from pipelines import PipelineFileTest

from tfxm import native


class GuideTest(PipelineFileTest):
    def setUp(self) -> None:
        super().setUp()
        for package in ("tensorflow", "tf_keras", "tensorboard"):
            if importlib.util.find_spec(package) is None:
                self.skipTest(f"needs {package}")
        try:
            self.engine = native.program()
        except FileNotFoundError as error:
            self.skipTest(str(error))
        self.root = os.path.join(self.folder, "mnist")
        os.makedirs(os.path.join(self.root, "data"))
        wheels.unpack("tfx", "tfx/examples/mnist/mnist_*.py", self.root)
        rng = random.Random(1)
        examples = []
        for i in range(600):
            image = [rng.random() * 0.2 - 0.5 for _ in range(784)]
            for pixel in range(i % 10, 784, 10):  # Stripes that tell the digit.
                image[pixel] += 0.7
            examples.append({"image_floats": image, "image_class": i % 10})
        tfrecords.write(os.path.join(self.root, "data", "mnist.tfrecord"), examples)

    def tfxm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "TFXM_PYTHON": sys.executable, "HOME": self.folder}
        env.setdefault("TFXM_CACHE", wheels.CACHE)
        env["PYTHONPATH"] = os.pathsep.join(os.path.abspath(p) for p in env.get("PYTHONPATH", "").split(os.pathsep) if p)
        # In the folder of the user's files, where scripts of any name may lie.
        return subprocess.run([self.engine, "run", *arguments], env=env, capture_output=True, text=True, cwd=self.root)

    def test_two_pushed_models(self) -> None:
        for name in ("random.py", "tensorflow.py"):
            with open(os.path.join(self.root, name), "w", encoding="utf-8") as f:
                f.write("raise RuntimeError('not to be imported')\n")
        printed = self.tfxm("mnist_pipeline_native_keras.py", "--print_ir")
        self.assertEqual(printed.returncode, 0, printed.stderr)
        short, replaced = re.subn(r'(num_steps\\+": )\d+', r"\g<1>200", printed.stdout)
        self.assertEqual(replaced, 4)  # Two trainings, two evaluations.
        ir = os.path.join(self.folder, "short.json")
        with open(ir, "w", encoding="utf-8") as f:
            f.write(short)
        run = self.tfxm(f"--ir={ir}", f"--output={self.folder}/out")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("11 nodes: 11 complete", run.stdout + run.stderr)
        models = sorted(glob.glob(os.path.join(self.root, "serving_model*", "*", "*", "*")))
        self.assertTrue(any(path.endswith("saved_model.pb") for path in models), models)
        self.assertTrue(any(path.endswith("tflite") for path in models), models)
        again = self.tfxm(f"--ir={ir}", f"--output={self.folder}/out")
        self.assertIn("11 nodes: 11 cached", again.stdout + again.stderr)

        base = os.path.join(self.root, "mnist_utils_native_keras_base.py")  # What both modules import counts for both.
        with open(base, encoding="utf-8") as f:
            code = f.read()
        with open(base, "w", encoding="utf-8") as f:
            f.write(code.replace("IMAGE_KEY = 'image_floats'", "IMAGE_KEY = 'image_float'"))
        broken = self.tfxm(f"--ir={ir}", f"--output={self.folder}/out")
        self.assertEqual(broken.returncode, 3)
        self.assertIn("KeyError: 'image_float'", broken.stdout + broken.stderr)
        self.assertIn("mnist_utils_native_keras_base.py", broken.stdout + broken.stderr)


if __name__ == "__main__":
    unittest.main()
