# SPDX-License-Identifier: Apache-2.0
"""What `tfxm new --python` writes runs to a pushed TFLite file."""

from __future__ import annotations

import glob
import os
import unittest

from support.engine_test import KERAS, EngineTest


class NewTest(EngineTest):
    PACKAGES = KERAS

    def test_a_pushed_file(self) -> None:
        with open(os.path.join(self.folder, "data.csv"), "w", encoding="utf-8") as f:
            f.write("trip miles (km),名前,kind,rich\n")
            f.writelines(f"{'' if i % 9 == 0 else i * 0.3},{'xyz'[i % 3]},{'ab'[i % 2]},{int(i > 60)}\n" for i in range(120))
        self.tfxm("new", "project", "--csv=data.csv", "--label=rich", "--python")
        self.tfxm("run", os.path.join("project", "pipeline.py"))
        self.assertEqual(len(glob.glob(os.path.join(self.folder, "runs", "project", "serving_model", "*", "tflite"))), 1)


if __name__ == "__main__":
    unittest.main()
