# SPDX-License-Identifier: Apache-2.0
"""Writes the files in this folder with TensorFlow Data Validation 1.15.1 (Python 3.10): python make_goldens.py

Not part of the build or the tests.
"""
import math
import random

from google.protobuf import text_format
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

NAN, INF = float('nan'), float('inf')
EMPTY = object()   # An Int64List without values.
UNSET = object()   # A Feature without a list.


def example(features):
  result = tf.train.Example()
  for name, values in features.items():
    feature = result.features.feature[name]
    if values is UNSET:
      continue
    if values is EMPTY:
      feature.int64_list.SetInParent()
      continue
    values = values if isinstance(values, list) else [values]
    if isinstance(values[0], int):
      feature.int64_list.value.extend(values)
    elif isinstance(values[0], float):
      feature.float_list.value.extend(values)
    else:
      feature.bytes_list.value.extend(values)
  return result


def make_examples(seed, n, shift):
  rnd = random.Random(seed)
  for i in range(n):
    f = {
        'bad_utf8': b'\xff\xfe' + bytes([i % 5]) if i % 3 == 0 else b'ok',
        'big': float(rnd.gauss(0, 1) * 1e30),
        'bool_int': i % 2,
        'bool_string': b'true' if i % 2 else b'false',
        'category': (i * i) % (11 + shift),
        'constant': 3.25,
        'extreme': 2**63 - 1 if i % 2 else -2**63,
        'float_string': b'%d.5' % (i % 10),
        'id': b'id%d' % (i + shift * 7),
        'image': bytes(range(i % 7)),
        'int_string': b'%d' % (i % 40 - 3),
        'many': [rnd.gauss(shift, 2) for _ in range(20)],
        'nan': NAN,
        'negative': -float(rnd.randint(1, 100)),
        'several': [rnd.randint(-5, 5) for _ in range(rnd.randint(1, 4))],
        'time': rnd.randint(1356998400, 1480000000),
        'utf8': ('gr\u00fcn%d' % (i % 9 + shift)).encode(),
        'unset': UNSET,
        'w': rnd.choice([0.0, 0.5, 2.0, 1.25]),
        'with_inf': INF if i % 11 == 0 else -INF if i % 13 == 0 else float(i % 50),
        'with_nan': NAN if i % 7 == 0 else float(i),
    }
    if rnd.random() < .7:
      f['optional'] = [rnd.gauss(0, 1) for _ in range(rnd.randint(1, 6))]
    if rnd.random() < .3:
      f['sometimes_empty'] = EMPTY
    elif rnd.random() < .5:
      f['sometimes_empty'] = [1, 2]
    if i >= n - 10:
      f['late'] = float(i)
    yield example(f)


ROLES = text_format.Parse("""
    feature { name: "category" type: INT int_domain { is_categorical: true } }
    feature { name: "bool_int" type: INT bool_domain {} }
    feature { name: "several" type: INT int_domain { is_categorical: true } }
    feature { name: "image" type: BYTES image_domain {} }
    feature { name: "utf8" type: FLOAT image_domain {} }""", schema_pb2.Schema())


def mutate(schema, rnd):
  schema.default_environment.extend(['TRAINING', 'SERVING'])
  if rnd.random() < .5:
    schema.dataset_constraints.min_examples_count = rnd.choice([10, 1000])
    schema.dataset_constraints.num_examples_drift_comparator.max_fraction_threshold = rnd.choice([.5, 5.])
  for f in list(schema.feature):
    if f.name == 'extreme':
      continue
    chance = lambda p: rnd.random() < p
    if chance(.08): f.type = rnd.choice([1, 2, 3])
    if chance(.1): f.presence.min_fraction = rnd.choice([.5, .9, 1., -1, 2])
    if chance(.1): f.presence.min_count = rnd.choice([0, 100, 100000])
    if chance(.1): f.value_count.min = rnd.choice([2, -1])
    if chance(.1): f.value_count.max = rnd.choice([0, 2])
    if chance(.1): f.shape.dim.add().size = rnd.choice([2, 0])
    if chance(.05): f.lifecycle_stage = rnd.choice([1, 2, 3, 4, 5, 6])
    if chance(.1): f.in_environment.append('SERVING')
    if chance(.1): f.not_in_environment.append('TRAINING')
    kind = rnd.random()
    if kind < .08:
      f.int_domain.min, f.int_domain.max = 0, 10
    elif kind < .16:
      f.float_domain.min, f.float_domain.max = -1.5, 10.25
      f.float_domain.disallow_nan = f.float_domain.disallow_inf = True
    elif kind < .24:
      f.bool_domain.true_value, f.bool_domain.false_value = '1', '0'
    elif kind < .32:
      f.string_domain.value.extend(['ok', 'true', '0'])
    elif kind < .34:
      f.ClearField('type')
    if chance(.1): f.distribution_constraints.min_domain_mass = rnd.choice([.5, .99])
    if chance(.1):
      f.unique_constraints.min, f.unique_constraints.max = 3, 10
    for name in ('drift_comparator', 'skew_comparator'):
      kind = rnd.random()
      if kind < .15: getattr(f, name).infinity_norm.threshold = .01
      elif kind < .4: getattr(f, name).jensen_shannon_divergence.threshold = .01
      elif kind < .45: getattr(f, name).normalized_abs_difference.threshold = .001
    if chance(.05): schema.feature.remove(f)
  for d in schema.string_domain:
    if len(d.value) > 2: del d.value[1]
  schema.feature.add(name='ghost.feature', type=1).presence.min_count = 1


def write_text(name, message):
  with open(name, 'w') as f:
    f.write(text_format.MessageToString(message))


def write_binary(name, message):
  with open(name, 'wb') as f:
    f.write(message.SerializeToString(deterministic=True))


def main():
  for name, args in (('examples', (1, 150, 0)), ('other_examples', (2, 100, 1))):
    with tf.io.TFRecordWriter(f'{name}.tfrecord.gz', options='GZIP') as w:
      for e in make_examples(*args):
        w.write(e.SerializeToString(deterministic=True))
  statistics = {}
  for name, data, options in (
      ('statistics', 'examples', {}),
      ('other_statistics', 'other_examples', {}),
      ('weighted_statistics', 'examples', {'weight_feature': 'w'}),
      ('roles_statistics', 'examples', {'schema': ROLES, 'num_top_values': 3, 'num_rank_histogram_buckets': 5,
                                        'num_histogram_buckets': 4, 'num_quantiles_histogram_buckets': 6,
                                        'num_values_histogram_buckets': 3})):
    statistics[name] = tfdv.generate_statistics_from_tfrecord(
        f'{data}.tfrecord.gz', stats_options=tfdv.StatsOptions(**options))
    write_binary(f'{name}.pb', statistics[name])
  write_text('roles.pbtxt', ROLES)
  write_text('schema.pbtxt', tfdv.infer_schema(statistics['statistics']))
  write_text('schema_without_shapes.pbtxt', tfdv.infer_schema(statistics['weighted_statistics'],
                                                              infer_feature_shape=False, max_string_domain_size=8))
  rnd = random.Random(3)
  for i in range(8):
    schema = tfdv.infer_schema(statistics['statistics'])
    mutate(schema, rnd)
    write_text(f'validation/{i}_schema.pbtxt', schema)
    anomalies = tfdv.validate_statistics(
        statistics['weighted_statistics' if i == 5 else 'statistics'], schema,
        environment=[None, 'TRAINING', 'SERVING'][i % 3],
        previous_statistics=statistics['other_statistics'] if i % 2 else None,
        serving_statistics=statistics['other_statistics'] if i % 4 > 1 else None)
    anomalies.ClearField('baseline')
    write_binary(f'validation/{i}_anomalies.pb', anomalies)
    write_text(f'validation/{i}_updated_schema.pbtxt', tfdv.update_schema(schema, statistics['other_statistics']))


if __name__ == '__main__':
  main()
