# SPDX-License-Identifier: Apache-2.0
"""Writes keras3_models/: models of wrapped layers and of models as Keras saves them, and predictions.json, what they
predict; for keras_weights_test.cc.

  python3 -m venv keras && keras/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1
  keras/bin/python make_keras_models.py

Weights and inputs are formulas. The layers' names are automatic, and not the first of their kind.
"""
import json
import os
import zipfile

os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
from keras import layers
import numpy as np

from golden_numbers import numbers, wave


def wrapped():
  x = keras.Input((3, 6, 6, 1), name="x")
  h = layers.TimeDistributed(layers.Conv2D(2, 3))(x)
  h = layers.TimeDistributed(layers.BatchNormalization())(h)
  a = keras.Input((4, 4, 2))
  h = layers.TimeDistributed(keras.Model(a, layers.Dense(4)(layers.Flatten()(a))))(h)
  h = layers.Bidirectional(layers.GRU(2, return_sequences=True))(h)
  back = layers.LSTM(2, return_sequences=True, go_backwards=True)
  h = layers.Bidirectional(layers.LSTM(2, return_sequences=True), backward_layer=back, merge_mode="sum")(h)
  h = layers.MultiHeadAttention(2, 2)(h, h)
  h = layers.TimeDistributed(layers.Dense(2))(h)
  return keras.Model(x, layers.Dense(2)(h))


def nested():
  """Many kernels are 4 x 4, and the branches are of other depths than they are of names."""
  a = keras.Input((4,))
  inner = keras.Model(a, layers.Dense(4)(layers.Dense(4)(a)))
  b = keras.Input((4,))
  middle = keras.Model(b, layers.Dense(4)(inner(layers.Dense(4)(b))))
  stack = keras.Sequential([layers.Dense(4), layers.BatchNormalization(),
                            keras.Sequential([layers.Dense(4), layers.Dense(4)])])
  x = keras.Input((4,), name="x")
  one = layers.Dense(4, activation="tanh")(x)
  two = layers.Dense(4)(layers.Dense(4, activation="tanh")(middle(x)))
  three = layers.Dense(4)(stack(layers.Dense(4, activation="relu")(x)))
  return keras.Model(x, layers.Dense(2)(layers.Concatenate()([one, two, three])))


def save(model, path):
  """As model.save does, but compressed."""
  model.save(path)
  with zipfile.ZipFile(path) as archive:
    files = {info.filename: archive.read(info) for info in archive.infolist()}
  with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, content in files.items():
      archive.writestr(name, content)


predictions = {}
for name, make in (("wrapped", wrapped), ("nested", nested)):
  keras.backend.clear_session()
  for layer in (layers.Dense(1), layers.Dense(1), layers.LSTM(1), layers.GRU(1), layers.Conv2D(1, 1)):
    del layer  # From here on names count on.
  model = make()
  for i, w in enumerate(model.weights):
    value = wave(w.shape, 10 + i)
    w.assign(np.abs(value) + 0.5 if w.name == "moving_variance" else value)
  save(model, "keras3_models/%s.keras" % name)
  if name == "wrapped":
    model.save_weights("keras3_models/wrapped.weights.h5")
  predictions[name] = numbers(model.predict(wave((2,) + model.input_shape[1:], 0), verbose=0))
with open("keras3_models/predictions.json", "w") as f:
  json.dump(predictions, f, separators=(",", ":"))
  f.write("\n")
