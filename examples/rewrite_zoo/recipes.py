"""What the zoo's models are made with: the list of them, data, and weights that are not those of an initializer.

    @model(batch=1, high=50)
    def gpt_block(): …

A recipe gives a Keras model (Keras 3 or tf_keras), which is exported as a user would, `model.export(dir)`; or a tf.Module and its
signatures. Options, all optional:
  batch  exports with this batch size, through `input_signature`
  high   integers are drawn below this; default 12
  sides  the sizes that open sides besides the batch get; default (8, 12)
  rows   the first side is a fixed batch: an Example is one row of it
  fed    {input: function of (random state, shape)}, for inputs that need more than random numbers
  random the same input is answered in two ways: not compared
  known  {part of a message: why it is right to fail so}
"""
import dataclasses
from typing import Any, Callable

import numpy as np

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
  random: bool = False
  known: dict[str, str] = dataclasses.field(default_factory=dict)


def model(**options):
  def add(make):
    MODELS[make.__name__] = Recipe(make.__name__, make, **options)
    return make
  return add


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
    out[name] = made.astype(dtype)
  return out


def settle(network, data, rng):
  """Gives an untrained Keras model weights such as training leaves: biases that are not zero, normalization by the data's
  statistics, and outputs that vary from example to example."""
  layers = list(network._flatten_layers())
  for layer in layers:
    for w in layer.weights if not getattr(layer, '_layers', None) else []:
      name, value = w.name.split('/')[-1].split(':')[0], np.array(w)
      if value.dtype != np.float32:
        continue
      if name in ('bias', 'beta') and not value.any() or name == 'depthwise_bias':
        w.assign(0.1 * rng.randn(*value.shape).astype('float32'))
      elif name == 'gamma':  # ConvNeXt's start at 1e-6, so that its blocks do nothing.
        w.assign(rng.uniform(0.6, 1.4, value.shape).astype('float32'))
    if type(layer).__name__ == 'BatchNormalization':
      layer.momentum = 0.0
  if any(type(layer).__name__ == 'BatchNormalization' for layer in layers):
    network(data, training=True)
  heads = [l for l in layers if getattr(l, 'kernel', None) is not None and getattr(l, 'activation', None) is not None]
  for _ in range(8):
    if not heads or all(variation(o) > 0.05 for o in outputs_of(network, data)):
      break
    heads[-1].kernel.assign(heads[-1].kernel * 2)


def outputs_of(network, data):
  made = network(data, training=False)
  made = made.values() if isinstance(made, dict) else made if isinstance(made, (list, tuple)) else [made]
  return [np.array(o) for o in made]


def variation(output):
  """How much an output differs between examples, in parts of its magnitude."""
  if output.dtype.kind != 'f' or output.ndim == 0 or len(output) < 2:
    return 1.0
  return float(output.std(axis=0).max() / max(1e-12, np.abs(output).max()))
