#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tries one published TFLite file: whether tfxm inspects it, and runs it as Python's interpreter does, bit for bit.

  check_file.py FILE EXPECTED OUT TFXM RUN_TFLITE

EXPECTED is packages.json's: runs, or refused: TEXT.
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'rewrite_zoo'))
import compare  # noqa: E402
import numpy as np  # noqa: E402
import recipes  # noqa: E402
import tensors  # noqa: E402

SIDES = (1760, 2400)  # of open sides besides the batch: samples of sound, in all files so far


def signature_inputs(path):
  from ai_edge_litert.interpreter import Interpreter
  interpreter = Interpreter(model_path=path)
  signatures = interpreter.get_signature_list()
  if signatures:
    name = 'serving_default' if 'serving_default' in signatures else next(iter(signatures))
    details = interpreter.get_signature_runner(name).get_input_details()
  else:
    details = {d['name'] or f'input_{i}': d for i, d in enumerate(interpreter.get_input_details())}
  open_ = lambda d: d['shape_signature'] if len(d['shape_signature']) else d['shape']
  return {n: ([None if s < 0 else int(s) for s in open_(d)], np.dtype(object) if d['dtype'] is np.bytes_ else np.dtype(d['dtype']))
          for n, d in details.items()}


def main():
  path, expected, out, tfxm, driver = sys.argv[1:6]
  result = compare.Result()
  done = subprocess.run([tfxm, 'inspect', path], capture_output=True, text=True, errors='replace')
  if done.returncode:
    result.fail(f'tfxm inspect: exit status {done.returncode}, {done.stderr.strip()[-300:]}')
  wanted = compare.isolated(signature_inputs, path)
  if isinstance(wanted, str):
    result.note('Python cannot read it: ' + wanted)
  else:
    rng = np.random.RandomState(5)
    recipe = recipes.Recipe('', None, high=127)
    recipe.fed = {n: lambda rng, shape: rng.randint(-128, 128, shape) for n, (_, dtype) in wanted.items() if dtype == np.int8}
    # One string or truth alone: numpy gives no array of it.
    recipe.fed.update({n: lambda rng, shape, dtype=dtype: recipes.random_values(rng, (1,), dtype, 2).reshape(shape)
                       for n, (shape, dtype) in wanted.items() if not shape and dtype.kind in 'Ob'})
    batches = (1, 3, 33, 1) if any(shape[:1] == [None] for shape, _ in wanted.values()) else (1,) * 8
    fed = [recipes.inputs(recipe, wanted, rng, batch, SIDES[i % 2]) for i, batch in enumerate(batches)]
    outputs = compare.check_runs(result, driver, path, fed, 'run')
    result.facts.update(batches=len(set(batches)), operators=sum(tensors.operators(path).values()))
    refused = [n for n in result.notes if 'refused, as by Python' in n]
    if expected == 'runs' and refused:
      result.fail('neither runs it: ' + refused[0])
    elif expected != 'runs' and not all(expected.removeprefix('refused: ') in n for n in refused or ['it runs']):
      result.fail(f'expected: {expected}')
    if outputs and all(not isinstance(o, str) and not any(np.any(v) for v in o.values()) for o in outputs):
      result.note('all outputs are zero')
  os.makedirs(out, exist_ok=True)
  with open(os.path.join(out, 'result.json'), 'w') as f:
    json.dump(vars(result), f)


if __name__ == '__main__':
  main()
