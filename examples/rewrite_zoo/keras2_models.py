#!/usr/bin/env python3
"""SavedModels as Keras 2 saves them, for make_zoo.py --convert_only and compare.py. Needs tensorflow==2.15.

  venv215/bin/python keras2_models.py OUT
  venv/bin/python make_zoo.py OUT --convert_only $(ls OUT)
"""
import sys

import numpy as np
import tensorflow as tf

keras = tf.keras
L = keras.layers


def mobilenet():
  return keras.applications.MobileNetV2(input_shape=(96, 96, 3), weights=None, classes=10)


def cnn():
  return keras.Sequential([keras.Input((28, 28, 1)), L.Conv2D(8, 3, use_bias=False), L.BatchNormalization(), L.ReLU(),
                           L.MaxPooling2D(), L.Flatten(), L.Dropout(.3), L.Dense(10, activation='softmax')])


def lstm():
  inputs = keras.Input((12, 8))
  return keras.Model(inputs, L.Dense(4)(L.LSTM(16)(inputs)))


def text():
  inputs = keras.Input((20,), dtype='int32', name='ids')
  return keras.Model(inputs, L.Dense(1, activation='sigmoid')(L.GlobalAveragePooling1D()(L.Embedding(1000, 16)(inputs))))


def two():
  a, b = keras.Input((8,), name='left'), keras.Input((4,), name='right')
  x = L.Dense(16, activation='relu')(L.Concatenate()([a, b]))
  return keras.Model([a, b], [L.Dense(1, name='s')(x), L.Dense(3, activation='softmax', name='c')(x)])


def main():
  keras.utils.set_random_seed(1)
  rng = np.random.RandomState(0)
  for make in (mobilenet, cnn, lstm, text, two):
    model = make()
    for layer in model.layers:
      if isinstance(layer, L.BatchNormalization):
        layer.set_weights([w + 0.1 * np.abs(rng.randn(*w.shape)) for w in layer.get_weights()])
    model.save(f'{sys.argv[1]}/keras2_{make.__name__}/saved_model', save_format='tf')


if __name__ == '__main__':
  main()
