#!/usr/bin/env python3
"""Makes a zoo of SavedModels with Keras 3, to rewrite and to compare with what Python's TFLiteConverter makes of them.

  python3 -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.0
  venv/bin/python make_zoo.py OUT [NAME…]          all models, or those named; "zoo" and "more" stand for all of a kind
  venv/bin/python make_zoo.py OUT --convert_only NAME…     SavedModels that are there already (keras2_models.py)

Each OUT/NAME/ holds saved_model/ (the zoo's are trained for a few steps, so that weights and statistics of batch
normalization are not those of the initializers), data.tfrecord (16 tf.Examples, a feature for each input of the signature) and
python_MODE.tflite for each quantization, or python_MODE.error where Python's converter fails.
"""
import json
import os
import subprocess
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import keras
import numpy as np
import tensorflow as tf

import more_models

SAMPLES = 16
MODES = ('none', 'float16', 'dynamic_range', 'int8', 'int16x8')
IMAGE = (96, 96, 3)
L = keras.layers


def mobilenet_v2():
  return keras.applications.MobileNetV2(input_shape=IMAGE, weights=None, classes=10)


def mobilenet_v3_small():
  return keras.applications.MobileNetV3Small(input_shape=IMAGE, weights=None, classes=10)


def efficientnet_b0():
  return keras.applications.EfficientNetB0(input_shape=IMAGE, weights=None, classes=10)


def resnet50():
  return keras.applications.ResNet50(input_shape=IMAGE, weights=None, classes=10)


def cnn_batchnorm():
  x = inputs = keras.Input((28, 28, 1), name='image')
  for filters in (8, 16):
    x = L.Conv2D(filters, 3, padding='same', use_bias=False)(x)
    x = L.BatchNormalization()(x)
    x = L.ReLU()(x)
    x = L.MaxPooling2D()(x)
  x = L.Flatten()(x)
  return keras.Model(inputs, L.Dense(10, activation='softmax')(x))


def lstm(batch_size=1):
  inputs = keras.Input((12, 8), batch_size=batch_size, name='sequence')
  return keras.Model(inputs, L.Dense(4, activation='softmax')(L.LSTM(16)(inputs)))


def gru():
  inputs = keras.Input((12, 8), batch_size=1, name='sequence')
  return keras.Model(inputs, L.Dense(4, activation='softmax')(L.GRU(16)(inputs)))


def lstm_any_batch():
  """Cannot become TFLite operators."""
  return lstm(batch_size=None)


def transformer():
  x = inputs = keras.Input((16, 32), name='tokens')
  a = L.MultiHeadAttention(2, 16)(x, x)
  x = L.LayerNormalization()(x + a)
  f = L.Dense(32)(L.Dense(64, activation='gelu')(x))
  x = L.LayerNormalization()(x + f)
  return keras.Model(inputs, L.Dense(4, activation='softmax')(L.GlobalAveragePooling1D()(x)))


def text_embedding():
  inputs = keras.Input((20,), dtype='int32', name='ids')
  x = L.GlobalAveragePooling1D()(L.Embedding(1000, 16)(inputs))
  return keras.Model(inputs, L.Dense(1, activation='sigmoid')(L.Dense(16, activation='relu')(x)))


def two_in_two_out():
  a, b = keras.Input((8,), name='left'), keras.Input((4,), name='right')
  x = L.Dense(16, activation='relu')(L.Concatenate()([a, b]))
  return keras.Model([a, b], {'score': L.Dense(1, name='s')(x), 'classes': L.Dense(3, activation='softmax', name='c')(x)})


class Lookup(tf.Module):
  """A model whose other signature looks strings up; the one to rewrite does not."""

  def __init__(self):
    self.table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(['a', 'b', 'c'], tf.constant([1, 2, 3], tf.int64)), -1)
    self.w = tf.Variable(np.random.RandomState(1).randn(4, 3).astype('float32'))

  @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name='x')])
  def plain(self, x):
    return {'y': tf.nn.softmax(x @ self.w)}

  @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name='words')])
  def words(self, words):
    return {'ids': self.table.lookup(words)}


def string_lookup():
  return Lookup()


ZOO = [mobilenet_v2, mobilenet_v3_small, efficientnet_b0, resnet50, cnn_batchnorm, lstm, gru, lstm_any_batch,
       transformer, text_embedding, two_in_two_out, string_lookup]


def train(model, steps=20):
  """Towards classes that can be told apart, or towards random numbers: only so that the weights are somebody's."""
  rng = np.random.RandomState(3)
  for layer in model._flatten_layers():
    if isinstance(layer, L.BatchNormalization):
      layer.momentum = 0.8
  batch = model.inputs[0].shape[0] or 16
  losses, targets = [], []
  labels = rng.randint(0, 3, steps * batch)
  inputs = [random_values(rng, [steps * batch] + [d or 8 for d in i.shape[1:]], i.dtype) for i in model.inputs]
  for x in inputs:
    if x.dtype == np.float32:  # A pattern for each class.
      x *= 0.5
      x += rng.uniform(-0.5, 0.5, (3,) + x.shape[1:]).astype('float32')[labels]
  for output in model.outputs:
    if output.shape[-1] is not None and 'softmax' in output.name.lower() or len(output.shape) == 2 and output.shape[-1] >= 3:
      losses.append('sparse_categorical_crossentropy')
      targets.append(labels)
    else:
      losses.append('mse')
      targets.append(rng.uniform(0, 1, [steps * batch] + [d or 8 for d in output.shape[1:]]).astype('float32'))
  like_outputs = lambda values: keras.tree.pack_sequence_as(model._outputs_struct, values)
  like_inputs = lambda values: keras.tree.pack_sequence_as(model._inputs_struct, values)
  model.compile('adam', like_outputs(losses))
  model.fit(like_inputs(inputs), like_outputs(targets), batch_size=batch, epochs=1, verbose=0)


def save(model, path, signatures=None):
  if isinstance(model, Lookup):
    signatures = {'serving_default': model.plain, 'words': model.words}
  if signatures:
    tf.saved_model.save(model, path, signatures=signatures)
  else:
    fixed = all(i.shape[0] is not None for i in model.inputs)
    model.export(path, verbose=False, input_signature=[
        tf.TensorSpec(i.shape, i.dtype, name=i.name) for i in model.inputs] if fixed else None)


def random_values(rng, shape, dtype):
  dtype = tf.as_dtype(dtype)
  if dtype == tf.string:
    if len(shape) != 1:
      return np.array([b'a', b'b', b'q'], object)[rng.randint(0, 3, shape)]
    return np.array([tf.train.Example(features=tf.train.Features(feature={'x': tf.train.Feature(
        float_list=tf.train.FloatList(value=rng.uniform(-1, 1, 4)))})).SerializeToString() for _ in range(shape[0])], object)
  if dtype == tf.bool:
    return rng.randint(0, 2, shape).astype(bool)
  if dtype.is_integer:
    return rng.randint(0, 256 if dtype == tf.uint8 else 12, shape).astype(dtype.as_numpy_dtype)
  return rng.uniform(-1, 1, shape).astype(dtype.as_numpy_dtype)


def samples(signature):
  """SAMPLES dictionaries of inputs of batch size 1."""
  rng = np.random.RandomState(7)
  return [{spec.name or name: random_values(rng, [1 if d is None and i == 0 else 8 if d is None else d for i, d in enumerate(spec.shape)],
                               spec.dtype)
           for name, spec in sorted(signature.structured_input_signature[1].items())} for _ in range(SAMPLES)]


def write_examples(path, data):
  with tf.io.TFRecordWriter(path) as writer:
    for sample in data:
      feature = {}
      for name, value in sample.items():
        if value.dtype.kind == 'f':
          feature[name] = tf.train.Feature(float_list=tf.train.FloatList(value=value.ravel()))
        elif value.dtype.kind == 'O':
          feature[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=list(value.ravel())))
        else:
          feature[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=value.ravel().astype(np.int64)))
      writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


def convert(path, mode, data):
  converter = tf.lite.TFLiteConverter.from_saved_model(path, signature_keys=['serving_default'])
  if mode != 'none':
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
  if mode == 'float16':
    converter.target_spec.supported_types = [tf.float16]
  if mode in ('int8', 'int16x8'):
    def representative_dataset():
      for sample in data:
        yield sample
    converter.representative_dataset = representative_dataset
    ops = tf.lite.OpsSet
    converter.target_spec.supported_ops = [
        ops.TFLITE_BUILTINS_INT8 if mode == 'int8' else
        ops.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, ops.TFLITE_BUILTINS]
  return converter.convert()


def convert_all(work):
  """[[folder, mode], …]: each is tried once; what is being tried is noted, for the parent to know if this process dies."""
  for folder, mode in work:
    base = os.path.join(folder, 'python_' + mode)
    with open(base + '.error', 'w') as f:
      f.write('the process crashed')
    path = os.path.join(folder, 'saved_model')
    try:
      made = convert(path, mode, samples(tf.saved_model.load(path).signatures['serving_default']))
    except Exception as e:  # what Python says is part of the comparison
      with open(base + '.error', 'w') as f:
        f.write(str(e))
      continue
    with open(base + '.tflite', 'wb') as f:
      f.write(made)
    os.remove(base + '.error')


def tried(folder, mode):
  base = os.path.join(folder, 'python_' + mode)
  return os.path.exists(base + '.tflite') or os.path.exists(base + '.error')


def main():
  out, names = sys.argv[1], sys.argv[2:]
  made_already = '--convert_only' in names
  zoo = {make.__name__: make for make in ZOO}
  everything = {**zoo, **more_models.MODELS}
  chosen = []
  for name in names or ['zoo', 'more']:
    chosen += zoo if name == 'zoo' else more_models.MODELS if name == 'more' else [name] if name[0] != '-' else []
  folders = []
  for name in chosen:
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    folders.append(folder)
    path = os.path.join(folder, 'saved_model')
    if not made_already and not os.path.exists(path):
      keras.utils.set_random_seed(1)
      made = everything[name]()
      model, signatures = made if isinstance(made, tuple) else (made, None)
      if isinstance(model, keras.Model):
        train(model)
      save(model, path, signatures)
    write_examples(os.path.join(folder, 'data.tfrecord'), samples(tf.saved_model.load(path).signatures['serving_default']))
    print(name, flush=True)
  # In processes of their own: some of these conversions crash.
  while True:
    work = [[f, m] for f in folders for m in MODES if not tried(f, m)]
    if not work:
      break
    subprocess.run([sys.executable, os.path.abspath(__file__), '--convert', json.dumps(work)], capture_output=True)


if __name__ == '__main__':
  if sys.argv[1] == '--convert':
    convert_all(json.loads(sys.argv[2]))
  else:
    main()
