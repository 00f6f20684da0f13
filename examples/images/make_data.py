#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draws discs, squares and triangles as JPEGs of several sizes: python3 make_data.py DIR [NUMBER]. Needs NumPy and Pillow, or TensorFlow.

DIR/disc/0.jpg, DIR/square/1.jpg, DIR/triangle/2.jpg, …: a shape somewhere, of a light colour, tilted, on a dark one, with noise.
"""
import argparse
import os

import numpy as np

SHAPES = ["disc", "square", "triangle"]


def inside(shape, x, y):
  if shape == "disc":
    return x**2 + y**2 < 1
  if shape == "square":
    return np.maximum(abs(x), abs(y)) < 0.9
  return np.max([np.cos(a) * x + np.sin(a) * y for a in (0.5, 0.5 + 2 * np.pi / 3, 0.5 + 4 * np.pi / 3)], axis=0) < 0.6


def picture(rng, shape):
  height, width = rng.integers(40, 90, 2)
  radius = rng.uniform(0.35, 0.48) * min(height, width)
  angle, left, top = rng.uniform(-0.5, 0.5), rng.uniform(radius, width - radius), rng.uniform(radius, height - radius)
  x, y = (np.arange(width) - left) / radius, (np.arange(height)[:, None] - top) / radius
  x, y = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
  colour, background = rng.uniform(120, 255, 3), rng.uniform(0, 100, 3)
  pixels = np.where(inside(shape, x, y)[..., None], colour, background) + rng.normal(0, 8, (height, width, 3))
  return np.clip(pixels, 0, 255).astype(np.uint8)


def write_jpeg(path, pixels):
  try:
    from PIL import Image
    Image.fromarray(pixels).save(path, quality=90)
  except ImportError:
    import tensorflow as tf
    tf.io.write_file(path, tf.io.encode_jpeg(pixels, quality=90))


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("directory", help="gets the files")
  parser.add_argument("number", nargs="?", type=int, default=1500, help="how many examples (default: %(default)s)")
  args = parser.parse_args()
  directory, number = args.directory, args.number
  rng = np.random.default_rng(1)
  for shape in SHAPES:
    os.makedirs(os.path.join(directory, shape), exist_ok=True)
  for i in range(number):
    shape = SHAPES[i % len(SHAPES)]
    write_jpeg(os.path.join(directory, shape, f"{i}.jpg"), picture(rng, shape))


main()
