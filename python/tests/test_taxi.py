# SPDX-License-Identifier: Apache-2.0
"""Chicago taxi (native Keras), TFX's example, unmodified, with the data that comes with it."""

from __future__ import annotations

import glob
import os
import unittest

from support import wheels
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


if __name__ == "__main__":
    unittest.main()
