#!/usr/bin/env python3
"""Rewrites the zoo of make_zoo.py with tfxm and compares each model with what Python's TFLiteConverter made.

  venv/bin/pip install ai-edge-litert==2.3.0
  venv/bin/python compare.py ZOO OUT path/to/tfxm [NAME…]

Prints, for each model and quantization: both sizes, whether the operators are the same, and the largest difference of the
outputs on the same inputs: in parts of the output's magnitude and, of quantized outputs, in quantization steps.
MODES=int8,none in the environment chooses quantizations.
"""
import collections
import os
import subprocess
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

MODES = os.environ.get('MODES', 'none,float16,dynamic_range,int8,int16x8').split(',')


def load(path):
  return Interpreter(model_path=path, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES)


def operators(interpreter):
  return collections.Counter(o['op_name'] for o in interpreter._get_ops_details() if o['op_name'] != 'DELEGATE')


def steps(interpreter):
  """Scale of each output by its place, 0 where it is computed in float."""
  out = []
  for output in interpreter.get_output_details():
    scale = output['quantization'][0]
    for o in interpreter._get_ops_details():
      if o['op_name'] == 'DEQUANTIZE' and output['index'] in o['outputs']:
        scale = interpreter._get_tensor_details(o['inputs'][0], 0)['quantization'][0]
    out.append(scale)
  return out


def random_input(rng, detail):
  shape, dtype = [max(d, 0) for d in detail['shape']], detail['dtype']
  if dtype == np.float32 or dtype == np.float64:
    return rng.uniform(-1, 1, shape).astype(dtype)
  if dtype == np.bool_:
    return rng.randint(0, 2, shape).astype(bool)
  if dtype in (np.bytes_, np.object_):
    return np.array([b'a', b'b', b'q'], object)[rng.randint(0, 3, shape)]
  return rng.randint(0, 200 if dtype == np.uint8 else 12, shape).astype(dtype)


def difference(a, b):
  """Relative to the magnitude, and in steps."""
  worst = worst_steps = 0.0
  run_a, run_b = a.get_signature_runner(), b.get_signature_runner()
  scale = max(steps(b), default=0)
  for seed in range(3):
    rng = np.random.RandomState(seed)
    inputs = {name: random_input(rng, d) for name, d in sorted(run_a.get_input_details().items())}
    out_a, out_b = run_a(**inputs), run_b(**inputs)
    if sorted(out_a) != sorted(out_b):
      raise ValueError(f'outputs {sorted(out_b)}, not {sorted(out_a)}')
    for name, value in out_a.items():
      other = out_b[name]
      if value.shape != other.shape or value.dtype != other.dtype:
        raise ValueError(f'{name} is {other.shape} {other.dtype}, not {value.shape} {value.dtype}')
      if value.size == 0 or value.dtype.kind in 'OSb':
        worst = max(worst, 0 if np.array_equal(value, other) else np.inf)
        continue
      off = float(np.abs(value.astype(np.float64) - other).max())
      worst = max(worst, off / max(1e-9, float(np.abs(value).max())))
      if scale:
        worst_steps = max(worst_steps, off / scale)
  return f'outputs differ by {worst:.2g}' + (f' ({worst_steps:.1f} steps)' if scale and worst else '')


def compare(theirs, ours):
  try:
    a, b = load(theirs), load(ours)
  except Exception as e:
    return f'cannot be loaded here: {str(e)[:90]}'
  same = 'same operators' if operators(a) == operators(b) else (
      f'OPERATORS DIFFER: {dict(operators(a) - operators(b))} against {dict(operators(b) - operators(a))}')
  for name, interpreter in (('Python\'s', a), ('tfxm\'s', b)):
    try:
      runner = interpreter.get_signature_runner()
      runner(**{n: random_input(np.random.RandomState(0), d) for n, d in runner.get_input_details().items()})
    except Exception as e:
      return f'{same}; {name} does not run: {str(e)[:90]}'
  try:
    return f'{same}; {difference(a, b)}'
  except Exception as e:
    return f'{same}; NOT COMPARABLE: {str(e)[:120]}'


def main():
  zoo, out, tfxm = sys.argv[1:4]
  for model in sys.argv[4:] or sorted(os.listdir(zoo)):
    for mode in MODES:
      folder = os.path.join(out, model, mode)
      theirs = os.path.join(zoo, model, f'python_{mode}.tflite')
      ours = os.path.join(folder, 'tflite')
      if os.path.exists(ours):
        os.remove(ours)
      done = subprocess.run([tfxm, 'rewrite', f'--saved_model={zoo}/{model}/saved_model', f'--output={folder}',
                             f'--quantization={mode}', f'--representative_data={zoo}/{model}/data.tfrecord'],
                            capture_output=True, text=True)
      os.makedirs(folder, exist_ok=True)
      with open(os.path.join(folder, 'log'), 'w') as f:
        f.write(done.stdout + done.stderr)
      line = f'{model:20} {mode:14}'
      if done.returncode:
        message = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else ''
        print(line, f'tfxm: failed ({done.returncode}),', 'PYTHON MADE IT' if os.path.exists(theirs) else 'Python: failed too',
              '|', message[:300], flush=True)
        continue
      size = os.path.getsize(ours)
      if not os.path.exists(theirs):
        print(line, f'tfxm: {size} bytes; Python: failed', flush=True)
        continue
      theirs_size = os.path.getsize(theirs)
      print(line, f'{size} bytes ({100 * (size - theirs_size) / theirs_size:+.2f} %);', compare(theirs, ours), flush=True)


if __name__ == '__main__':
  main()
