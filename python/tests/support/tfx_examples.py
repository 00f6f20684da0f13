# SPDX-License-Identifier: Apache-2.0
"""TFX's own examples, unmodified, out of the wheel that the set-up pins, run to the end; only the steps are cut, in the
pipeline's IR."""

from __future__ import annotations

import os
import re
import subprocess

from support import wheels
from support.engine_test import KERAS, EngineTest


class TfxExampleTest(EngineTest):
    """EXAMPLE is the folder in tfx/examples, PLACE the one below the home folder that the example's files expect to be in
    (`root`)."""

    EXAMPLE: str
    PLACE: str
    PACKAGES = KERAS

    def setUp(self) -> None:
        super().setUp()
        self.root = os.path.join(self.folder, self.PLACE)
        os.makedirs(os.path.join(self.root, "data"))
        wheels.unpack("tfx", f"tfx/examples/{self.EXAMPLE}/{self.PLACE}_*.py", self.root)

    def run_pipeline(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """In the folder of the user's files, where scripts of any name may lie."""
        return self.call("run", *arguments, cwd=self.root)

    def short_ir(self, file: str, steps: int, replaced: int) -> str:
        """The path of the IR of a pipeline file, with `steps` in place of the numbers of steps, which are `replaced`."""
        printed = self.run_pipeline(file, "--print_ir")
        self.assertEqual(printed.returncode, 0, printed.stderr)
        short, count = re.subn(r'(num_steps\\+": )\d+', rf"\g<1>{steps}", printed.stdout)
        self.assertEqual(count, replaced)
        ir = os.path.join(self.folder, "short.json")
        with open(ir, "w", encoding="utf-8") as f:
            f.write(short)
        return ir

    def expect(self, run: subprocess.CompletedProcess[str], summary: str) -> str:
        text = run.stdout + run.stderr
        self.assertEqual(run.returncode, 0, text)
        self.assertIn(summary, text)
        return text
