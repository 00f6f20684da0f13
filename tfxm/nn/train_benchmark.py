# SPDX-License-Identifier: Apache-2.0
"""The models of train_benchmark.cc in Keras: training steps per second by model.fit.

  keras/bin/python train_benchmark.py        # with the environment of testdata/make_goldens.py
"""
import time

import keras
from keras import layers
import numpy as np


def mlp():
  return keras.Sequential([
      keras.Input((784,)), layers.Dense(64, activation="relu"), layers.Dropout(0.2), layers.Dense(64, activation="relu"),
      layers.Dropout(0.2), layers.Dense(10)])


def cnn():
  return keras.Sequential([
      keras.Input((28, 28, 1)), layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
      layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2), layers.Flatten(), layers.Dropout(0.5), layers.Dense(10)])


def lstm():
  return keras.Sequential([keras.Input((50, 8)), layers.LSTM(64), layers.Dense(10)])


def mobilenet():
  return keras.applications.MobileNetV2((96, 96, 3), weights=None, classes=10, classifier_activation=None)


def wide_and_deep():
  numbers = keras.Input((13,), name="numbers")
  inputs, wide, deep = [numbers], [], [numbers]
  for size in (10, 50, 100, 1000):
    inputs.append(keras.Input((1,), dtype="int64", name=f"id{size}"))
    wide.append(layers.Flatten()(layers.Embedding(size, 10)(inputs[-1])))
    deep.append(layers.Flatten()(layers.Embedding(size, 8)(inputs[-1])))
  x = layers.Dense(32, activation="relu")(layers.Dense(64, activation="relu")(layers.Concatenate()(deep)))
  return keras.Model(inputs, layers.Add()(wide + [layers.Dense(10)(x)]))


for name, make, shape, batch, steps in (("mlp", mlp, (784,), 40, 4000), ("wide_and_deep", wide_and_deep, (13,), 64, 3000),
                                        ("cnn", cnn, (28, 28, 1), 64, 100),
                                        ("lstm", lstm, (50, 8), 64, 200),
                                        ("mobilenet_v2", mobilenet, (96, 96, 3), 32, 8)):
  model = make()
  model.compile(optimizer=keras.optimizers.RMSprop(0.0015), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                metrics=["sparse_categorical_accuracy"])
  import tensorflow as tf
  x = np.random.rand(batch * 10, *shape).astype(np.float32)
  if name == "wide_and_deep":
    x = {"numbers": x, **{f"id{n}": np.random.randint(0, n, (batch * 10, 1)) for n in (10, 50, 100, 1000)}}
  y = np.random.randint(0, 10, batch * 10)
  data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(batch * 10).repeat().batch(batch).prefetch(8)
  model.fit(data, steps_per_epoch=3, verbose=0)
  start = time.time()
  model.fit(data, steps_per_epoch=steps, verbose=0)
  print("%s: %.1f steps/s" % (name, steps / (time.time() - start)), flush=True)
