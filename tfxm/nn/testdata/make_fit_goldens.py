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


def trained(model, x, y, epochs, validation=None, callbacks=()):
  """The history of a training in batches of 4, and the weights after it."""
  for i, w in enumerate(model.weights):
    w.assign(wave(w.shape, i, 0.5))
  history = model.fit(x, y, batch_size=4, epochs=epochs, shuffle=False, verbose=0, validation_data=validation,
                      validation_batch_size=4, callbacks=list(callbacks))
  return {"history": {n: numbers(v) for n, v in history.history.items()},
          "weights": {"/".join(w.path.split("/")[-2:]): numbers(w) for w in model.weights}}


# Clipped gradients of an Embedding: each batch has a token several times, in two inputs.
TOKENS = np.array([[1, 2, 2], [3, 1, 4], [0, 2, 2], [5, 5, 6], [1, 1, 1], [6, 0, 2], [3, 3, 1], [2, 4, 2]], np.int64)
CLIPPING = {
    "clipnorm": ({"clipnorm": 0.05}, None),
    "clipvalue": ({"clipvalue": 0.02}, None),
    "global_clipnorm": ({"global_clipnorm": 0.05}, None),
    "global_clipnorm_and_regularizer": ({"global_clipnorm": 0.05}, keras.regularizers.L2(0.1)),
    "global_clipnorm_and_accumulation": ({"global_clipnorm": 0.05, "gradient_accumulation_steps": 2}, None),
}


def run_clipping(options, regularizer):
  a, b = layers.Input((3,), dtype="int64", name="a"), layers.Input((3,), dtype="int64", name="b")
  table = layers.Embedding(7, 4, embeddings_regularizer=regularizer, name="table")
  x = layers.Add()([layers.GlobalAveragePooling1D()(table(a)), layers.GlobalMaxPooling1D()(table(b))])
  model = keras.Model([a, b], layers.Dense(1, name="score")(x))
  model.compile(optimizer=keras.optimizers.SGD(0.5, momentum=0.5, **options), loss="mse")
  return trained(model, {"a": TOKENS, "b": TOKENS[::-1].copy()}, wave((8, 1), 9), 3)


# A denoising autoencoder of steps, by Adam at a high rate, stopped early.
def run_autoencoder():
  steps = dict(kernel_size=5, padding="same", activation="relu")
  model = keras.Sequential([
      layers.Input((12, 1), name="x"),
      layers.Conv1D(6, strides=2, name="conv", **steps),
      layers.Conv1DTranspose(6, strides=2, name="conv_transpose", **steps),
      layers.Conv1DTranspose(1, 5, padding="same", name="out"),
  ])
  model.compile(optimizer=keras.optimizers.Adam(0.05), loss="mse")
  x, noise, validation = wave((18, 12, 1), 3), wave((18, 12, 1), 4, 0.2), wave((6, 12, 1), 5)
  stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True, start_from_epoch=2)
  return trained(model, x + noise, x, 9, (validation, validation), [stop])


# An autoencoder with a loss of its own layer, losses that are functions, and noise that is an input.
class Sampling(layers.Layer):

  def call(self, inputs):
    mean, log_variance, noise = inputs
    kl = -0.5 * (1 + log_variance - keras.ops.square(mean) - keras.ops.exp(log_variance))
    self.add_loss(0.1 * keras.ops.mean(keras.ops.sum(kl, axis=1)))
    return mean + keras.ops.exp(0.5 * log_variance) * noise


def squared_distance(y_true, y_pred):
  return keras.ops.sum(keras.ops.square(y_true - y_pred), -1)


def run_variational():
  x, noise = layers.Input((6,), name="x"), layers.Input((2,), name="noise")
  hidden = layers.Dense(5, activation="relu", name="encoder")(x)
  mean, log_variance = layers.Dense(2, name="mean")(hidden), layers.Dense(2, name="log_variance")(hidden)
  z = Sampling(name="sampling")([mean, log_variance, noise])
  hidden = layers.Dense(5, activation="relu", activity_regularizer=keras.regularizers.L2(0.01), name="decoder")(z)
  model = keras.Model([x, noise], {"rebuilt": layers.Dense(6, name="rebuilt")(hidden),
                                   "kind": layers.Dense(3, activation="softmax", name="kind")(z)})
  model.compile(optimizer=keras.optimizers.Adam(0.02, amsgrad=True), loss_weights={"rebuilt": 1.0, "kind": 0.3},
                loss={"rebuilt": squared_distance, "kind": "sparse_categorical_crossentropy"},
                metrics={"rebuilt": ["mae"], "kind": ["accuracy"]})
  rows = wave((10, 6), 6)
  return trained(model, {"x": rows, "noise": wave((10, 2), 7)}, {"rebuilt": rows, "kind": np.arange(10) % 3}, 4)


text = json.dumps({
    "outputs": {"plain": run_outputs(None), "weighted": run_outputs(np.abs(wave((10,), 8)) + np.float32(0.1))},
    "clipping": {n: run_clipping(*case) for n, case in CLIPPING.items()},
    "trainings": {"autoencoder": run_autoencoder(), "variational": run_variational()},
}, separators=(",", ":"))
# A case per line.
sys.stdout.write(text.replace("},", "},\n") + "\n")
