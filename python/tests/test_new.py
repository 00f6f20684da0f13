# SPDX-License-Identifier: Apache-2.0
"""What `tfxm new --python` writes runs to a pushed TFLite file."""

from __future__ import annotations

import glob
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

import wheels

from tfxm import native


class NewTest(unittest.TestCase):
    def test_a_pushed_file(self) -> None:
        for package in ("tensorflow", "tf_keras", "tensorboard"):
            if importlib.util.find_spec(package) is None:
                self.skipTest(f"needs {package}")
        try:
            engine = native.program()
        except FileNotFoundError as error:
            self.skipTest(str(error))
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "data.csv"), "w", encoding="utf-8") as f:
                f.write("trip miles (km),名前,kind,rich\n")
                f.writelines(f"{'' if i % 9 == 0 else i * 0.3},{'xyz'[i % 3]},{'ab'[i % 2]},{int(i > 60)}\n" for i in range(120))
            env = {**os.environ, "TFXM_PYTHON": sys.executable, "HOME": folder}
            env.setdefault("TFXM_CACHE", wheels.CACHE)
            env["PYTHONPATH"] = os.pathsep.join(os.path.abspath(p) for p in env.get("PYTHONPATH", "").split(os.pathsep) if p)

            def tfxm(*arguments: str) -> None:
                run = subprocess.run([engine, *arguments], env=env, cwd=folder, capture_output=True, text=True)
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

            tfxm("new", "project", "--csv=data.csv", "--label=rich", "--python")
            tfxm("run", os.path.join("project", "pipeline.py"))
            self.assertEqual(len(glob.glob(os.path.join(folder, "runs", "project", "serving_model", "*", "tflite"))), 1)


if __name__ == "__main__":
    unittest.main()
