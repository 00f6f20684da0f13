# SPDX-License-Identifier: Apache-2.0
"""Writes keras3.keras, keras3.weights.h5, keras3.h5, keras2.h5, keras2.weights.h5, keras3_sequence.weights.h5 and
keras3_second.h5: small models as Keras saves them, for keras_weights_test.cc.

  python3 -m venv keras && keras/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.1 tf_keras==2.21.0
  keras/bin/python make_keras_files.py

Weights are a formula, so that the test knows them.
"""
import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
import tf_keras


def fill(model):
  for i, w in enumerate(model.weights):
    n = int(np.prod(w.shape))
    w.assign((0.1 * i + 0.01 * np.arange(n, dtype=np.float32) + 0.5).reshape(w.shape).astype(np.float32))
  return model


def pictures(k):
  """make_keras_saved_models.py's model; two layers of one class are not in the order of their names."""
  layers = k.layers
  return fill(k.Sequential([
      layers.Input((4, 4, 2), name="image"),
      layers.Conv2D(3, 3, name="stem"),
      layers.BatchNormalization(name="stem_bn"),
      layers.DepthwiseConv2D(2, use_bias=False, name="depthwise"),
      layers.Dropout(0.5),
      layers.Flatten(name="flatten"),
      layers.Dense(3, name="top"),
      layers.Dense(2, name="head"),
  ]))


def sequence(k):
  layers = k.layers
  tokens = layers.Input((5,), name="tokens")
  x = layers.Embedding(7, 4)(tokens)
  x = layers.MultiHeadAttention(2, 3)(x, x)
  x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
  x = layers.GRU(2)(x)
  return fill(k.Model(tokens, layers.Dense(1)(x)))


model = pictures(keras)
model.compile("adam", "mse")
model.train_on_batch(np.zeros((1, 4, 4, 2)), np.zeros((1, 2)))  # So that an optimizer is in the files too.
fill(model)
model.save("keras3.keras")
model.save("keras3.h5")
model.save_weights("keras3.weights.h5")
model = pictures(tf_keras)
model.save("keras2.h5")
model.save_weights("keras2.weights.h5")
sequence(keras).save_weights("keras3_sequence.weights.h5")

# The second model of a session, whose layers are called lstm_1 and lstm_2.
keras.backend.clear_session()
keras.layers.LSTM(3)
model = fill(keras.Sequential([
    keras.layers.Input((4, 3), name="x"),
    keras.layers.LSTM(3, return_sequences=True),
    keras.layers.LSTM(3, return_sequences=True),
    keras.layers.TimeDistributed(keras.layers.Dense(2)),
]))
model.save("keras3_second.h5")
