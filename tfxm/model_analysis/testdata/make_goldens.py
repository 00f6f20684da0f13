# SPDX-License-Identifier: Apache-2.0
"""Writes golden/CASE/{metrics,plots,validations}.tfrecord with TFMA 0.46 (Python 3.10): what it computes from
data/NAME.tfrecord.gz, NAME being what golden/CASE/data.txt says, with golden/CASE/eval_config.pbtxt.

  python make_goldens.py [CASE …]
  python make_goldens.py --eval_config=F.pbtxt --data=GLOB --output=DIR [--model=NAME=PATH …]   # any evaluation, as TFMA leaves it

A new case is a folder with data.txt and eval_config.pbtxt. Not part of the build or the tests.
"""
import argparse
import glob
import os
import random
import shutil
import tempfile

from google.protobuf import text_format
import numpy as np
import tensorflow as tf
import tensorflow_model_analysis as tfma

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 0  # Of confidence intervals' samples.


def evaluate(config_file, data, output, models):
  with open(config_file) as f:
    config = text_format.Parse(f.read(), tfma.EvalConfig())
  random.seed(SEED)
  np.random.seed(SEED)
  loaded = []
  for name, path in models.items():
    named = [spec for spec in config.model_specs if spec.name == name] or config.model_specs
    tags = None if named[0].model_type == 'tf_lite' else [tf.saved_model.SERVING]
    loaded.append(tfma.default_eval_shared_model(path, eval_config=config, model_name=name, tags=tags))
  # One model goes by itself, none at all means predictions from the examples.
  shared = loaded if len(loaded) > 1 else (loaded or [None])[0]
  tfma.run_model_analysis(eval_shared_model=shared, eval_config=config, data_location=data, output_path=output)


def make_golden(case):
  folder = os.path.join(HERE, 'golden', case)
  with open(os.path.join(folder, 'data.txt')) as f:
    data = os.path.join(HERE, 'data', f.read().strip() + '.tfrecord.gz')
  with tempfile.TemporaryDirectory() as output:
    evaluate(os.path.join(folder, 'eval_config.pbtxt'), data, output, {})
    for kind in ('metrics', 'plots', 'validations'):
      golden = os.path.join(folder, kind + '.tfrecord')
      if os.path.exists(golden):
        os.remove(golden)
      shards = sorted(glob.glob(os.path.join(output, kind + '*')))
      if sum(1 for shard in shards for _ in tf.data.TFRecordDataset(shard)) == 0:
        continue
      with open(golden, 'wb') as merged:  # TFRecord files may be put one behind the other.
        for shard in shards:
          with open(shard, 'rb') as f:
            shutil.copyfileobj(f, merged)


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('cases', nargs='*', metavar='CASE')
  parser.add_argument('--eval_config')
  parser.add_argument('--data')
  parser.add_argument('--output')
  parser.add_argument('--model', action='append', default=[], metavar='NAME=PATH')
  args = parser.parse_args()
  if args.eval_config:
    evaluate(args.eval_config, args.data, args.output, dict(m.split('=', 1) for m in args.model))
    return
  for case in args.cases or sorted(os.listdir(os.path.join(HERE, 'golden'))):
    make_golden(case)


if __name__ == '__main__':
  main()
