# SPDX-License-Identifier: Apache-2.0
"""What the fuzzers begin with, by target: inputs made of the files that the tests read, and words for the mutations.

Nothing is copied into the project: `collect(target, folder)` writes one file an input, named by its content. How an
input of a target is laid out stands at the head of its TARGET.cc.
"""
import ast
import glob
import gzip
import hashlib
import json
import os
import re
import struct
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LARGEST = 64 << 10  # Larger files only make the fuzzer slow.


def files(*patterns):
  for pattern in patterns:
    yield from sorted(glob.glob(os.path.join(ROOT, 'tfxm', pattern), recursive=True))


def read(path):
  with open(path, 'rb') as f:
    return f.read()


def records(path):
  """The records of a TFRecord file."""
  data = gzip.open(path).read() if path.endswith('.gz') else read(path)
  at = 0
  while at < len(data):
    (length,) = struct.unpack_from('<Q', data, at)
    yield data[at + 12:at + 12 + length]
    at += length + 16


def literals(*patterns):
  """The string literals of C++ files."""
  for path in files(*patterns):
    text = read(path).decode()
    yield from re.findall(r'R"\((.*?)\)"', text, re.DOTALL)
    for group in re.findall(r'(?:"(?:[^"\\\n]|\\.)*"\s*)+', re.sub(r'R"\(.*?\)"', '', text, flags=re.DOTALL)):
      yield ''.join(ast.literal_eval(part) for part in re.findall(r'"(?:[^"\\\n]|\\[ntr"\\\'])*"', group))


def part(kind, content):
  """fuzz/input.h: Parts."""
  return bytes([kind]) + struct.pack('<H', len(content)) + content if len(content) < 1 << 16 else b''


def tfrecord():
  for path in files('**/testdata/**/*.tfrecord', '**/testdata/**/*.tfrecord.gz'):
    if os.path.getsize(path) <= LARGEST:
      yield (b'\1' if path.endswith('.gz') else b'\0') + read(path)


def example():
  for path in files('**/testdata/**/*.tfrecord.gz'):
    for i, record in enumerate(records(path)):
      if i == 5:
        break
      yield record


def tflite(build_dir):
  yield from (read(path) for path in files('**/testdata/**/*.tflite'))
  made = os.path.join(build_dir, 'models')
  os.makedirs(made, exist_ok=True)
  subprocess.run([os.path.join(build_dir, 'make_models'), made], check=True)
  yield from (read(path) for path in sorted(glob.glob(made + '/*')))


def keras_weights():
  yield from (read(path) for path in files('nn/testdata/**/*.h5', 'nn/testdata/**/*.keras'))


def saved_model():
  for path in files('**/testdata/**/saved_model.pb'):
    yield b' ' + read(path)
  yield b'!meta_graphs { meta_info_def { tags: "serve" } saver_def { restore_op_name: "r" } graph_def { node { op: "VarHandleOp" } } }'


def evaluation():
  sidecars = {b'"models"': 4, b'"comparisons"': 5, b'': 6}
  texts = []
  for text in literals('report/*_test.cc'):
    if text.startswith(('{"', '[{')):
      kind = next(kind for member, kind in sidecars.items() if member in text.encode())
      texts.append(part(kind, text.encode()))
  yield from texts
  for config in files('report/testdata/*/eval_config.json', 'model_analysis/testdata/golden/*/eval_config.pbtxt'):
    folder = os.path.dirname(config)
    whole = part(3, read(config)) if config.endswith('.json') else b''
    for kind, name in enumerate(('metrics', 'plots', 'validations')):
      for path in sorted(glob.glob(f'{folder}/{name}*')):
        for i, record in enumerate(records(path)):
          if i < 3:
            whole += part(kind, record)
    if len(whole) <= LARGEST:
      yield whole
      yield whole + texts[len(whole) % len(texts)]


def eval_config():
  for path in files('**/testdata/**/eval_config.pbtxt'):
    yield b' ' + read(path)
  for path in files('**/testdata/**/eval_config.json'):
    yield b'!' + json.dumps(json.loads(read(path)).get('evalConfig', {})).encode()


def sql():
  for text in literals('model_analysis/**/*_test.cc'):
    if text.lower().startswith('select'):
      yield text.encode()
  for path in files('**/testdata/**/eval_config.pbtxt'):
    for text in re.findall(r'slice_keys_sql: "(.*)"', read(path).decode()):
      yield text.encode()


def schema():
  statistics = [read(path) for path in files('statistics/testdata/*statistics.pb')]
  for i, path in enumerate(files('statistics/testdata/*schema*.pbtxt', 'statistics/testdata/roles.pbtxt')):
    text, n = part(0, read(path)), len(statistics)
    yield text + part(1, statistics[i % n])
    yield text + part(1, statistics[i % n]) + part(2, statistics[(i + 1) % n]) + part(3, statistics[(i + 2) % n])


def tables():
  for text in literals('tables/*_test.cc'):
    if '\n' in text:
      yield (b'\1' if text.startswith('{') else b'\0') + text.encode()
      yield (b'\2' if ';' not in text else b'\x14') + text.encode()


def flags():
  yield from (b'--output=/a\n--quiet', b'--output\n/a\n--samples=3\nfile', b'--nooutput\n--part=0.25\n--threshold\n-1e-3',
              b'--output=x\n--model=a\n--model=b\n--\n--format=json', b'-h', b'--format=json\n--memory_limit=9223372036854775807')


# The literals of these files and the words of the inputs themselves are what mutations put in.
WORDS_OF = {
    'eval_config': ['model_analysis/metrics/metric_specs.cc', 'model_analysis/metrics/**/*.cc', 'model_analysis/metrics/keras/keras_default_metrics.cc'],
    'evaluation': ['report/evaluation/sidecars.cc', 'report/evaluation/proto_values.cc'],
    'flags': ['util/flags.cc', '../fuzz/flags.cc'],
    'schema': ['statistics/validate/check_feature.cc', 'statistics/schema/domains.cc', 'statistics/validate/comparators.cc'],
    'sql': ['model_analysis/sql/*.cc'],
    'tables': [],
    'keras_weights': ['nn/internal/weights/keras_weights_file.cc'],
    'saved_model': [],
}


def collect(target, build_dir, folder):
  """Writes the inputs into `folder`, and returns the path of a dictionary beside it, or None."""
  os.makedirs(folder, exist_ok=True)
  inputs = list(tflite(build_dir) if target == 'tflite' else globals()[target]())
  for content in inputs:
    with open(os.path.join(folder, hashlib.sha1(content).hexdigest()), 'wb') as f:
      f.write(content)
  if target not in WORDS_OF:
    return None
  words = {word for text in literals(*WORDS_OF[target]) for word in re.findall(r'[A-Za-z_]\w{1,40}', text)}
  for content in inputs:
    words.update(word.decode() for word in re.findall(rb'[A-Za-z_]\w{2,40}', content[:4096]))
  with open(folder + '.dict', 'w') as f:
    f.writelines(f'"{word}"\n' for word in sorted(words))
  return folder + '.dict'
