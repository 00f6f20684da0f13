# SPDX-License-Identifier: Apache-2.0
"""The wheel of this build, unpacked by pip into a folder of its own: nothing of the checkout is found."""

from __future__ import annotations

import glob
import importlib.util
import os
import subprocess
import sys
import tempfile
import unittest

from support.pipelines import ROOT

from tfxm import native

_MODEL = os.path.join(ROOT, "tfxm", "model_analysis", "testdata", "mnist", "tflite")


@unittest.skipIf(importlib.util.find_spec("pip") is None, "needs pip")
class WheelTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        try:
            build = os.path.dirname(os.path.abspath(native.program()))
        except FileNotFoundError as error:
            raise unittest.SkipTest(str(error)) from None
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = temporary.name
        maker = os.path.join(ROOT, "cmake", "wheel", "make_wheel.py")
        subprocess.run([sys.executable, maker, "--build_dir", build, "--output", cls.folder], check=True, stdout=subprocess.DEVNULL)
        cls.site = os.path.join(cls.folder, "site")
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-index"]
        subprocess.run([*pip, "--target", cls.site, *glob.glob(os.path.join(cls.folder, "*.whl"))], check=True, stderr=subprocess.DEVNULL)

    def run_python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {name: value for name, value in os.environ.items() if not name.startswith("TFXM_")}
        env["PYTHONPATH"] = self.site
        return subprocess.run([sys.executable, *arguments], env=env, cwd=self.folder, capture_output=True, text=True)

    @unittest.skipIf(importlib.util.find_spec("tensorflow") is None, "needs tensorflow")
    def test_commands_and_the_library(self) -> None:
        shown = self.run_python("-m", "tfxm", "--help")
        self.assertEqual((shown.returncode, shown.stdout[:20]), (0, "tfxm: TFX for mobile"), shown.stderr)
        inspected = self.run_python("-m", "tfxm", "inspect", _MODEL)
        self.assertEqual(inspected.returncode, 0, inspected.stderr)
        self.assertIn("signature", inspected.stdout)
        code = f"import tfxm; print(tfxm.__file__.startswith({self.site!r}), tfxm.inspect({_MODEL!r}).facts['num_subgraphs'])"
        self.assertEqual(self.run_python("-c", code).stdout, "True 1\n")

    def test_the_wrapper_imports_little(self) -> None:
        code = "import sys; before = set(sys.modules); import tfxm.__main__, tfxm.native; print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
        imported = self.run_python("-c", code).stdout.split()
        self.assertIn("tfxm", imported)
        self.assertFalse({"google", "numpy", "tensorflow", "subprocess", "asyncio"} & set(imported), imported)

    def test_without_tensorflow_it_says_what_to_install(self) -> None:
        without = self.run_python("-S", "-m", "tfxm", "inspect", _MODEL)  # -S: no site-packages.
        self.assertEqual(without.returncode, 3)
        self.assertIn("install the extra [keras] or [cpu]", without.stderr)
        self.assertNotIn("Traceback", without.stderr)


if __name__ == "__main__":
    unittest.main()
