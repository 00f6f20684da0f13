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

    def test_a_number_with_flags(self) -> None:
        os.mkdir(os.path.join(self.folder, "rows"))
        with open(os.path.join(self.folder, "rows", "data.csv"), "w", encoding="utf-8") as f:
            f.write("x,kind,y\n")
            f.writelines(f"{i * 37 % 300 / 300},\"{'ab'[i % 2]}\n\",{5e9 + 3e9 * (i * 37 % 300) / 300 + 1e9 * (i % 2)}\n" for i in range(300))
        self.tfxm("new", "number", "--csv=rows/data.csv", "--label=y", "--python")
        os.rename(os.path.join(self.folder, "rows"), os.path.join(self.folder, "moved"))
        self.tfxm("run", os.path.join("number", "pipeline.py"), "--data_root=moved", "--output=elsewhere", "--fail_unless_blessed")
        self.assertEqual(len(glob.glob(os.path.join(self.folder, "elsewhere", "serving_model", "*", "tflite"))), 1)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "elsewhere", "report.html")))


if __name__ == "__main__":
    unittest.main()
