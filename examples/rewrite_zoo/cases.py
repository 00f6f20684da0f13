# SPDX-License-Identifier: Apache-2.0
"""Situations that people have reported, each with a small model or data set made here, and what tfxm must make of it.

  python cases.py TFXM [B09 B26 …]        (TensorFlow 2.21, Keras 3; TFXM is the program)

Prints a line a case; exit status 1 if one is not as it should be.
"""
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

os.environ.update(TF_CPP_MIN_LOG_LEVEL='3', CUDA_VISIBLE_DEVICES='', TF_NUM_INTRAOP_THREADS='1')
import keras
import numpy as np
import tensorflow as tf

L = keras.layers
TFXM = None
CASES = {}


def case(function):
  CASES[function.__name__] = function
  return function


class Run:
  """A finished command: status, stdout and stderr together."""

  def __init__(self, *arguments):
    done = subprocess.run([TFXM, *arguments], capture_output=True, text=True, errors='replace')
    self.status, self.text = done.returncode, done.stdout + done.stderr

  def ok(self):
    assert self.status == 0, self.text[-1500:]
    return self

  def refused(self, *says):
    assert self.status not in (0, 2), f'exit status {self.status}: {self.text[-1500:]}'
    return self.says(*says)

  def says(self, *words):
    for word in words:
      assert re.search(word, self.text), f'nothing of "{word}" in: {self.text[-2500:]}'
    return self


def rewrite(model, mode='none', data='data.tfrecord', *more):
  return Run('rewrite', f'--saved_model={model}', f'--output=lite_{model}_{mode}', f'--quantization={mode}',
             *([f'--representative_data={data}'] if data else []), *more)


def advised(run):
  """The flags that a refusal says were tried and work."""
  advice = re.findall(r'tried, and within the limits: (.*)', run.says('tried, and within the limits').text)[0]
  return re.findall(r'--calibration=\w+', advice)[:1] + [
      f'--{flag}={layer}' for flag, layer in re.findall(r"--(keep_float|int16_layers)='([^']*)'", advice)]


def ops(path):
  """Operator -> (count, how many compute with integers)."""
  inspection = json.loads(Run('inspect', path, '--format=json').ok().text)
  return inspection, inspection['ops']


def record(values):
  features = {}
  for name, value in values.items():
    if isinstance(value, (bytes, str)):
      value = value.encode() if isinstance(value, str) else value
      features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    elif isinstance(value, int):
      features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    else:
      features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=np.ravel(value)))
  return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def write(path, rows):
  with tf.io.TFRecordWriter(path) as out:
    for row in rows:
      out.write(record(row))


def rows(n, shape, name='x', seed=0):
  generator = np.random.default_rng(seed)
  return [{name: generator.normal(size=shape).astype('float32')} for _ in range(n)]


def weights(*shape, scale=0.4, seed=5):
  return tf.constant(np.random.default_rng(seed).normal(size=shape) * scale, tf.float32)


def save(function, *specs, name='model'):
  module = tf.Module()
  module.serve = tf.function(function, input_signature=[tf.TensorSpec(shape, tf.float32, name=n) for n, shape in specs])
  tf.saved_model.save(module, name, {'serving_default': module.serve})


def classifier():
  x = keras.Input((16,), name='x')
  model = keras.Model(x, L.Dense(5, activation='softmax')(L.Dense(24, activation='relu')(x)))
  for i, layer in enumerate(model.layers[1:]):
    layer.set_weights([weights(*w.shape, scale=.8, seed=i).numpy() for w in layer.get_weights()])
  model.export('model', verbose=False)


@case
def B02():
  """A FULLY_CONNECTED of rank 7, which XNNPACK takes and cannot run."""
  kernel = weights(6, 1, 1, 1)
  save(lambda x: {'y': tf.expand_dims(tf.tensordot(tf.reshape(x, (1, 1, 1, 6)), kernel, 1), -1)}, ('x', [1, 3, 2]))
  write('data.tfrecord', rows(10, (3, 2)))
  run = rewrite('model')
  if run.status:
    run.refused('XNNPACK', 'rank|dimensions')


@case
def B03():
  """NaN goes through exp in one example."""
  save(lambda x: {'y': tf.exp(x)}, ('x', [None, 4]))
  data = rows(9, 4)
  data[2]['x'][1] = np.nan
  write('data.tfrecord', data)
  run = rewrite('model')
  if run.status:
    run.refused('output "y" is nan in the SavedModel', 'record 2 of data', 'EXP')
  save(lambda x: {'y': x + x}, ('x', [None, 4]), name='same')
  rewrite('same').ok()


@case
def B05():
  """Values so large that SiLU becomes NaN in one of the models."""
  save(lambda x: {'y': tf.nn.silu(x)}, ('x', [None, 4]))
  data = rows(9, 4)
  data[5]['x'] = np.array([-3e30, -1e4, 1, 2], 'float32')
  write('data.tfrecord', data)
  run = rewrite('model')
  if run.status:
    run.refused('record 5 of data', 'output "y"', 'LOGISTIC|MUL')


@case
def B08():
  """An infinity in the representative data."""
  save(lambda x: {'y': tf.nn.relu(x)}, ('x', [None, 4]))
  data = rows(12, 4)
  data[7]['x'][0] = -np.inf
  write('data.tfrecord', data)
  for mode in ('int8', 'int16x8'):
    rewrite('model', mode).ok().says('feature "x" is NaN or infinite in 1 of 12 examples', 'record 7 of data')


@case
def B09():
  """Masks of 1e30 leave nothing of the logits."""
  kernel = weights(8, 8)
  save(lambda x, m: {'y': tf.nn.softmax(x @ kernel - (1 - m) * 1e30)}, ('x', [None, 8]), ('m', [None, 8]))
  data = rows(50, 8)
  for row in data:
    row['m'] = np.array([1] * 5 + [0] * 3, 'float32')
  write('data.tfrecord', data)
  rewrite('model').ok()
  for mode in ('int8', 'int16x8'):
    run = rewrite('model', mode)
    if run.status:
      flags = advised(run.refused('same for every example', r'SUB ".*" of \[-1e\+30'))
      rewrite('model', mode, 'data.tfrecord', *flags).ok()
    rewrite('model', mode, 'data.tfrecord', '--keep_float_automatically').ok()


@case
def B15():
  """Recurrent layers of any batch size: they convert and keep it, and exporting them with a batch of 1 does, too."""
  write('data.tfrecord', rows(20, (6, 3)))
  for kind in (L.LSTM, L.GRU, lambda n: L.Bidirectional(L.LSTM(n))):
    x = keras.Input((6, 3), name='x')
    model = keras.Model(x, L.Dense(2)(kind(5)(x)))
    shutil.rmtree('model', ignore_errors=True)
    model.export('model', verbose=False)
    for mode in ('none', 'int8'):
      rewrite('model', mode).ok()
      Run('inspect', f'lite_model_{mode}/tflite').says(r'\[None, 6, 3\]')
  shutil.rmtree('advised', ignore_errors=True)
  model.export('advised', verbose=False, input_signature=[tf.TensorSpec((1, 6, 3), name='x')])
  rewrite('advised').ok()


@case
def B22():
  """Dilated convolutions: one operator."""
  x = keras.Input((24, 16, 2), name='x')
  keras.Model(x, L.Conv2D(8, 3, dilation_rate=(2, 1), padding='same')(x)).export('model', verbose=False)
  x = keras.Input((10, 12), name='x')
  y = L.Conv1D(8, 3, dilation_rate=2, padding='same', use_bias=False)(x)
  keras.Model(x, L.GlobalMaxPooling1D()(y)).export('model_1d', verbose=False)
  write('data.tfrecord', rows(20, (24, 16, 2)))
  write('data_1d.tfrecord', rows(20, (10, 12)))
  for model, data in (('model', 'data.tfrecord'), ('model_1d', 'data_1d.tfrecord')):
    for mode in ('none', 'int8'):
      rewrite(model, mode, data).ok()
      assert 'SPACE_TO_BATCH_ND' not in ops(f'lite_{model}_{mode}/tflite')[1]


@case
def B24():
  """The same with a batch normalization behind it."""
  x = keras.Input((16, 16, 3), name='x')
  normalization = L.BatchNormalization()
  y = L.Conv2D(8, 3, padding='same', dilation_rate=2, use_bias=False)(x)
  model = keras.Model(x, L.ReLU()(normalization(y)))
  generator = np.random.default_rng(1)
  normalization.set_weights([generator.random(8) + .5, generator.normal(size=8), generator.normal(size=8),
                             generator.random(8) + .2])
  model.export('model', verbose=False)
  write('data.tfrecord', rows(30, (16, 16, 3)))
  for mode in ('none', 'int8'):
    rewrite('model', mode).ok()
    made = ops(f'lite_model_{mode}/tflite')[1]
    assert 'SPACE_TO_BATCH_ND' not in made and 'MUL' not in made and 'ADD' not in made, made


@case
def B25():
  """A channel whose weights are next to nothing."""
  x = keras.Input((8, 8, 3), name='x')
  layer = L.Conv2D(4, 3)
  model = keras.Model(x, layer(x))
  kernel = weights(3, 3, 3, 4).numpy()
  kernel[..., 1] = 1e-20
  layer.set_weights([kernel, np.array([.1, -1.2, .2, .3], 'float32')])
  model.export('model', verbose=False)
  write('data.tfrecord', rows(30, (8, 8, 3)))
  for mode in ('none', 'float16', 'dynamic_range', 'int8', 'int16x8'):
    rewrite('model', mode).ok()


@case
def B26():
  """Sums and differences that are always, or next to, zero."""
  kernel = weights(16, 4)
  save(lambda a, b: {'y': (a + b) @ kernel}, ('a', [None, 16]), ('b', [None, 16]))
  save(lambda a, b: {'y': tf.nn.relu(a - b)}, ('a', [None, 16]), ('b', [None, 16]), name='minus')
  data = [{'a': row['x'], 'b': -row['x']} for row in rows(20, 16)]
  write('data.tfrecord', data)
  write('close.tfrecord', [{'a': 1000 * row['a'], 'b': 1000 * row['b'] + 1e-4} for row in data])
  write('equal.tfrecord', [{'a': row['a'], 'b': row['a']} for row in data])
  for mode in ('int8', 'int16x8'):
    for model, file in (('model', 'data'), ('model', 'close'), ('minus', 'equal')):
      for more in ([], ['--keep_float_automatically']):
        run = rewrite(model, mode, f'{file}.tfrecord', *more)
        if not more or run.status:
          run.says('stays in float: (ADD|SUB)|nothing would be left to quantize')


@case
def B29():
  """A transposed convolution of open sides."""
  x = keras.Input((None, None, 3), name='x')
  y = L.Conv2DTranspose(3, 4, strides=2, padding='same')(L.Conv2D(8, 4, strides=2, padding='same')(x))
  keras.Model(x, y).export('model', verbose=False)
  for side in (8, 16, 24):
    write(f'{side}.tfrecord', rows(10, (side, side, 3)))
    for mode in ('none', 'int8', 'int16x8'):
      rewrite('model', mode, f'{side}.tfrecord').ok()
  write('wide.tfrecord', rows(10, (16, 24, 3)))
  rewrite('model', 'int8', 'wide.tfrecord').refused('--input_shape=x:1,')
  rewrite('model', 'int8', 'wide.tfrecord', '--input_shape=x:1,16,24,3').ok()


@case
def B51():
  """Convolutions that cannot work at sides of 1."""
  x = keras.Input((None, None, 3), name='image')
  keras.Model(x, L.Dense(3)(L.GlobalAveragePooling2D()(L.Conv2D(8, 3)(x)))).export('model', verbose=False)
  x = keras.Input((None, 3), name='x')
  keras.Model(x, L.Dense(2)(L.GlobalMaxPooling1D()(L.Conv1D(8, 5)(x)))).export('model_1d', verbose=False)
  write('data.tfrecord', rows(20, (24, 24, 3), 'image'))
  write('data_1d.tfrecord', rows(20, (40, 3)))
  for mode in ('none', 'int8'):
    rewrite('model', mode).ok()
    rewrite('model_1d', mode, 'data_1d.tfrecord').ok()
  rewrite('model', 'none', None, '--input_shape=image:1,20,30,3').ok()


@case
def B53():
  """A few examples with an outlier ruin the calibration."""
  classifier()
  data = rows(100, 16)
  for i in (10, 50):
    data[i]['x'][i % 16] = 3000
  write('data.tfrecord', data)
  run = rewrite('model', 'int8').refused('feature "x" is up to 3000 in 2 of 100 examples', 'record 10 of', 'record 50 of',
                                         '--calibration=percentile')
  assert '100.00%' not in run.text, run.text
  rewrite('model', 'int8', 'data.tfrecord', *advised(run)).ok()
  rewrite('model', 'int8', 'data.tfrecord', '--keep_float_automatically').ok()
  used = ops('lite_model_int8/tflite')[1]
  assert used['FULLY_CONNECTED']['quantized'] == 2, used


@case
def B54():
  """One NaN in a hundred examples."""
  classifier()
  data = rows(100, 16)
  data[57]['x'][3] = np.nan
  write('data.tfrecord', data)
  rewrite('model', 'int8').ok().says('1 of 100 examples are left out of calibration: record 57 of')
  run = rewrite('model')
  if run.status:
    run.refused('record 57 of data', 'output "output_0"')


@case
def B55():
  """Boxes in pixels and scores in one output."""
  boxes, scores = weights(32, 40, scale=.2), weights(32, 10, scale=1.5, seed=2)

  def detect(x):
    return {'detections': tf.concat([tf.reshape(tf.sigmoid(x @ boxes), [-1, 10, 4]) * 640.,
                                     tf.reshape(tf.sigmoid(x @ scores - 3.), [-1, 10, 1])], -1)}

  save(detect, ('x', [None, 32]))
  write('data.tfrecord', rows(100, 32))
  run = rewrite('model', 'int8').refused('column 4 of output "detections"')
  rewrite('model', 'int8', 'data.tfrecord', *advised(run)).ok()
  rewrite('model', 'int8', 'data.tfrecord', '--keep_float_automatically').ok()


@case
def B56():
  """Calibrated in 0..255, evaluated in 0..1."""
  classifier()
  generator = np.random.default_rng(3)
  write('data.tfrecord', [{'x': generator.integers(0, 256, 16).astype('float32')} for _ in range(100)])
  for name, scale in (('ones', 1), ('bytes', 255)):
    write(f'{name}.tfrecord', [{'x': scale * generator.random(16), 'label': i % 5} for i in range(100)])
  with open('eval.pbtxt', 'w') as out:
    out.write('model_specs { name: "saved" label_key: "label" is_baseline: true }\n'
              'model_specs { name: "lite" model_type: "tf_lite" label_key: "label" }\nslicing_specs {}\n'
              'metrics_specs { metrics { class_name: "SparseCategoricalAccuracy" } }\n')
  for types in ([], ['--input_type=uint8', '--output_type=uint8']):
    rewrite('model', 'int8', 'data.tfrecord', *types).ok()

    def evaluate(name):
      return Run('evaluate', '--eval_config=eval.pbtxt', f'--data={name}.tfrecord', '--model=saved=model',
                 '--model=lite=lite_model_int8/tflite', f'--output=evaluation_{name}').ok()

    evaluate('ones').says('quantized input "x" sees 2 of 256 levels')
    assert 'levels' not in evaluate('bytes').text


@case
def B72():
  """AUC of probabilities that all lie in one of its bins."""
  generator = np.random.default_rng(1)
  labels = [int(i % 50 == 0) for i in range(4000)]
  predictions = [float(np.float32(1e-4 * generator.random() + 5e-5 * label)) for label in labels]
  write('data.tfrecord', [{'label': y, 'p': [p]} for y, p in zip(labels, predictions)])
  rank = np.argsort(np.argsort(predictions))
  positive = np.array(labels) == 1
  n = positive.sum()
  exact = (rank[positive].sum() - n * (n - 1) / 2) / (n * (len(labels) - n))

  def auc(config):
    with open('eval.pbtxt', 'w') as out:
      out.write('model_specs { label_key: "label" prediction_key: "p" }\nslicing_specs {}\n'
                'metrics_specs { metrics { class_name: "AUC"%s } }\n' % config)
    run = Run('evaluate', '--eval_config=eval.pbtxt', '--data=data.tfrecord', '--output=evaluation').ok()
    table = Run('show', 'evaluation', '--format=csv').ok().text
    return run, float(re.findall(r'auc[^\n]*?,([0-9.]+)', table)[-1])

  run, _ = auc('')
  run.says('lie in one of the 10,000 bins', 'thresholds')
  config = re.findall(r"config: '([^']*)'", run.text)[0]
  _, finer = auc(" config: '%s'" % config)
  assert abs(finer - exact) < 0.01, (finer, exact)


@case
def B73():
  """Slices by NaN, in two orders."""
  values = [float('nan'), .5, float('nan'), 2.5, -0., 0.]
  for order in (values, values[::-1], values[1:] + values[:1]):
    write('data.tfrecord', [{'label': 1, 'p': [.7], 'f': [v]} for v in order * 10])
    with open('eval.pbtxt', 'w') as out:
      out.write('model_specs { label_key: "label" prediction_key: "p" }\nslicing_specs { feature_keys: "f" }\n'
                'metrics_specs { metrics { class_name: "ExampleCount" } }\n')
    Run('evaluate', '--eval_config=eval.pbtxt', '--data=data.tfrecord', '--output=evaluation').ok()
    text = Run('show', 'evaluation', '--format=csv').ok().text
    counts = re.findall(r'^f: ?([^,]*),.*example_count.*?,([0-9.]+),', text, re.M)
    assert len(counts) == 4 and any(name == 'nan' and float(count) == 20 for name, count in counts), text


@case
def B90():
  """Damaged and odd gzip files."""
  write('plain', [{'a': i} for i in range(100)])
  with open('plain', 'rb') as f:
    plain = f.read()
  for name, content in {'named.gz': plain, 'padded.gz': gzip.compress(plain) + bytes(512),
                        'cut.gz': gzip.compress(plain)[:-20]}.items():
    with open(name, 'wb') as f:
      f.write(content)
  Run('stats', '--data=named.gz').refused('not compressed')
  Run('stats', '--data=padded.gz').ok().says('warning: .*padded.gz: trailing zero bytes')
  Run('stats', '--data=cut.gz').refused('truncated')


@case
def B92():
  """Values that are too large for a domain."""
  write('data.tfrecord', [{'blob': b'\0' * (5 << 20), 'n': 1}, {'blob': 'short', 'n': 2}])
  Run('schema', '--data=data.tfrecord', '--infer_feature_shape', '--output=schema.pbtxt').ok()
  assert os.path.getsize('schema.pbtxt') < 10000


@case
def training_mode():
  """A model behind Resizing, which Keras 3 exports in training mode; and as the note says."""
  inputs = keras.Input((None, None, 3), name='image')
  x = L.BatchNormalization()(L.Conv2D(4, 3)(L.Resizing(8, 8)(inputs)))
  model = keras.Model(inputs, L.Dense(2)(L.Flatten()(x)))
  write('data.tfrecord', rows(20, (9, 9, 3), 'image'))
  model.export('plain', verbose=False)
  said = rewrite('plain').ok().text
  if 'training=False' not in said:  # A Keras that does not do so.
    assert 'each example is answered as alone' in said, said
    return
  assert re.search(r"batch's own mean and variance \(\S*batch_norm", said), said
  keras.Model(model.input, model(model.input, training=False)).export('advised', verbose=False)
  said = rewrite('advised').ok().says('each example is answered as alone').text
  assert 'training=False' not in said, said


def main():
  global TFXM
  TFXM = os.path.abspath(sys.argv[1])
  failed = []
  start = os.getcwd()
  for name in sys.argv[2:] or CASES:
    title = CASES[name].__doc__.split('\n')[0]
    with tempfile.TemporaryDirectory() as directory:
      os.chdir(directory)
      try:
        CASES[name]()
        print(f'{name} ok      {title}', flush=True)
      except Exception as error:
        failed.append(name)
        where = traceback.extract_tb(error.__traceback__)[1]
        print(f'{name} FAILED  {title}\n  line {where.lineno}: {where.line}\n  {error}', flush=True)
      os.chdir(start)
    keras.backend.clear_session()
  if failed:
    print(f'{len(failed)} of the cases are not as they should be: {" ".join(failed)}')
  return bool(failed)


if __name__ == '__main__':
  sys.exit(main())
