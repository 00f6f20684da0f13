# SPDX-License-Identifier: Apache-2.0
"""Images that a few steps learn: stripes that tell the digit, with the features of MNIST's TFRecords.

    digits.write("data/mnist.tfrecord", 600)
"""

from __future__ import annotations

import os
import random

from support import tfrecords


def write(path: str, count: int) -> None:
    rng = random.Random(1)
    examples = []
    for i in range(count):
        image = [rng.random() * 0.2 - 0.5 for _ in range(784)]
        for pixel in range(i % 10, 784, 10):
            image[pixel] += 0.7
        examples.append({"image_floats": image, "image_class": i % 10})
    os.makedirs(os.path.dirname(path), exist_ok=True)
    tfrecords.write(path, examples)
