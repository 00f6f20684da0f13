#!/usr/bin/env python3
"""Makes a zoo of SavedModels with Keras 3, to rewrite and to compare with what Python's TFLiteConverter makes of them.

  python3 -m venv venv && venv/bin/pip install tensorflow-cpu==2.21.0 keras==3.15.0
  venv/bin/python make_zoo.py OUT [NAME…]          all models, or those named

Each OUT/NAME/ holds saved_model/ (random weights, fixed seed), data.tfrecord (16 tf.Examples, a feature for each input of
the signature) and python_MODE.tflite for each quantization, or python_MODE.error where Python's converter fails.
"""
import os
import subprocess
import sys

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import keras
import numpy as np
import tensorflow as tf

SAMPLES = 16
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


def save(model, path):
  if isinstance(model, Lookup):
    tf.saved_model.save(model, path, signatures={'serving_default': model.plain, 'words': model.words})
  else:
    fixed = all(i.shape[0] is not None for i in model.inputs)
    model.export(path, verbose=False, input_signature=[
        tf.TensorSpec(i.shape, i.dtype, name=i.name) for i in model.inputs] if fixed else None)


def samples(signature):
  """SAMPLES dictionaries of inputs of batch size 1."""
  rng = np.random.RandomState(7)
  out = []
  for _ in range(SAMPLES):
    sample = {}
    for name, spec in sorted(signature.structured_input_signature[1].items()):
      shape = [1] + list(spec.shape[1:])
      if spec.dtype.is_integer:
        sample[name] = rng.randint(0, 1000, shape).astype(spec.dtype.as_numpy_dtype)
      else:
        sample[name] = rng.uniform(-1, 1, shape).astype('float32')
    out.append(sample)
  return out


def write_examples(path, data):
  with tf.io.TFRecordWriter(path) as writer:
    for sample in data:
      feature = {}
      for name, value in sample.items():
        if value.dtype.kind == 'f':
          feature[name] = tf.train.Feature(float_list=tf.train.FloatList(value=value.ravel()))
        else:
          feature[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=value.ravel()))
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


def main():
  out, names = sys.argv[1], sys.argv[2:]
  for make in ZOO:
    if names and make.__name__ not in names:
      continue
    folder = os.path.join(out, make.__name__)
    os.makedirs(folder, exist_ok=True)
    keras.utils.set_random_seed(1)
    path = os.path.join(folder, 'saved_model')
    save(make(), path)
    data = samples(tf.saved_model.load(path).signatures['serving_default'])
    write_examples(os.path.join(folder, 'data.tfrecord'), data)
    for mode in ('none', 'float16', 'dynamic_range', 'int8', 'int16x8'):
      base = os.path.join(folder, 'python_' + mode)
      # In a process of its own: some of these conversions crash.
      done = subprocess.run([sys.executable, os.path.abspath(__file__), '--convert', path, mode, base],
                            capture_output=True, text=True)
      if os.path.exists(base + '.tflite'):
        print(make.__name__, mode, os.path.getsize(base + '.tflite'), flush=True)
        continue
      if not os.path.exists(base + '.error'):
        with open(base + '.error', 'w') as f:
          f.write(f'exit status {done.returncode}: {done.stderr[-2000:]}')
      with open(base + '.error') as f:
        print(make.__name__, mode, 'failed:', f.read(200).replace('\n', ' '), flush=True)


def convert_one(path, mode, base):
  data = samples(tf.saved_model.load(path).signatures['serving_default'])
  try:
    model = convert(path, mode, data)
  except Exception as e:  # what Python says is part of the comparison
    with open(base + '.error', 'w') as f:
      f.write(str(e))
    return
  with open(base + '.tflite', 'wb') as f:
    f.write(model)


if __name__ == '__main__':
  if sys.argv[1] == '--convert':
    convert_one(*sys.argv[2:])
  else:
    main()
