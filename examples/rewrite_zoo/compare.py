#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rewrites one model of the zoo with tfxm and judges it beside what Python's converter made. Called by zoo.py.

  compare.py FOLDER OUT TFXM RUN_TFLITE [MODE…]

FOLDER is make_model.py's; OUT gets a folder for each mode: the file, tfxm's log, and result.json, which zoo.py reads.
"""
import json
import math
import os
import subprocess
import sys

import numpy as np

import tensors

MODES = ('none', 'float16', 'dynamic_range', 'int8', 'int16x8', 'int4')
QUANTIZED = ('int8', 'int16x8')
# tfxm's limits of the signal to noise ratio (tfxm rewrite --help): below them it does not hand a file over.
MIN_DB = {'none': 80, 'float16': 30, 'dynamic_range': 8, 'int8': 6, 'int16x8': 12, 'int4': 6}
# Python's converter has no int4: measured against its dynamic_range, whose weights have 127 / 7 as many steps, 25.2 dB; how the noise of
# several layers adds up differs.
INT4_LESS_DB = 28
# A rewriting that takes longer, in seconds, is ended: int16x8 runs on plain kernels, and what is refused is tried with other layers in float.
LONGEST = 1800
TOO_LONG = 'TOOK TOO LONG'
# Of integers, strings and the like: the share of values that are the model's.
MIN_EQUAL = 0.95


def isolated(function, *arguments):
  """function(*arguments) in a process of its own, or a message if that ends."""
  import pickle
  read, write = os.pipe()
  child = os.fork()
  if not child:
    os.close(read)
    with os.fdopen(write, 'wb') as pipe:
      try:
        pickle.dump(function(*arguments), pipe)
      except Exception as e:
        pickle.dump(str(e), pipe)
    os._exit(0)
  os.close(write)
  with os.fdopen(read, 'rb') as pipe:
    data = pipe.read()
  status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
  return f'the interpreter crashes (exit status {status})' if status else pickle.loads(data)


def mean_of(runs, name):
  """The mean of each value over the examples, or of all where their number changes."""
  if all(run[name].ndim and run[name].shape[1:] == runs[0][name].shape[1:] for run in runs):
    return np.mean(np.concatenate([run[name] for run in runs]).astype(np.float64), 0)
  return np.mean(np.concatenate([run[name].ravel() for run in runs]).astype(np.float64))


def decibels(outputs, expected, around_mean=False):
  """Signal to noise ratio of each output over all runs; of integers, strings and the like, the share that is equal. `around_mean`:
  the signal is what differs between examples, as for tfxm's limits."""
  ratio = {}
  for name in expected[0]:
    signal = noise = equal = count = 0
    middle = mean_of(expected, name) if around_mean and expected[0][name].dtype.kind == 'f' else 0
    for got, right in zip(outputs, expected):
      if isinstance(got, str) or name not in got or got[name].shape != right[name].shape:
        return {}
      a, b = got[name], right[name]
      if b.dtype.kind == 'f':
        a, b = a.astype(np.float64), b.astype(np.float64)
        both = np.isfinite(b)
        signal, noise = signal + float(((b - middle)[both] ** 2).sum()), noise + float(((a - b)[both] ** 2).sum())
      else:
        equal, count = equal + np.count_nonzero(a == b), count + a.size
    ratio[name] = equal / max(1, count) if count else 10 * math.log10(max(signal, 1e-30) / max(noise, 1e-14 * signal, 1e-30))
  return ratio


class Result:
  def __init__(self, known=None):
    """`known`: {part of a message: why it is right to fail so}."""
    self.failures, self.notes, self.facts, self.known = [], [], {}, known or {}
    self.anew = []  # The runs whose outputs are those of an interpreter that had run nothing before.

  def fail(self, text):
    text = ' '.join(text.split())
    reasons = [why for part, why in self.known.items() if part in text]
    (self.notes if reasons else self.failures).append(f'known: {reasons[0]}' if reasons else text)

  def note(self, text):
    self.notes.append(' '.join(text.split()))


def rewrite(tfxm, folder, out, mode, threads):
  os.makedirs(out, exist_ok=True)
  path = os.path.join(out, 'tflite')
  if os.path.exists(path):
    os.remove(path)
  command = [tfxm, 'rewrite', f'--saved_model={folder}/saved_model', f'--output={out}', f'--quantization={mode}',
             f'--representative_data={folder}/data.tfrecord']
  try:
    done = subprocess.run(command, capture_output=True, text=True, errors='replace', timeout=LONGEST, env=dict(os.environ, TFXM_NUM_THREADS=str(threads)))
  except subprocess.TimeoutExpired:
    return f'{TOO_LONG}: not done after {LONGEST} s on this machine, which says nothing of the file'
  with open(os.path.join(out, 'log'), 'w') as f:
    f.write(' '.join(command) + '\n' + done.stdout + done.stderr)
  if not done.returncode:
    return ''
  said = (done.stderr.strip().splitlines() or ['no message'])[-1]
  if 'cannot load' in said and 'libtfxm' in said:
    sys.exit(f'{said}: build everything first')
  return said if done.returncode in (1, 3) else f'CRASHES (exit status {done.returncode}): {said}'  # 3: it did not take the model


def check_runs(result, driver, path, fed, what):
  """Whether tfxm computes what the interpreter does: the same bits with XNNPACK, 1e-5 without."""
  outputs = None
  for threads, xnnpack in ((1, True), (7, True), (1, False)):
    some = fed if threads == 1 and xnnpack else fed[1:3] if threads == 7 else fed[:2]
    right = isolated(tensors.run_python, path, some, threads, xnnpack)
    ours = tensors.run_tfxm(driver, path, some, threads, xnnpack)
    how = f'{what}, {threads} thread{"s" * (threads > 1)}, {"with" if xnnpack else "without"} XNNPACK'
    if isinstance(right, str):
      result.note(f'{how}: Python: {right}')
      continue
    if outputs is None:
      outputs = right
    if isinstance(ours, str):
      if not ours.startswith(('CRASHES', 'HANGS')) and all(isinstance(r, str) for r in right):
        result.note(f'{how}: refused, as by Python: {ours}')
      else:
        result.fail(f'{how}: {ours}')
      continue
    for i, (a, b) in enumerate(zip(ours, right)):
      batch = next((v.shape[0] for v in some[i].values() if v.ndim), 1)
      if isinstance(b, str):
        result.note(f'{how}, batch {batch}: ' + (f'refused, as by Python: {a}' if isinstance(a, str) else f'runs, but not in Python: {b[:120]}'))
        continue
      tolerance = 0 if xnnpack else 1e-5
      wrong = tensors.unlike(a, b, tolerance)
      if not wrong:
        continue
      # In some processes the interpreter gives other answers once its batch has grown than it gives anew.
      anew = isolated(tensors.run_python, path, some[i:i + 1], threads, xnnpack)
      if isinstance(anew, str) or tensors.unlike(a, anew[0], tolerance):
        result.fail(f'{how}, run {i}, batch {batch}: {wrong}')
        continue
      result.note(f'{how}, run {i}, batch {batch}: as the interpreter anew; after the runs before it {wrong}')
      if right is outputs:
        right[i] = anew[0]
        result.anew.append(i)
  return outputs


def check_evaluation(result, tfxm, folder, out, path, name, fed, expected):
  """Whether `tfxm evaluate` measures what the interpreter does, at each batch and on one thread and seven. It runs quantized models
  without XNNPACK, as TFMA does."""
  with open(os.path.join(out, 'eval_config.json'), 'w') as f:
    json.dump({'model_specs': [{'label_key': 'expected', 'prediction_key': name}], 'slicing_specs': [{}],
               'metrics_specs': [{'metrics': [{'class_name': 'MeanAbsoluteError'}]}]}, f)
  runs = {len(right[name]): (run, right[name].astype(np.float64)) for run, right in zip(fed[:3], expected)}
  outputs = isolated(tensors.run_python, path, [run for run, _ in runs.values()], 1, not {'QUANTIZE', 'DEQUANTIZE'} & tensors.operators(path).keys())
  if isinstance(outputs, str):
    return
  for (batch, (_, right)), answer in zip(runs.items(), outputs):
    # An output beside it may have the steps of all examples in one dimension, or some of the examples: no evaluation takes that.
    if isinstance(answer, str) or any(len(np.atleast_1d(output)) != batch for output in answer.values()):
      continue
    error, magnitude = np.abs(answer[name] - right).mean(), np.abs(right).max()
    for threads in (1, 7) if batch == max(runs) else (1,):
      done = subprocess.run([tfxm, 'evaluate', f'--eval_config={out}/eval_config.json', f'--data={folder}/evaluate_{batch}.tfrecord',
                             f'--model={path}', f'--num_threads={threads}', '--format=json'], capture_output=True, text=True, errors='replace')
      what = f'tfxm evaluate, {batch} examples, {threads} threads'
      if done.returncode:
        result.fail(f'{what}: exit status {done.returncode}, {(done.stderr.strip().splitlines() or [""])[-1]}')
        continue
      measured = float(json.loads(done.stdout)['slices'][0]['metrics'][0]['value'])
      if not abs(measured - error) <= 1e-5 * magnitude:
        result.fail(f'{what}: the mean absolute error is {measured:.6g}, that of the interpreter {error:.6g}')


def judge(folder, out, mode, tfxm, driver):
  with open(os.path.join(folder, 'meta.json')) as f:
    meta = json.load(f)
  result = Result(meta['known'])
  fed, expected = (tensors.read_runs(os.path.join(folder, n)) for n in ('runs', 'expected'))
  base = os.path.join(folder, 'python_' + ('dynamic_range' if mode == 'int4' else mode))
  theirs, less = base + '.tflite', INT4_LESS_DB if mode == 'int4' else 1
  their_error = '' if os.path.exists(theirs) else open(base + '.error').read()
  message = rewrite(tfxm, folder, out, mode, threads=7)
  ours = os.path.join(out, 'tflite')
  result.facts['message'] = message
  their_outputs = None
  if not their_error:
    their_outputs = isolated(tensors.run_python, theirs, fed)
    if isinstance(their_outputs, str) or all(isinstance(o, str) for o in their_outputs):
      result.note("Python's file does not run: " + str(their_outputs if isinstance(their_outputs, str) else their_outputs[0])[:150])
      their_outputs = None
  their_db = decibels(their_outputs, expected) if their_outputs else {}
  if message:
    if message.startswith(('CRASHES', TOO_LONG)):
      result.fail(message)
    elif their_error:
      result.note('neither converts: ' + message)
    elif their_outputs is None:
      result.note('refused: ' + message)
    else:
      theirs_varying = decibels(their_outputs, expected, around_mean=True)
      floats = [v for n, v in theirs_varying.items() if expected[0][n].dtype.kind == 'f']
      if floats and min(floats) - (less if mode == 'int4' else 0) < MIN_DB[mode]:
        result.note(f"refused ({message}); Python's file has {min(floats):.1f} dB")
      elif meta['random']:
        result.note('refused: ' + message)
      else:
        result.fail(f'refused, where Python makes a file that is right ({min(floats, default=0):.0f} dB): {message}')
    return result
  our_outputs, our_db = check_runs(result, driver, ours, fed, 'tfxm\'s file'), {}
  for i in result.anew if their_outputs else ():  # Both files are judged by outputs of an interpreter that had run nothing before.
    anew = isolated(tensors.run_python, theirs, fed[i:i + 1])
    if not isinstance(anew, str):
      their_outputs[i] = anew[0]
      their_db = decibels(their_outputs, expected)
  size, operators = os.path.getsize(ours), tensors.operators(ours)
  result.facts.update(size=size, operators=sum(operators.values()))
  if meta['evaluated'] and mode in ('none', 'int8'):
    check_evaluation(result, tfxm, folder, os.path.dirname(ours), ours, meta['evaluated'], fed, expected)
  if mode == 'int8' and not meta['random']:  # calibration is what runs on several threads
    again = rewrite(tfxm, folder, out + '_1_thread', mode, threads=1)
    other = os.path.join(out + '_1_thread', 'tflite')
    if again or open(ours, 'rb').read() != open(other, 'rb').read():
      result.fail('another file with TFXM_NUM_THREADS=1 than with 7 ' + again)
    if os.path.exists(other):
      os.remove(other)
  if our_outputs and not meta['random']:
    db = our_db = decibels(our_outputs, expected)
    result.facts['dB'] = min((v for n, v in db.items() if expected[0][n].dtype.kind == 'f'), default=None)
    result.facts['python dB'] = min((v for n, v in their_db.items() if expected[0][n].dtype.kind == 'f'), default=None)
    for name, value in db.items():
      if name not in their_db:
        continue
      least = their_db[name] - (less if expected[0][name].dtype.kind == 'f' else 0.05)
      if value < min(least, 79):
        kind = 'dB' if expected[0][name].dtype.kind == 'f' else 'equal'
        result.fail(f'{name}: {value:.2f} {kind}, Python\'s {their_db[name]:.2f}')
  if their_error:
    result.note('Python fails; tfxm converts')
    return result
  their_size, their_operators = os.path.getsize(theirs), tensors.operators(theirs)
  result.facts.update({'python size': their_size, 'python operators': sum(their_operators.values())})
  difference = ', '.join(f'{n:+d} {op}' for op in sorted(operators | their_operators) if (n := operators[op] - their_operators[op]))
  if difference:
    result.facts['difference'] = difference
  # A file that does not run (Python gives integers to operators that have no kernel for them), or whose answers are wrong (it reads
  # variables without a value, or a table without its words), is no measure.
  def is_right(measured):
    return measured and all(v >= (MIN_DB[mode] if expected[0][n].dtype.kind == 'f' else MIN_EQUAL) for n, v in measured.items())

  useful = is_right(their_db)
  if mode == 'int4':
    if operators - their_operators:
      result.fail(f'other operators: {difference}')
    least = their_size - tensors.int4_savings(theirs)
    if size > 1.02 * least + 2048:
      result.fail(f'{size} bytes; with four bits for each weight of a dense layer or a convolution they are {least}')
    return result
  if mode in QUANTIZED:
    if sum(operators.values()) > sum(their_operators.values()):
      (result.fail if useful else result.note)(f'more operators: {difference}')
    if size > 1.02 * their_size + 2048:
      (result.fail if useful else result.note)(f'{size} bytes, Python\'s {their_size}')
    return result
  if their_outputs and not useful and not meta['random'] and is_right(our_db):
    worst = min(their_db.items(), key=lambda item: item[1], default=None)
    result.note(f"Python's file is wrong ({f'{worst[0]}: {worst[1]:.2f}' if worst else 'it does not run at every batch'}): {difference}")
    return result
  if their_operators['HASHTABLE_FIND'] and not their_operators['HASHTABLE_IMPORT'] and operators['HASHTABLE_IMPORT']:
    result.note(f"Python's file is wrong (nothing fills its table): {difference}")
    return result
  if operators - their_operators:
    result.fail(f'other operators: {difference}')
  if abs(size - their_size) > 0.02 * their_size + 256:
    (result.fail if size > their_size else result.note)(f'{size} bytes, Python\'s {their_size}')
  if our_outputs and their_outputs and not meta['random']:
    for i, (a, b) in enumerate(zip(our_outputs, their_outputs)):
      wrong = tensors.unlike(a, b, 1e-5)
      if wrong:
        result.fail(f'run {i} of the two files in the interpreter: {wrong}')
      elif tensors.unlike(a, b):
        result.facts['bits'] = False
  return result


def main():
  folder, out, tfxm, driver = sys.argv[1:5]
  for mode in sys.argv[5:] or MODES:
    target = os.path.join(out, mode)
    result = judge(folder, target, mode, tfxm, driver)
    path = os.path.join(target, 'tflite')
    if os.path.exists(path) and os.path.getsize(path) > 10 << 20:
      os.remove(path)
    with open(os.path.join(target, 'result.json'), 'w') as f:
      json.dump(vars(result), f)


if __name__ == '__main__':
  main()
