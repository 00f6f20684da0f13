#!/usr/bin/env python3
"""What make_model.py does for the zoo, for a published SavedModel.  make_field.py NAME FOLDER SAVED_MODEL"""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'rewrite_zoo'))
import make_model  # noqa: E402
import numpy as np  # noqa: E402
import recipes  # noqa: E402


def texts(rng, shape):
  words = ['int main() {', 'def f(x):', 'return x', 'SELECT * FROM t', '<html>', 'let y = 1;', 'import os', '#include <x>', '}']
  return np.array(['\n'.join(rng.choice(words, 6)).encode() for _ in range(int(np.prod(shape)))], object).reshape(shape)


name, folder, source = sys.argv[1:4]
make_model.make(recipes.Recipe(name, None, fed={'inputs': texts} if name.startswith('guesslang') else {}, batches=(1, 3, 1), samples=24), folder,
                lambda recipe, path: shutil.copytree(source, path))
