#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What make_model.py does for the zoo, for a published SavedModel, or a Keras file, which is exported.

  make_field.py NAME FOLDER SAVED_MODEL_OR_FILE"""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'rewrite_zoo'))
import make_model  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
import recipes  # noqa: E402
import tf_keras  # noqa: E402


def texts(rng, shape):
  words = ['int main() {', 'def f(x):', 'return x', 'SELECT * FROM t', '<html>', 'let y = 1;', 'import os', '#include <x>', '}']
  return np.array(['\n'.join(rng.choice(words, 6)).encode() for _ in range(int(np.prod(shape)))], object).reshape(shape)


def notes(rng, shape):
  """Chords of three notes, at 22,050 samples a second, each with its overtones."""
  made = 0.003 * rng.randn(*shape)
  time = np.arange(shape[1]) / 22050
  for row in made:
    for pitch in 55 * 2 ** rng.uniform(0, 5, 3):
      row[:, 0] += rng.uniform(0.05, 0.2) * sum(np.sin(2 * np.pi * k * pitch * time) / k for k in (1, 2, 3))
  return made


FED = {'guesslang': {'inputs': texts}, 'basic-pitch': {'input_2': notes}}


def export(path, target):
  """A SavedModel of what the package has: one, or a file of Keras 2 or Keras 3."""
  if os.path.isdir(path):
    shutil.copytree(path, target)
    return
  try:
    tf_keras.models.load_model(path, compile=False).export(target)
  except (TypeError, ValueError):  # what Keras 3 has written
    keras.models.load_model(path, compile=False).export(target, verbose=False)


name, folder, source = sys.argv[1:4]
make_model.make(recipes.Recipe(name, None, fed=FED.get(name.split('/')[0], {}), batches=(1, 3, 1), samples=24), folder,
                save_to=lambda recipe, path: export(source, path))
