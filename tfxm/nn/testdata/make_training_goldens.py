# SPDX-License-Identifier: Apache-2.0
"""Writes training_goldens.json: what Keras makes of small trainings, for training_golden_test.cc.

  python3 -m venv keras && keras/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1 tf_keras==2.21.0
  keras/bin/python make_training_goldens.py > training_goldens.json

Weights and data are in the cases, or numbers that the test makes too (wave).
"""
import json
import os
import sys
import warnings

os.environ["CUDA_VISIBLE_DEVICES"] = ""
warnings.filterwarnings("ignore")
import keras
from keras import layers, losses
import numpy as np
import tensorflow as tf
import tf_keras

from golden_numbers import numbers, wave


# One step of SGD(1) on two examples, of a model whose outputs are far into saturation: the layers after Dense(units), the
# loss, the labels. The kernel is the first columns of KERNEL.
KERNEL = np.array([[20, -20, 5], [10, -10, 2]], np.float32)
X = np.array([[1, 1], [2, 1]], np.float32)
ZEROS, CLASSES, ONE_HOT = np.zeros((2, 1), np.float32), np.array([1, 2]), np.array([[0, 1, 0], [0, 0, 1]], np.float32)
A = layers.Activation
SATURATED = {
    "sigmoid_binary": (1, "sigmoid", [], "binary_crossentropy", ZEROS),
    "sigmoid_binary_smoothed": (1, "sigmoid", [], losses.BinaryCrossentropy(label_smoothing=0.2), ZEROS),
    "sigmoid_layer_binary": (1, None, [A("sigmoid")], "binary_crossentropy", ZEROS),
    "sigmoid_from_logits_binary": (1, "sigmoid", [], losses.BinaryCrossentropy(from_logits=True), ZEROS),
    "three_sigmoids_binary": (3, "sigmoid", [], "binary_crossentropy", ONE_HOT),
    "softmax_binary": (3, "softmax", [], "binary_crossentropy", ONE_HOT),
    "sigmoid_focal": (1, None, [A("sigmoid")], "binary_focal_crossentropy", ZEROS),
    "sigmoid_focal_balanced": (1, "sigmoid", [],
                               losses.BinaryFocalCrossentropy(apply_class_balancing=True, label_smoothing=0.1), ZEROS),
    "logits_focal": (1, None, [], losses.BinaryFocalCrossentropy(from_logits=True), ZEROS),
    "softmax_sparse": (3, "softmax", [], "sparse_categorical_crossentropy", CLASSES),
    "softmax_layer_sparse": (3, None, [layers.Softmax()], "sparse_categorical_crossentropy", CLASSES),
    "softmax_from_logits_sparse": (3, "softmax", [], losses.SparseCategoricalCrossentropy(from_logits=True), CLASSES),
    "softmax_categorical": (3, "softmax", [], "categorical_crossentropy", ONE_HOT),
    "softmax_categorical_smoothed": (3, "softmax", [], losses.CategoricalCrossentropy(label_smoothing=0.3), ONE_HOT),
    "sigmoid_categorical": (3, "sigmoid", [], "categorical_crossentropy", ONE_HOT),
    "steps_softmax_sparse": (3, None, [layers.Reshape((1, 3)), A("softmax")], "sparse_categorical_crossentropy",
                             CLASSES.reshape(2, 1)),
    "steps_softmax_categorical": (3, None, [layers.Reshape((1, 3)), A("softmax")], "categorical_crossentropy",
                                  ONE_HOT.reshape(2, 1, 3)),
    # Where something comes after the function there are only its numbers.
    "sigmoid_reshaped": (1, "sigmoid", [layers.Reshape((1,))], "binary_crossentropy", ZEROS),
    "sigmoid_pixels_without_channel": (1, None, [layers.Reshape((1, 1)), A("sigmoid")], losses.BinaryCrossentropy(), ZEROS),
}


def run_saturated(units, activation, after, loss, y):
  metric = loss if isinstance(loss, str) and "focal" not in loss else None
  model = keras.Sequential([layers.Input((2,)), layers.Dense(units, activation=activation)] + after)
  model.layers[0].set_weights([KERNEL[:, :units], np.zeros(units, np.float32)])
  model.compile(optimizer=keras.optimizers.SGD(1.0), loss=loss, metrics=[metric] if metric else None, jit_compile=False)
  logs = model.train_on_batch(X, y, return_dict=True)
  return {"loss": numbers(logs["loss"]), "metric": numbers(logs[metric]) if metric else [],
          "kernel": numbers(model.layers[0].kernel), "bias": numbers(model.layers[0].bias)}


# One step of SGD(0.1) with sample weights, metrics without and with them.
WEIGHTS = {
    "int": ((), np.array([1, 2, 0, 4], np.int64)),
    "double": ((), np.array([0.5, 2, 0, 4], np.float64)),
    "column": ((), np.array([[1], [2], [0], [4]], np.int32)),
    "bool": ((), np.array([True, False, True, True])),
    "steps": ((3,), np.array([[1, 0, 2], [0, 0, 1], [3, 1, 1], [1, 1, 1]], np.float32)),
    "steps_column": ((3,), np.array([1, 2, 0, 4], np.float32).reshape(4, 1)),
}


def run_weighted(steps, weight):
  units = int(np.prod(steps)) if steps else 1
  after = [layers.Reshape(steps + (1,))] if steps else []
  model = keras.Sequential([layers.Input((2,)), layers.Dense(units)] + after)
  model.layers[0].set_weights([wave((2, units), 1), np.zeros(units, np.float32)])
  model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse", metrics=["mae"], weighted_metrics=["mae"])
  y = wave((4,) + steps + (1,), 2)
  logs = model.train_on_batch(wave((4, 2), 3), y, sample_weight=weight, return_dict=True)
  return {"loss": numbers(logs["loss"]), "kernel": numbers(model.layers[0].kernel)}


# How many steps each epoch takes of data that ends: {batches, steps_per_epoch, epochs}.
RUN_OUT = [[4, 4, 3], [4, 2, 4], [4, 3, 3], [4, 10, 3], [3, 2, 5]]


def run_out(batches, steps, epochs):
  model = keras.Sequential([layers.Input((1,)), layers.Dense(1)])
  model.compile(loss="mse")
  counts = []
  count = keras.callbacks.LambdaCallback(
      on_epoch_begin=lambda epoch, logs: counts.append(0),
      on_train_batch_end=lambda batch, logs: counts.__setitem__(-1, counts[-1] + 1))
  data = tf.data.Dataset.from_tensor_slices((np.zeros((2 * batches, 1)), np.zeros((2 * batches, 1)))).batch(2)
  model.fit(data, steps_per_epoch=steps, epochs=epochs, verbose=0, callbacks=[count])
  return counts


# What callbacks take from {metric: values per epoch}: which epoch is the best. "": an error.
DIRECTIONS = ["accuracy", "sparse_categorical_accuracy", "mse", "mae", "mean_squared_error", "precision", "recall", "auc",
              "root_mean_squared_error", "categorical_crossentropy", "top_k_categorical_accuracy"]


def direction(name):
  model = keras.Sequential([layers.Input((2,)), layers.Dense(3, activation="softmax")])
  by_class = {"precision": keras.metrics.Precision, "recall": keras.metrics.Recall, "auc": keras.metrics.AUC}
  metric = by_class[name](name=name) if name in by_class else name
  sparse = name.startswith("sparse")
  model.compile(loss="sparse_categorical_crossentropy" if sparse else "categorical_crossentropy", metrics=[metric])
  model.train_on_batch(X, CLASSES if sparse else ONE_HOT)
  stop = keras.callbacks.EarlyStopping(monitor="val_" + name)
  stop.set_model(model)
  try:
    stop._set_monitor_op()
  except ValueError:
    return ""
  return "up" if stop.monitor_op is keras.ops.greater else "down"


# Fine-tuning: a base that was called with training=False, frozen for two steps, then not for two. Of Keras 2: fit's
# training=True takes the place of a functional model's own training=False in Keras 3, whatever its guides say.
def run_fine_tuning():
  k = tf_keras.layers
  x = k.Input((4, 4, 2))
  y = k.Conv2D(3, 2, dilation_rate=2, name="conv")(x)
  y = k.BatchNormalization(name="norm")(y)
  base = tf_keras.Model(x, k.Dropout(0.5)(k.ReLU()(y)))
  x = k.Input((4, 4, 2))
  model = tf_keras.Model(x, k.Dense(1, name="head")(k.GlobalAveragePooling2D()(base(x, training=False))))
  weights = {w.name[:-2]: w for w in model.weights}
  for i, name in enumerate(("conv/kernel", "conv/bias", "norm/gamma", "norm/beta", "norm/moving_mean",
                            "norm/moving_variance", "head/kernel", "head/bias")):
    value = wave(weights[name].shape, i)
    weights[name].assign(np.abs(value) + 0.5 if "variance" in name else value)
  steps = []
  for trainable in (False, True):
    base.trainable = trainable
    model.compile(optimizer=tf_keras.optimizers.SGD(0.1), loss="mse")
    for step in range(2):
      steps.append(model.train_on_batch(wave((3, 4, 4, 2), step), wave((3, 1), step + 5)))
  return {"losses": numbers(steps), "weights": {n: numbers(w) for n, w in weights.items()}}


# What a batch with padding is told, as it is and with sample weights: steps of token 0 do not count.
TOKENS = np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0], [1, 5, 6, 2, 0]], np.int64)
TAGS = np.array([[0, 1, 2, 0, 0], [1, 1, 1, 1, 1], [2, 0, 1, 0, 2]], np.int64)


def run_masked(weight):
  tokens = layers.Input((5,), dtype="int64")
  tags = layers.Dense(3, activation="softmax")(layers.Embedding(7, 4, mask_zero=True)(tokens))
  model = keras.Model(tokens, tags)
  for i, v in enumerate(model.weights):
    v.assign(wave(v.shape, i))
  model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy", "sparse_categorical_crossentropy"],
                weighted_metrics=["accuracy"])
  logs = model.evaluate(TOKENS, TAGS, sample_weight=weight, return_dict=True, verbose=0)
  return {n: numbers(v) for n, v in logs.items()}


def last_axis(function):
  """The value on [2, 3, 4], and the gradient of sum(value * wave)."""
  x = tf.constant(wave((2, 3, 4), 1, 4.0))
  with tf.GradientTape() as tape:
    tape.watch(x)
    y = function(x)
    loss = tf.reduce_sum(y * wave(y.shape, 99))
  return {"output": numbers(y), "gradient": numbers(tape.gradient(loss, x))}


text = json.dumps({
    "last_axis": {n: last_axis(getattr(keras.activations, n)) for n in ("softmax", "log_softmax")},
    "saturated": {n: run_saturated(*case) for n, case in SATURATED.items()},
    "weights": {n: run_weighted(*case) for n, case in WEIGHTS.items()},
    "run_out": [{"batches": c[0], "steps": c[1], "epochs": c[2], "counts": run_out(*c)} for c in RUN_OUT],
    "fine_tuning": run_fine_tuning(),
    "masked": {"plain": run_masked(None),
               "steps": run_masked(np.array([[1, 0, 2, 1, 1], [3, 1, 1, 1, 1], [0.5, 1, 1, 2, 2]], np.float32))},
    "directions": {n: direction(n) for n in DIRECTIONS},
}, separators=(",", ":"))
# A case per line.
sys.stdout.write(text.replace("},", "},\n").replace(",\"up", ",\n\"up") + "\n")
