#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes one model of the zoo, and what Python's TFLiteConverter makes of it. Called by zoo.py.

  make_model.py MODE,… NAME=FOLDER…  for each, FOLDER/saved_model, data.tfrecord (tf.Examples to calibrate with), runs (inputs, none of
                                    them in the data), expected (the SavedModel's outputs for them), evaluate_N.tfrecord (the
                                    first runs, with an output as the label), python_MODE.tflite or python_MODE.error
"""
import fcntl
import json
import os
import shutil
import sys
import traceback

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import keras
import numpy as np
import tensorflow as tf
import tf_keras

import applications  # noqa: F401: these fill recipes.MODELS
import functions  # noqa: F401
import keras2  # noqa: F401
import layers  # noqa: F401
import networks  # noqa: F401
import recipes
import tensors

SAMPLES_LARGE = 16  # Python's calibration of the large models takes a second an example.
MODES = ('none', 'float16', 'dynamic_range', 'int8', 'int16x8')


def specs(signature):
  return {s.name or name: (s.shape.as_list(), np.dtype(object) if s.dtype == tf.string else s.dtype.as_numpy_dtype)
          for name, s in signature.structured_input_signature[1].items()}


def save(recipe, path):
  made = recipe.make()
  if isinstance(made, tuple):
    module, signatures = made
    tf.saved_model.save(module, path, signatures=signatures)
    return
  if not hasattr(made, 'inputs'):
    made(path)
    return
  rng = np.random.RandomState(3)
  wanted = {i.name: ([None] + list(i.shape[1:]), tf.as_dtype(i.dtype).as_numpy_dtype) for i in made.inputs}
  data = recipes.inputs(recipe, wanted, rng, recipe.batch or 32)
  if isinstance(getattr(made, '_inputs_struct', None), dict):
    recipes.settle(made, data, rng)
  else:
    recipes.settle(made, [data[i.name] for i in made.inputs] if len(made.inputs) > 1 else data[made.inputs[0].name], rng)
  options = {}
  if recipe.batch:
    structure = [tf.TensorSpec([recipe.batch] + list(i.shape[1:]), i.dtype, name=i.name) for i in made.inputs]
    options['input_signature'] = [structure] if len(structure) > 1 else structure
  if isinstance(made, tf_keras.Model):
    made.export(path)
  else:
    made.export(path, verbose=False, **options)


def is_large(recipe):
  return getattr(recipe.make, '__module__', '') == 'applications'


def runs(recipe, wanted):
  rng = np.random.RandomState(11)
  if all(shape[:1] != [None] for shape, _ in wanted.values()):
    return [recipes.inputs(recipe, wanted, rng, 1, recipe.sides[i % len(recipe.sides)]) for i in range(12)]
  return [recipes.inputs(recipe, wanted, rng, batch, recipe.sides[i % len(recipe.sides)])
          for i, batch in enumerate(recipe.batches[:4] if is_large(recipe) else recipe.batches)]


def write_evaluation(recipe, folder, fed, expected):
  """What `tfxm evaluate` is given: the first runs, whose batches differ, and the first output that has a row for each example. Returns
  the output's name, or '' if the model is none to evaluate."""
  batches = [next((len(v) for v in run.values() if v.ndim), 0) for run in fed[:3]]
  of_rows = lambda name: all(e[name].dtype == np.float32 and e[name].shape[:1] == (b,) for e, b in zip(expected, batches))
  name = next((n for n in expected[0] if of_rows(n)), '')
  if recipe.random or len(set(batches)) < 2 or not name or any(v.shape[:1] != (b,) for run, b in zip(fed, batches) for v in run.values()):
    return ''
  for run, outputs, batch in zip(fed, expected, batches):
    rows = [{**{n: v[i:i + 1] for n, v in run.items()}, 'expected': outputs[name][i:i + 1]} for i in range(batch)]
    tensors.write_examples(os.path.join(folder, f'evaluate_{batch}.tfrecord'), rows, tf)
  return name


def feed(recipe, folder):
  """Data for a SavedModel, and its answers."""
  path = os.path.join(folder, 'saved_model')
  signature = tf.saved_model.load(path).signatures['serving_default']
  wanted = specs(signature)
  rng = np.random.RandomState(7)
  samples = [recipes.inputs(recipe, wanted, rng, 1) for _ in range(SAMPLES_LARGE if is_large(recipe) else recipe.samples)]
  tensors.write_runs(os.path.join(folder, 'samples'), samples)
  if recipe.rows:
    examples = [{n: v[i:i + 1] for n, v in sample.items()} for sample in samples for i in range(len(next(iter(sample.values()))))]
  tensors.write_examples(os.path.join(folder, 'data.tfrecord'), examples if recipe.rows else samples, tf)
  fed = runs(recipe, wanted)
  expected = [{name: value.numpy() for name, value in signature(**{n: tf.constant(v) for n, v in run.items()}).items()}
              for run in fed]
  rows = {name: np.concatenate([e[name] for e in expected]) if len(fed) == 12 else expected[1 if len(fed) < 4 else 2][name]
          for name in expected[0] if expected[0][name].ndim and not np.shape(expected[0][name])[0] == 0}
  if wanted and rows and max(recipes.variation(v) for v in rows.values()) < 0.04:
    raise ValueError(f'the outputs hardly vary: ' + ', '.join(f'{n} {recipes.variation(v):.2g}' for n, v in rows.items()))
  with open(os.path.join(folder, 'meta.json'), 'w') as f:
    json.dump({'random': recipe.random, 'known': recipe.known, 'evaluated': write_evaluation(recipe, folder, fed, expected)}, f)
  tensors.write_runs(os.path.join(folder, 'runs'), fed)
  tensors.write_runs(os.path.join(folder, 'expected'), expected)


def convert(folder, mode):
  converter = tf.lite.TFLiteConverter.from_saved_model(os.path.join(folder, 'saved_model'), signature_keys=['serving_default'])
  if mode != 'none':
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
  if mode == 'float16':
    converter.target_spec.supported_types = [tf.float16]
  if mode in ('int8', 'int16x8'):
    converter.representative_dataset = lambda: iter(tensors.read_runs(os.path.join(folder, 'samples')))
    ops = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        ops.TFLITE_BUILTINS_INT8 if mode == 'int8' else
        ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, ops.TFLITE_BUILTINS]
  return converter.convert()


def make(recipe, folder, modes=MODES, save_to=save):
  """Everything, but for what is there already; a mode is done when there is python_MODE.done. `save_to(recipe, path)` makes the
  SavedModel."""
  if not os.path.exists(os.path.join(folder, 'expected')):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
      keras.utils.set_random_seed(1)
      save_to(recipe, os.path.join(folder, 'saved_model'))
      feed(recipe, folder)
    except Exception:
      print(f'{recipe.name}: cannot be made\n{traceback.format_exc()}', file=sys.stderr, flush=True)
      return
  for mode in modes:
    base = os.path.join(folder, 'python_' + mode)
    if not os.path.exists(base + '.done') and not os.path.exists(base + '.error'):
      with open(base + '.error', 'w') as f:  # stays if the conversion ends this process; zoo.py then calls again
        f.write('the process crashed')
      try:
        made = convert(folder, mode)
        with open(base + '.tmp', 'wb') as f:
          f.write(made)
        os.rename(base + '.tmp', base + '.tflite')
        os.remove(base + '.error')
      except Exception as e:  # what Python says is part of the comparison
        with open(base + '.error', 'w') as f:
          f.write(str(e))
    with open(base + '.done', 'w'):
      pass


def main():
  for argument in sys.argv[2:]:
    name, folder = argument.split('=')
    with open(folder + '.lock', 'w') as lock:  # two runs of the zoo share the cache
      fcntl.flock(lock, fcntl.LOCK_EX)
      make(recipes.MODELS[name], folder, sys.argv[1].split(','))


if __name__ == '__main__':
  main()
