# SPDX-License-Identifier: Apache-2.0
"""Writes fit_goldens.json: what Keras's fit and evaluate tell of small trainings, for fit_golden_test.cc.

  python3 -m venv keras && keras/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1
  keras/bin/python make_fit_goldens.py > fit_goldens.json

Weights and data are numbers that the test makes too (wave).
"""
import json
import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
from keras import layers
import numpy as np

from golden_numbers import numbers, wave


def fit_and_evaluate(model, epochs, weights=None):
  """Two outputs, 10 examples in batches of 4: the last one is smaller, as is that of 7 examples for validation."""
  x, a, b = wave((10, 3), 5), wave((10, 2), 6, 3.0), wave((10, 1), 7, 2.0)
  validation = (x[:7], {"a": a[:7], "b": b[:7]}) + (() if weights is None else (weights[:7],))
  history = model.fit(x, {"a": a, "b": b}, sample_weight=weights, batch_size=4, epochs=epochs, shuffle=False, verbose=0,
                      validation_data=validation, validation_batch_size=4)
  logs = model.evaluate(x, {"a": a, "b": b}, sample_weight=weights, batch_size=4, return_dict=True, verbose=0)
  return {"history": {n: numbers(v) for n, v in history.history.items()},
          "evaluate": {n: numbers(v) for n, v in logs.items()}}


def run_outputs(weights):
  x = layers.Input((3,), name="x")
  model = keras.Model(x, {"a": layers.Dense(2, name="a")(x), "b": layers.Dense(1, name="b")(x)})
  for i, w in enumerate(model.weights):
    w.assign(wave(w.shape, i))
  model.compile(optimizer=keras.optimizers.SGD(0.05), loss={"a": "mse", "b": "mae"}, loss_weights={"a": 0.5, "b": 2.0},
                metrics={"a": ["mae"]}, weighted_metrics={"a": ["mae"], "b": ["mse", "cosine_similarity"]})
  return fit_and_evaluate(model, 2, weights)


text = json.dumps({
    "outputs": {"plain": run_outputs(None), "weighted": run_outputs(np.abs(wave((10,), 8)) + np.float32(0.1))},
}, separators=(",", ":"))
# A case per line.
sys.stdout.write(text.replace("},", "},\n") + "\n")
