# SPDX-License-Identifier: Apache-2.0
"""Models of Keras 2 (tf_keras)."""
import tf_keras

from recipes import model

L = tf_keras.layers


@model()
def keras2_cnn():
  return tf_keras.Sequential([tf_keras.Input((28, 28, 1)), L.Conv2D(8, 3, use_bias=False), L.BatchNormalization(), L.ReLU(),
                              L.MaxPooling2D(), L.Flatten(), L.Dropout(.3), L.Dense(10, activation='softmax')])


@model()
def keras2_lstm():
  x = tf_keras.Input((12, 8))
  return tf_keras.Model(x, L.Dense(4)(L.LSTM(16)(x)))


@model()
def keras2_gru_unrolled():
  x = tf_keras.Input((8, 6))
  return tf_keras.Model(x, L.Dense(4)(L.GRU(16, unroll=True)(x)))


@model(high=1000)
def keras2_text():
  x = tf_keras.Input((20,), dtype='int32', name='ids')
  return tf_keras.Model(x, L.Dense(1, activation='sigmoid')(L.GlobalAveragePooling1D()(L.Embedding(1000, 16)(x))))


@model()
def keras2_two():
  a, b = tf_keras.Input((8,), name='left'), tf_keras.Input((4,), name='right')
  x = L.Dense(16, activation='relu')(L.Concatenate()([a, b]))
  return tf_keras.Model([a, b], [L.Dense(1, name='s')(x), L.Dense(3, activation='softmax', name='c')(x)])


@model()
def keras2_segmentation():
  x = inputs = tf_keras.Input((32, 32, 3), name='image')
  for filters in (8, 16):
    x = L.ReLU()(L.BatchNormalization()(L.Conv2D(filters, 3, strides=2, padding='same', use_bias=False)(x)))
  for filters in (16, 8):
    x = L.ReLU()(L.BatchNormalization()(L.Conv2DTranspose(filters, 4, strides=2, padding='same', use_bias=False)(x)))
  return tf_keras.Model(inputs, L.Conv2D(4, 1, activation='softmax')(x))
