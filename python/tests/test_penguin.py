# SPDX-License-Identifier: Apache-2.0
"""Penguin (local, Keras), TFX's example, unmodified: a Tuner, a BulkInferrer, resolvers, a condition."""

from __future__ import annotations

import glob
import json
import os
import random
import unittest

from support.tfx_examples import TfxExampleTest

FEATURES = ("culmen_length_mm", "culmen_depth_mm", "flipper_length_mm", "body_mass_g")


class PenguinTest(TfxExampleTest):
    EXAMPLE, PLACE = "penguin", "penguin"
    PACKAGES = (*TfxExampleTest.PACKAGES, "keras_tuner")

    def write_data(self) -> None:
        """What tells three kinds of penguins, as TFX's own file: scaled to 0 to 1."""
        rng = random.Random(1)
        for folder, columns, count in (("labelled", ("species", *FEATURES), 334), ("unlabelled", FEATURES, 12)):
            lines = [",".join(columns)]
            for i in range(count):
                values = [f"{0.2 + 0.3 * ((i + k) % 3) + rng.uniform(-0.1, 0.1):.6f}" for k in range(len(FEATURES))]
                lines.append(",".join([str(i % 3), *values][-len(columns) :]))
            path = os.path.join(self.root, "data", folder, "penguins.csv")
            os.makedirs(os.path.dirname(path))
            with open(path, "w", encoding="utf-8") as f:
                f.write("\n".join(lines) + "\n")

    def test_a_pushed_model_and_predictions(self) -> None:
        self.write_data()
        ir = self.short_ir("penguin_pipeline_local.py", steps=20, replaced=4)
        with open(ir, encoding="utf-8") as f:
            text = f.read()
        self.assertEqual(text.count('\\"lower_bound\\": 0.6'), 1)
        with open(ir, "w", encoding="utf-8") as f:
            f.write(text.replace('\\"lower_bound\\": 0.6', '\\"lower_bound\\": 0.01'))  # So few steps may not reach it.
        self.expect(self.run_pipeline(f"--ir={ir}", f"--output={self.folder}/out"), "12 nodes: 12 complete")
        artifacts = os.path.join(self.folder, "tfx", "pipelines", "penguin_local_keras")

        def one(pattern: str) -> str:
            found = glob.glob(os.path.join(artifacts, pattern))
            self.assertEqual(len(found), 1, pattern)
            return found[0]

        with open(one("Tuner/best_hyperparameters/*/best_hyperparameters.txt"), encoding="utf-8") as f:
            best = json.load(f)
        self.assertEqual({hp["config"]["name"] for hp in best["space"]}, {"learning_rate", "num_layers"})
        with open(one("Tuner/tuner_results/*/tuner_results.json"), encoding="utf-8") as f:
            results = json.load(f)
        self.assertEqual(len(results), 6)
        self.assertEqual(results[0]["score"], max(r["score"] for r in results))
        self.assertEqual({name: results[0][name] for name in best["values"]}, best["values"])
        model = os.path.dirname(one("Trainer/model/*/Format-Serving/saved_model.pb"))
        self.check_predictions(model, sorted(glob.glob(os.path.join(artifacts, "BulkInferrer/inference_result/*/prediction_logs-*.gz"))))
        self.assertEqual(len(glob.glob(os.path.join(self.root, "serving_model", "*", "*", "saved_model.pb"))), 1)

    def check_predictions(self, model: str, logs: list[str]) -> None:
        """That the logs have what TensorFlow itself computes. What they are is told by the numbers of the published
        messages: predict_log 6; request 1, response 2; inputs 2, outputs 1; tensor_content 4, string_val 8."""
        import numpy as np
        import tensorflow as tf

        serve = tf.saved_model.load(model).signatures["serving_default"]
        count = 0
        for record in tf.data.TFRecordDataset(logs, compression_type="GZIP"):
            predict_log = field(record.numpy(), 6)
            example = field(field(field(field(predict_log, 1), 2), 2), 8)
            output = field(field(predict_log, 2), 1)
            self.assertEqual(field(output, 1), b"outputs")
            values = np.frombuffer(field(field(output, 2), 4), np.float32)
            np.testing.assert_allclose(values, serve(examples=tf.constant([example]))["outputs"].numpy()[0], rtol=1e-4, atol=1e-5)
            count += 1
        self.assertEqual(count, 12)


def field(message: bytes, number: int) -> bytes:
    """The one length-delimited field of that number."""
    found, at = [], 0

    def varint() -> int:
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    while at < len(message):
        tag = varint()
        value = varint()
        if tag & 7 == 2:
            if tag >> 3 == number:
                found.append(message[at : at + value])
            at += value
    assert len(found) == 1, (number, found)
    return found[0]


if __name__ == "__main__":
    unittest.main()
