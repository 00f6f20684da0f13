# SPDX-License-Identifier: Apache-2.0
"""Writes cases/ with TensorFlow Data Validation 1.15.1 (Python 3.10): python make_case_goldens.py [CASE…]

Each case is a folder: examples.tfrecord.gz, options.json (tfxm's names of tfdv.StatsOptions), schema.pbtxt if there is one,
and what TFDV makes of them: statistics.pb, and with a schema anomalies.pbtxt and updated_schema.pbtxt. Some have statistics
only, changed after TFDV computed them, to have what it computes of no tf.Examples. Not part of the build or the tests.
"""
import json
import os
import random
import sys
import tempfile

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import apache_beam as beam
from google.protobuf import any_pb2
from google.protobuf import text_format
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_data_validation import types
from tensorflow_data_validation.statistics.generators import cross_feature_stats_generator
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx_bsl.tfxio import tf_sequence_example_record


def example(features):
  result = tf.train.Example()
  fill(result.features, features)
  return result


def sequence_example(features):
  """Of (context, feature lists): a feature list is a list of steps, of which None is one without a list."""
  context, lists = features
  result = tf.train.SequenceExample()
  fill(result.context, context)
  for name, steps in lists.items():
    feature_list = result.feature_lists.feature_list[name]
    for step in steps:
      one = tf.train.Features()
      fill(one, {name: step} if step is not None else {})
      feature_list.feature.add().CopyFrom(one.feature[name])
  return result


def fill(to, features):
  for name, values in features.items():
    values = values if isinstance(values, list) else [values]
    feature = to.feature[name]
    if not values:
      (feature.float_list if name in ('value', 'weight') else feature.int64_list).SetInParent()
    elif isinstance(values[0], int):
      feature.int64_list.value.extend(values)
    elif isinstance(values[0], float):
      feature.float_list.value.extend(values)
    else:
      feature.bytes_list.value.extend(v.encode() if isinstance(v, str) else v for v in values)


def write(path, message):
  with open(path, 'w') as f:
    f.write(text_format.MessageToString(message))


def generate_statistics(data, options, sequence):
  if not sequence:
    return tfdv.generate_statistics_from_tfrecord(data, stats_options=options)
  tfxio = tf_sequence_example_record.TFSequenceExampleRecord(data, telemetry_descriptors=['goldens'])
  with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, 'statistics.pb')
    with beam.Pipeline() as p:
      _ = (p | tfxio.BeamSource(1000) | tfdv.GenerateStatistics(options) | tfdv.WriteStatisticsToBinaryFile(path))
    return tfdv.load_stats_binary(path)


def run(case, examples, schema='', options=None, change=None, generators=None, sequence=False):
  if sys.argv[1:] and case not in sys.argv:
    return
  folder = os.path.join('cases', case)
  os.makedirs(folder, exist_ok=True)
  data = os.path.join(folder, 'examples.tfrecord.gz')
  with tf.io.TFRecordWriter(data, options='GZIP') as w:
    for e in examples:
      w.write((sequence_example if sequence else example)(e).SerializeToString(deterministic=True))
  options = dict(options or {})
  with open(os.path.join(folder, 'options.json'), 'w') as f:
    f.write(json.dumps(options, sort_keys=True) + '\n')
  options.pop('feature_crosses', None)
  if 'per_feature_weight_override' in options:
    options['per_feature_weight_override'] = {
        types.FeaturePath([f]): w for f, w in options['per_feature_weight_override'].items()}
  parsed = text_format.Parse(schema, schema_pb2.Schema()) if schema else None
  statistics = generate_statistics(
      data, tfdv.StatsOptions(schema=parsed, generators=generators, desired_batch_size=1000, **options), sequence)
  if change:
    change(statistics.datasets[0])
  with open(os.path.join(folder, 'statistics.pb'), 'wb') as f:
    f.write(statistics.SerializeToString(deterministic=True))
  if not parsed:
    return
  write(os.path.join(folder, 'schema.pbtxt'), parsed)
  anomalies = tfdv.validate_statistics(statistics, parsed)
  anomalies.ClearField('baseline')
  write(os.path.join(folder, 'anomalies.pbtxt'), anomalies)
  write(os.path.join(folder, 'updated_schema.pbtxt'), tfdv.update_schema(parsed, statistics))


PNG, JPEG, GIF, BMP = b'\x89PNG\r\n\x1a\n', b'\xff\xd8\xff\xe0', b'GIF89a', b'BM'
WORDS = 'some words of a plain sentence that people might have written about their day'.split()


def semantic_examples():
  rnd = random.Random(1)
  for i in range(100):
    yield {
        'picture': [PNG, JPEG, GIF, BMP, b'none'][4 if i % 10 == 0 else i % 4] + bytes(range(i % 13)),
        'review': ' '.join(rnd.choice(WORDS) for _ in range(3 + i % 6)),
        'day': f'{1990 + i % 40}-{1 + i % 12:02d}-{1 + i % 28:02d}',
        'stamp': f'{1 + i % 28:02d}/{1 + i % 12:02d}/{2000 + i % 20} {i % 24}:{i % 60:02d}',
        'seconds': 1500000000 + 1000 * i,
        'days': 10000 + i,
        'code': f'x{i % 7}',
        'number': i,
    }


SEMANTIC_SCHEMA = """
    feature { name: "picture" type: BYTES image_domain { minimum_supported_image_fraction: 0.95 max_image_byte_size: 15 } }
    feature { name: "review" type: BYTES }
    feature { name: "day" type: BYTES presence { min_fraction: 1 } }
    feature { name: "stamp" type: BYTES natural_language_domain { coverage { min_coverage: 0.5 } } }
    feature { name: "seconds" type: INT int_domain { max: 10 } }
    feature { name: "days" type: INT }
    feature { name: "code" type: BYTES }
    feature { name: "number" type: INT }"""


def lift_examples():
  rnd = random.Random(2)
  for i in range(150):
    e = {'label': rnd.choice(['yes', 'no', 'maybe']), 'w': rnd.choice([0.5, 1.0, 2.0]), 'v': rnd.choice([1.0, 3.0])}
    if i % 5 != 2:
      e['color'] = [rnd.choice(['red', 'green', 'bl\u00fc']) for _ in range(1 + i % 3)]
    if i % 7 != 3:
      e['size'] = rnd.randrange(4)
    e['free'] = i
    yield e


LIFT_SCHEMA = """
    feature { name: "label" type: BYTES } feature { name: "color" type: BYTES }
    feature { name: "size" type: INT int_domain { is_categorical: true } } feature { name: "free" type: INT }
    feature { name: "w" type: FLOAT } feature { name: "v" type: FLOAT }"""


def cross_examples():
  rnd = random.Random(3)
  for i in range(120):
    x = rnd.gauss(0, 1)
    e = {'x': x, 'y': 2 * x + rnd.gauss(0, .5), 'n': i % 9, 'constant': 1.5, 'text': 'a'}
    if i % 4 == 0:
      e['n'] = [1, 2]
    if i % 6 == 0:
      del e['y']
    if i % 11 == 0:
      e['x'] = float('nan')
    yield e


def composite_examples():
  for i in range(60):
    e = {}
    if i % 3: e['value'] = [1.5] * (i % 4)
    if i % 4: e['row'] = [1] * (i % 5)
    if i % 7: e['column'] = [2] * (i % 4)
    if i % 5: e['weight'] = [.5] * (i % 3)
    e['terms'] = ['a'] * (1 + i % 3)
    e['same'] = e['term_weight'] = [1.0, 2.0]
    e['both'] = i
    yield e


COMPOSITE_SCHEMA = """
    feature { name: "value" type: FLOAT } feature { name: "row" type: INT } feature { name: "column" type: INT }
    feature { name: "weight" type: FLOAT } feature { name: "terms" type: BYTES } feature { name: "same" type: FLOAT }
    feature { name: "term_weight" type: FLOAT } feature { name: "both" type: INT presence { min_count: 1 } }
    feature { name: "sparse_name" type: INT } feature { name: "other" type: INT }
    sparse_feature { name: "sparse" index_feature { name: "row" } index_feature { name: "column" } value_feature { name: "value" } }
    sparse_feature { name: "fitting" index_feature { name: "same" } value_feature { name: "term_weight" } }
    sparse_feature { name: "absent" index_feature { name: "nowhere" } value_feature { name: "value" } }
    sparse_feature { name: "sparse_name" index_feature { name: "row" } value_feature { name: "value" } }
    weighted_feature { name: "weighted" feature { step: "terms" } weight_feature { step: "weight" } }
    weighted_feature { name: "weighted_value" feature { step: "value" } weight_feature { step: "weight" } }
    weighted_feature { name: "weighted_well" feature { step: "same" } weight_feature { step: "term_weight" } }
    weighted_feature { name: "both" feature { step: "terms" } weight_feature { step: "weight" } }
    weighted_feature { name: "old_weighted" feature { step: "terms" } weight_feature { step: "weight" } lifecycle_stage: ALPHA }"""


def change_derived(dataset):
  by_name = {f.path.step[0]: f for f in dataset.features}
  for name in ('x', 'y', 'new'):
    by_name[name].validation_derived_source.deriver_name = 'ratio'
    by_name[name].validation_derived_source.source_path.add().step.append('z')
  for name, token, number in (('text', 'string_token', 'the'), ('ids', 'int_token', 7)):
    statistics = statistics_pb2.NaturalLanguageStatistics(feature_coverage=.25, avg_token_length=2.5)
    of_token = statistics.token_statistics.add(
        fraction_of_sequences=.4, per_sequence_min_frequency=1, per_sequence_max_frequency=1234567)
    setattr(of_token, token, number)
    packed = any_pb2.Any()
    packed.Pack(statistics)
    by_name[name].custom_stats.add(name='nl_statistics').any.CopyFrom(packed)
  by_name['two'].custom_stats.add(name='domain_info', str='url_domain {}')
  by_name['two'].custom_stats.add(name='domain_info', str='url_domain {}')
  by_name['url'].custom_stats.add(name='domain_info', str='url_domain {}')
  by_name['broken'].custom_stats.add(name='domain_info', str='url_domain {} type: INT')


DERIVED_SCHEMA = """
    feature { name: "x" type: FLOAT }
    feature { name: "y" type: FLOAT validation_derived_source { deriver_name: "ratio" } }
    feature { name: "z" type: FLOAT validation_derived_source { deriver_name: "ratio" } lifecycle_stage: VALIDATION_DERIVED }
    feature { name: "text" type: BYTES natural_language_domain {
      coverage { min_coverage: 0.5 min_avg_token_length: 3 }
      token_constraints { string_value: "the" min_per_sequence: 2 max_per_sequence: 1234566 min_fraction_of_sequences: 0.5
                          max_fraction_of_sequences: 0.3 }
      token_constraints { string_value: "missing" min_per_sequence: 2 } } }
    feature { name: "ids" type: INT natural_language_domain {
      token_constraints { int_value: 7 min_per_sequence: 3 max_per_sequence: 1000000 } } }
    feature { name: "two" type: BYTES } feature { name: "url" type: BYTES } feature { name: "broken" type: BYTES }"""


def sequence_examples():
  rnd = random.Random(4)
  for i in range(90):
    context = {'user': f'u{i % 4}', 'w': rnd.choice([0.5, 1.0, 2.0])}
    if i % 3:
      context['age'] = 20 + i % 9
    lists = {}
    if i % 5:
      lists['tokens'] = [[rnd.choice(WORDS) for _ in range(rnd.randrange(1, 4))] for _ in range(i % 4)]
    if i % 7:
      lists['scores'] = [None if (i + k) % 6 == 0 else [rnd.gauss(0, 1)] * (k % 3 or 1) for k in range(1 + i % 3)]
    if i % 2:
      lists['ids'] = [[(i * k) % 11] for k in range(4)]
      lists['raw'] = [[bytes([255, i, k])] for k in range(2)]
    if i % 11 == 0:
      lists['untyped'] = [None, None]
    yield context, lists


SEQUENCE_SCHEMA = """
    feature { name: "user" type: BYTES value_count { min: 1 max: 1 } } feature { name: "w" type: FLOAT }
    feature { name: "age" type: INT presence { min_fraction: 1 } } feature { name: "##SEQUENCE##" type: STRUCT struct_domain {
      feature { name: "tokens" type: BYTES value_counts { value_count { min: 1 } value_count { min: 1 max: 2 } } }
      feature { name: "scores" type: FLOAT presence { min_fraction: 1 } float_domain { min: 0 } }
      feature { name: "ids" type: INT int_domain { is_categorical: true min: 2 } value_count { min: 1 max: 4 } }
      feature { name: "raw" type: BYTES image_domain {} } feature { name: "absent" type: INT presence { min_count: 1 } } } }"""


def main():
  semantic = {'enable_semantic_domain_stats': True}
  run('semantic', semantic_examples(), options=semantic)
  run('semantic_with_schema', semantic_examples(), SEMANTIC_SCHEMA, semantic)
  run('lift', lift_examples(), LIFT_SCHEMA, {'label_feature': 'label'})
  run('lift_weighted', lift_examples(), LIFT_SCHEMA, {'label_feature': 'label', 'weight_feature': 'w'})
  run('lift_of_integers', lift_examples(), LIFT_SCHEMA, {'label_feature': 'size'})
  run('weights', lift_examples(), options={'weight_feature': 'w', 'per_feature_weight_override': {'color': 'v'}})
  crosses = [['x', 'y'], ['n', 'x'], ['constant', 'x'], ['text', 'x']]
  run('cross', cross_examples(), options={'feature_crosses': crosses},
      generators=[cross_feature_stats_generator.CrossFeatureStatsGenerator(
          feature_crosses=[tuple(c) for c in crosses], sample_rate=1.0)])
  run('composite', composite_examples(), COMPOSITE_SCHEMA)
  run('derived', ({'x': 1.0, 'y': 2.0, 'z': 3.0, 'new': 1.0, 'text': 'the', 'ids': 7, 'two': 'a', 'url': 'b',
                   'broken': 'c'} for _ in range(20)), DERIVED_SCHEMA, change=change_derived)


  run('sequence', sequence_examples(), sequence=True)
  run('sequence_weighted', sequence_examples(), SEQUENCE_SCHEMA, {'weight_feature': 'w'}, sequence=True)


if __name__ == '__main__':
  main()
