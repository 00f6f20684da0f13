# SPDX-License-Identifier: Apache-2.0
"""Writes the files beside it with TFX 1.15.1 (Python 3.10): python make_goldens.py

base.tfrecord and test.tfrecord are tf.Examples; feature_skew.pbtxt has what TFDV's DetectFeatureSkew makes of them for
example_diff_config.pbtxt, its messages one after the other: FeatureSkew sorted by name, MatchStats, ConfusionCount sorted.
current.pb and baseline.pb are statistics; shifts/N_config.pbtxt, …_anomalies.pbtxt what TFX's
DistributionValidator makes of them. Not part of the build or the tests.
"""
import os
import random
import tempfile

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
import apache_beam as beam
from google.protobuf import text_format
import tensorflow as tf
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.skew import feature_skew_detector
from tfx.components.distribution_validator import executor
from tfx.proto import distribution_validator_pb2
from tfx.proto import example_diff_pb2


def example(**features):
  result = tf.train.Example()
  for name, values in features.items():
    values = values if isinstance(values, list) else [values]
    feature = result.features.feature[name]
    if not values:
      feature.bytes_list.SetInParent()
    elif isinstance(values[0], int):
      feature.int64_list.value.extend(values)
    elif isinstance(values[0], float):
      feature.float_list.value.extend(values)
    else:
      feature.bytes_list.value.extend(v.encode() for v in values)
  return result


def write(path, examples):
  with tf.io.TFRecordWriter(path) as w:
    for e in examples:
      w.write(e.SerializeToString(deterministic=True))


BASE = [
    example(id='a', n=1, f=1.004, s='x', kind='cat'),
    example(id='b', n=[1, 2], f=[0.125, -2.5], s=['x', 'y'], kind='dog'),
    example(id='c', n=3, s='x', kind='dog', gone='z'),
    example(id='d', f=1e30, empty=[]),
    example(id='e', n=5), example(id='e', n=6),
    example(id='f', n=7, kind='cat'),
    example(id='g', n=8),
    example(n=9),
    example(id=[], n=9),
    example(id='h', f=[float('nan'), float('inf')], empty=[], note='t'),
]
TEST = [
    example(id='a', n=1, f=1.001, s='x', kind='cat'),
    example(id='b', n=[2, 1], f=[0.135, -2.5], s=['x', 'y'], kind='cat'),
    example(id='c', n=3.0, s=[], kind='dog', new=1),
    example(id='d', f=1e30),
    example(id='e', n=6), example(id='e', n=5),
    example(id='f', n=7),
    example(id='i', n=7),
    example(n=9),
    example(id='h', f=[float('nan'), float('inf')], empty=[], note='u'),
]
CONFIG = """
paired_example_skew {
  identifier_features: "id"
  ignore_features: "note"
  float_round_ndigits: 2
  allow_duplicate_identifiers: true
  confusion_config { feature_name: "kind" }
}
"""


def feature_skew():
  write('base.tfrecord', BASE)
  write('test.tfrecord', TEST)
  with open('example_diff_config.pbtxt', 'w') as f:
    f.write(CONFIG.lstrip())
  config = text_format.Parse(CONFIG, example_diff_pb2.ExampleDiffConfig()).paired_example_skew
  results = {}
  folder = tempfile.mkdtemp()
  with beam.Pipeline() as p:
    detected = ((p | 'b' >> beam.Create(BASE), p | 't' >> beam.Create(TEST))
                | feature_skew_detector.DetectFeatureSkewImpl(
                    list(config.identifier_features), list(config.ignore_features), 100, config.float_round_ndigits,
                    config.allow_duplicate_identifiers,
                    [feature_skew_detector.ConfusionConfig(c.feature_name) for c in config.confusion_config]))
    for key, collection in detected.items():
      results[key] = os.path.join(folder, key)
      _ = (collection | f'text {key}' >> beam.Map(text_format.MessageToString)
           | f'write {key}' >> beam.io.WriteToText(results[key], append_trailing_newlines=True, shard_name_template=''))
  skew = [m for m in open(results[feature_skew_detector.SKEW_RESULTS_KEY]).read().split('\n\n') if m.strip()]
  confusion = [m for m in open(results[feature_skew_detector.CONFUSION_KEY]).read().split('\n\n') if m.strip()]
  with open('feature_skew.pbtxt', 'w') as f:
    f.write('\n\n'.join(sorted(skew)) + '\n\n' + open(results[feature_skew_detector.MATCH_STATS_KEY]).read().strip() +
            '\n\n' + '\n\n'.join(sorted(confusion)) + '\n')


def shift_examples(seed, shift, n):
  rnd = random.Random(seed)
  for i in range(n):
    e = dict(color=rnd.choice(['red', 'green', 'blue'][:3 - shift] + ['red'] * shift), x=rnd.gauss(shift, 1.), n=i % 5)
    if shift or i % 2:
      e['rare'] = 'r'
    if not shift:
      e['old'] = 'o'
    yield example(**e)


SHIFTS = [
    'feature { path { step: "color" } distribution_comparator { infinity_norm { threshold: 0.1 } } }',
    'feature { path { step: "color" } distribution_comparator { infinity_norm { threshold: 0.9 } } }'
    ' feature { path { step: "x" } distribution_comparator { jensen_shannon_divergence { threshold: 0.05 } } }'
    ' num_examples_comparator { min_fraction_threshold: 0.9 max_fraction_threshold: 1.5 }',
    'feature { path { step: "x" } distribution_comparator { infinity_norm { threshold: 0.1 } } }'
    ' feature { path { step: "nowhere" } distribution_comparator { infinity_norm { threshold: 0.1 } } }'
    ' feature { path { step: "old" } distribution_comparator { infinity_norm { threshold: 0.1 } } }',
    'feature { path { step: "n" } distribution_comparator { jensen_shannon_divergence { threshold: 0.9 } } }',
    'num_examples_comparator { min_fraction_threshold: 0.2 }',
]


def shifts():
  for name, arguments in (('baseline', (1, 0, 200)), ('current', (2, 1, 120))):
    path = os.path.join(tempfile.mkdtemp(), 'examples.tfrecord')
    write(path, shift_examples(*arguments))
    statistics = tfdv.generate_statistics_from_tfrecord(path)
    with open(f'{name}.pb', 'wb') as f:
      f.write(statistics.SerializeToString(deterministic=True))
  os.makedirs('shifts', exist_ok=True)
  for i, text in enumerate(SHIFTS):
    config = text_format.Parse('default_slice_config {' + text + '}',
                               distribution_validator_pb2.DistributionValidatorConfig())
    current, baseline = tfdv.load_stats_binary('current.pb'), tfdv.load_stats_binary('baseline.pb')
    anomalies = tfdv.validate_statistics(current, executor._make_schema_from_config(config, baseline),
                                         previous_statistics=baseline)
    anomalies = executor._add_anomalies_for_missing_comparisons(
        executor._get_comparison_only_anomalies(anomalies), config)
    anomalies.ClearField('baseline')
    for what, message in (('config', config), ('anomalies', anomalies)):
      with open(f'shifts/{i}_{what}.pbtxt', 'w') as f:
        f.write(text_format.MessageToString(message))


if __name__ == '__main__':
  feature_skew()
  shifts()
