# SPDX-License-Identifier: Apache-2.0
"""What the zoo's models are made with: the list of them, data, and weights that are not those of an initializer.

    @model(batch=1, high=50)
    def gpt_block(): …

A recipe gives a Keras model (Keras 3 or tf_keras), which is exported as a user would, `model.export(dir)`; or a tf.Module and its
signatures; or a function that exports to a path. Options, all optional:
  batch  exports with this batch size, through `input_signature`
  high   integers are drawn below this; default 12
  sides  the sizes that open sides besides the batch get; default (8, 12)
  samples how many examples calibrate; default 100, as is usual: the extremes of much fewer say little of what is to come
  photos pictures of 0 to 255, which the model itself brings to the range it wants
  rows   the first side is a fixed batch: an Example is one row of it
  fed    {input: function of (random state, shape)}, for inputs that need more than random numbers
  random the same input is answered in two ways: not compared
  batches what is run, one after another on one object; default (1, 3, 33, 1, 300), the last for a mean of the errors
  known  {part of a message: why it is right to fail so}
"""
import dataclasses
from typing import Any, Callable

import keras
import numpy as np
import tensorflow as tf
import tf_keras

MODELS = {}


@dataclasses.dataclass
class Recipe:
  name: str
  make: Callable
  batch: int = 0
  high: int = 12
  sides: tuple = (8, 12)
  fed: dict[str, Any] = dataclasses.field(default_factory=dict)
  rows: bool = False
  photos: bool = False
  random: bool = False
  batches: tuple = (1, 3, 33, 1, 300)
  samples: int = 100
  known: dict[str, str] = dataclasses.field(default_factory=dict)


def model(**options):
  def add(make):
    MODELS[make.__name__] = Recipe(make.__name__, make, **options)
    return make
  return add


def spec(shape, dtype=tf.float32, name='x'):
  return tf.TensorSpec(shape, dtype, name=name)


def function(*specs, **options):
  """A SavedModel of one tf.function whose outputs are a dictionary."""
  def wrap(body):
    def make():
      module = tf.Module()
      module.call = tf.function(body, input_signature=list(specs))
      return module, {'serving_default': module.call}
    make.__module__ = body.__module__
    MODELS[body.__name__] = Recipe(body.__name__, make, **options)
    return make
  return wrap


def conv(x, filters, size=3, strides=1, **options):
  x = keras.layers.Conv2D(filters, size, strides, padding='same', use_bias=False, **options)(x)
  return keras.layers.ReLU()(keras.layers.BatchNormalization()(x))


def net(shape, *layers, dtype='float32', name='x'):
  x = inputs = keras.Input(shape, dtype=dtype, name=name)
  for layer in layers:
    x = layer(x)
  return keras.Model(inputs, x)


def weights(*shape, scale=0.5, seed=1):
  return (np.random.RandomState(seed).randn(*shape) * scale).astype('float32')


def pictures(rng, shape):
  """Blots, different in each example, with noise: averages over noise alone would be the same for all."""
  coarse = rng.uniform(-1, 1, (shape[0], 3, 3, shape[-1]))
  rows, columns = (np.arange(n) * 3 // n for n in shape[1:3])
  return (0.7 * coarse[:, rows][:, :, columns] + 0.3 * rng.uniform(-1, 1, shape)).astype('float32')


def random_values(rng, shape, dtype, high):
  dtype = np.dtype(dtype)
  if dtype.kind == 'O':
    return np.array([b'a', b'b', b'q', b''], object)[rng.randint(0, 4, shape)]
  if dtype.kind == 'b':
    return rng.randint(0, 2, shape).astype(bool)
  if dtype.kind in 'iu':
    if dtype == np.uint8 and len(shape) == 4:
      return np.round(127.5 + 127.5 * pictures(rng, shape)).astype(dtype)
    return rng.randint(0, high, shape).astype(dtype)
  if len(shape) == 4 and min(shape[1:3]) > 3:
    return pictures(rng, shape).astype(dtype)
  # Each example has a level and a slope of its own.
  flat = rng.uniform(-1, 1, (shape or (1,)))
  if len(shape) > 1:
    level = rng.uniform(-0.5, 0.5, (shape[0],) + (1,) * (len(shape) - 2) + (shape[-1],))
    flat = flat * 0.5 + level
  return flat.reshape(shape).astype(dtype)


def inputs(recipe, specs, rng, batch, side=None):
  """{name: values} for {name: (shape, dtype)}, None in the shapes replaced by the batch size or by a side."""
  out = {}
  for name, (shape, dtype) in sorted(specs.items()):
    shape = [(batch if i == 0 else side or recipe.sides[0]) if d is None else d for i, d in enumerate(shape)]
    made = recipe.fed[name](rng, shape) if name in recipe.fed else random_values(rng, shape, dtype, recipe.high)
    if recipe.photos:
      made = 127.5 + 127.5 * made
    out[name] = made.astype(dtype)
  return out


def settle(network, data, rng):
  """Gives an untrained Keras model weights such as training leaves: biases that are not zero, activations of one magnitude from the
  first layer to the last, residual branches that are small beside what they are added to, and outputs that tell the examples
  apart. With random weights alone a deep network is chaotic: its answers are nearly the same for all examples, and what differs
  is less than rounding makes."""
  layers = [l for l in network._flatten_layers() if not getattr(l, '_layers', None)]
  branches = residual_branches(layers)
  for layer in layers:
    for w in layer.weights:
      name, value = w.name.split('/')[-1].split(':')[0], np.array(w)
      if value.dtype != np.float32:
        continue
      if name in ('bias', 'beta') and not value.any() or name == 'depthwise_bias':
        # ReLUs one after another amplify what is small, unless most of what they see is positive.
        middle = 0.7 if name == 'beta' and len(layers) > 20 else 0.0
        w.assign(np.asarray(middle + 0.1 * rng.randn(*value.shape), 'float32'))
      elif name == 'gamma':  # A LayerScale's start at 1e-6, so that its branch does nothing.
        small = any(layer is b for b in branches) or type(layer).__name__ == 'LayerScale'
        w.assign(np.asarray((0.25 if small else 1.0) * rng.uniform(0.6, 1.4, value.shape), 'float32'))
    if type(layer).__name__ == 'BatchNormalization':
      layer.momentum = 0.0
  if any(type(layer).__name__ == 'BatchNormalization' for layer in layers):
    network(data, training=True)
  elif len(layers) > 20 and not any('Normalization' in type(layer).__name__ for layer in layers):
    scale_kernels(network, layers, data)
  heads = [l for l in layers if getattr(l, 'kernel', None) is not None and getattr(l, 'activation', None) is not None]
  if getattr(data, 'ndim', 0) == 4 and len(network.outputs) == 1 and len(network.outputs[0].shape) == 2 and len(layers) > 20:
    fit_head(network, heads[-1], data)
  for _ in range(8):
    if not heads or all(variation(o) > 0.05 for o in outputs_of(network, data)):
      break
    heads[-1].kernel.assign(heads[-1].kernel * 2)


def source(tensor):
  """The layer that made a tensor of a Keras model."""
  history = tensor._keras_history
  return history.operation if hasattr(history, 'operation') else history.layer


def residual_branches(layers):
  """The normalizations before additions: one of each addition that has something else to add."""
  found = []
  for layer in layers:
    if type(layer).__name__ not in ('Add', 'Merge'):
      continue
    ends = []
    for tensor in layer.input:
      end = source(tensor)
      while type(end).__name__ in ('Dropout', 'Activation', 'StochasticDepth', 'Multiply'):
        end = source(end.input[0] if isinstance(end.input, list) else end.input)
      ends.append(end)
    norms = [e for e in ends if type(e).__name__ == 'BatchNormalization']
    found += norms[-1:]
  return found


def scale_kernels(network, layers, data):
  """Layer by layer, channels of mean 0 and standard deviation 1, as normalization would make them, for networks without it: behind
  a dozen ReLUs all pictures look alike."""
  Model = tf_keras.Model if isinstance(network, tf_keras.Model) else keras.Model
  for layer in layers[:-1]:
    if not hasattr(layer, 'kernel'):
      continue
    activation, layer.activation = layer.activation, None
    made = np.array(Model(network.input, layer.output)(data, training=False))
    layer.activation = activation
    axes = tuple(range(made.ndim - 1))
    spread = np.maximum(made.std(axes), 1e-6)
    layer.kernel.assign(layer.kernel / spread)
    layer.bias.assign((layer.bias - made.mean(axes)) / spread)


def fit_head(network, head, data):
  """The last layer becomes one that was trained: logits of what colour a picture's four quarters have, by ridge regression."""
  Model = tf_keras.Model if isinstance(network, tf_keras.Model) else keras.Model
  features = np.array(Model(network.input, head.input)(data, training=False)).astype(np.float64).reshape(len(data), -1)
  rows, columns = (np.array_split(np.arange(n), 2) for n in data.shape[1:3])
  wanted = np.stack([data[:, r][:, :, c, k].mean((1, 2)) for r in rows for c in columns for k in range(3)], 1).astype(np.float64)
  wanted = np.resize(wanted.T, (head.kernel.shape[-1], len(data))).T
  wanted = 2 * (wanted - wanted.mean(0)) / wanted.std(0)
  middle = features.mean(0)
  x = features - middle
  strength = 0.3 * np.trace(x @ x.T) / len(x)
  fitted = x.T @ np.linalg.solve(x @ x.T + strength * np.eye(len(x)), wanted)
  head.kernel.assign(fitted.astype('float32').reshape(head.kernel.shape))
  head.bias.assign((-middle @ fitted).astype('float32'))


def outputs_of(network, data):
  made = network(data, training=False)
  made = made.values() if isinstance(made, dict) else made if isinstance(made, (list, tuple)) else [made]
  return [np.array(o) for o in made]


def variation(output):
  """How much an output differs between examples, in parts of its magnitude."""
  if output.dtype.kind != 'f' or output.ndim == 0 or len(output) < 2 or not output.size:
    return 1.0
  return float(output.std(axis=0).max() / max(1e-12, np.abs(output).max()))
