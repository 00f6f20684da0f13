# SPDX-License-Identifier: Apache-2.0
"""Writes mnist_dynamic_range.tflite with TensorFlow 2.15: python make_models.py MNIST.tfrecord

The argument is the guide's sample of 1,000 images: tf.Examples with image_floats (784 numbers) and image_class. Not part of the build or the
tests; the tests want the file's layers and types, not its weights, which differ with the version.
"""
import os
import sys

import tensorflow as tf

SEED = 0


def main():
  tf.keras.utils.set_random_seed(SEED)
  features = {'image_floats': tf.io.FixedLenFeature([784], tf.float32), 'image_class': tf.io.FixedLenFeature([], tf.int64)}
  batch = next(iter(tf.data.TFRecordDataset(sys.argv[1]).batch(10000)))
  examples = tf.io.parse_example(batch, features)
  image = tf.keras.Input([784], name='image_floats')
  x = tf.keras.layers.Dense(64, activation='relu')(image)
  x = tf.keras.layers.Dense(64, activation='relu')(x)
  model = tf.keras.Model(image, tf.keras.layers.Dense(10, activation='softmax', name='probabilities')(x))
  model.compile('rmsprop', 'sparse_categorical_crossentropy')
  model.fit(examples['image_floats'], examples['image_class'], batch_size=40, epochs=20, verbose=0)
  converter = tf.lite.TFLiteConverter.from_keras_model(model)
  converter.optimizations = [tf.lite.Optimize.DEFAULT]
  here = os.path.dirname(os.path.abspath(__file__))
  with open(os.path.join(here, 'mnist_dynamic_range.tflite'), 'wb') as f:
    f.write(converter.convert())


if __name__ == '__main__':
  main()
