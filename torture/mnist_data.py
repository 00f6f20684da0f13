# SPDX-License-Identifier: Apache-2.0
"""A small data set for the MNIST pipeline: TFRecords of tf.Examples as examples/mnist reads them, always the same bytes."""
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'examples'))
import tf_examples  # noqa: E402


def _image(rng, label):
  """Two rows are bright: the label's."""
  pixels = [0.5 - 0.3 * rng.random() if p // 56 == label else 0.3 * rng.random() - 0.5 for p in range(784)]
  return {'image_class': label, 'image_floats': pixels}


def write(path, images):
  rng = random.Random(1)
  tf_examples.write(path, (_image(rng, i % 10) for i in range(images)))
