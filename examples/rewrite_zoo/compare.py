#!/usr/bin/env python3
"""Rewrites the zoo of make_zoo.py with tfxm and compares each model with what Python's TFLiteConverter made.

  venv/bin/pip install ai-edge-litert==2.3.0
  venv/bin/python compare.py ZOO OUT path/to/tfxm [NAME…]

Prints, for each model and quantization: both sizes, whether the operators are the same, and the largest difference of the
outputs on the same inputs, in parts of the output's magnitude.
"""
import collections
import os
import subprocess
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

MODES = ('none', 'float16', 'dynamic_range', 'int8', 'int16x8')


def load(path):
  return Interpreter(model_path=path, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)


def operators(interpreter):
  return collections.Counter(o['op_name'] for o in interpreter._get_ops_details())


def difference(a, b):
  run_a, run_b = a.get_signature_runner(), b.get_signature_runner()
  worst = 0.0
  for seed in range(3):
    rng = np.random.RandomState(seed)
    inputs = {}
    for name, detail in sorted(run_a.get_input_details().items()):
      shape = [max(1, d) for d in detail['shape']]
      values = rng.uniform(-1, 1, shape) if detail['dtype'] == np.float32 else rng.randint(0, 50, shape)
      inputs[name] = values.astype(detail['dtype'])
    out_a, out_b = run_a(**inputs), run_b(**inputs)
    for name, value in out_a.items():
      worst = max(worst, float(np.abs(value - out_b[name]).max() / max(1e-9, np.abs(value).max())))
  return worst


def main():
  zoo, out, tfxm = sys.argv[1:4]
  for model in sys.argv[4:] or sorted(os.listdir(zoo)):
    for mode in MODES:
      folder = os.path.join(out, model, mode)
      done = subprocess.run([tfxm, 'rewrite', f'--saved_model={zoo}/{model}/saved_model', f'--output={folder}',
                             f'--quantization={mode}', f'--representative_data={zoo}/{model}/data.tfrecord'],
                            capture_output=True, text=True)
      theirs = os.path.join(zoo, model, f'python_{mode}.tflite')
      ours = os.path.join(folder, 'tflite')
      line = f'{model:20} {mode:14}'
      if done.returncode:
        message = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ''
        print(line, 'tfxm: failed,', 'Python:', 'made it' if os.path.exists(theirs) else 'failed too', '|', message[:150])
        continue
      size = os.path.getsize(ours)
      if not os.path.exists(theirs):
        print(line, f'tfxm: {size} bytes; Python: failed')
        continue
      a, b = load(theirs), load(ours)
      same = 'same operators' if operators(a) == operators(b) else (
          f'operators differ: {dict(operators(a) - operators(b))} against {dict(operators(b) - operators(a))}')
      try:
        diff = f'outputs differ by {difference(a, b):.2g}'
      except RuntimeError as e:
        diff = f'Python\'s model does not run: {str(e)[:90]}'
      theirs_size = os.path.getsize(theirs)
      print(line, f'{size} bytes ({100 * (size - theirs_size) / theirs_size:+.2f} %);', same + ';', diff, flush=True)


if __name__ == '__main__':
  main()
