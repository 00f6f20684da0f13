#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make zoo`: makes the zoo's SavedModels, rewrites them in all five ways and compares with Python's converter and interpreter.

  zoo.py --build_dir DIR [--part K/N] [--model NAME,…] [--mode MODE,…] [--quick] [--jobs N] [--write_table]

Models and Python's conversions are kept in the project's cache ($TFXM_CACHE/zoo), under a key of all they depend on. Ends with
status 1 if a model fails, and says how to run it alone. What not_yet.json lists is worse than Python's today and no failure; a
crash always is one.
"""
import argparse
import ast
import concurrent.futures
import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

import environment

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = ('none', 'float16', 'dynamic_range', 'int8', 'int16x8')  # and int4, which Python's converter does not have
RECIPES = ('applications', 'networks', 'layers', 'keras2', 'functions')
# Of the large models, those that --quick takes through int8, too: one of each way of building them.
QUICK_INT8 = ('mobilenet_v2', 'resnet50_v2', 'efficientnet_v2_b0', 'vgg16', 'keras2_regnet_x002')
# The models that are tried with int4 weights, too: dense layers and convolutions, of each kind of network.
INT4 = ('cnn', 'unet', 'separable', 'audio_cnn', 'transformer', 'text_embedding', 'two_in_two_out', 'keras2_cnn', 'half_weights', 'large_constant')
# Signals that a process is sent, by a user or a system without memory; what a converter dies of are others.
ENDED_BY_OTHERS = {signal.SIGHUP: 'SIGHUP', signal.SIGINT: 'SIGINT', signal.SIGQUIT: 'SIGQUIT', signal.SIGTERM: 'SIGTERM',
                   signal.SIGKILL: 'SIGKILL (out of memory?)'}
TOGETHER = 8  # Small models share a process: importing TensorFlow and Keras takes as long as making them.


def key_of(*names):
  """A hash of the content of files beside this one."""
  digest = hashlib.sha256()
  for name in names:
    with open(os.path.join(HERE, name), 'rb') as f:
      digest.update(f.read())
  return digest.hexdigest()[:16]


def models():
  """{name: key}; the key is a hash of all that a model's folder depends on: the recipe, what surrounds recipes in its file, the
  tools, the packages. Nothing is imported for it."""
  common = key_of('recipes.py', 'make_model.py', 'requirements.txt').encode()
  found = {}
  for module in RECIPES:
    with open(os.path.join(HERE, module + '.py')) as f:
      text = f.read()
    recipes, digest = {}, hashlib.sha256(common)
    for node in ast.parse(text).body:
      decorators = [ast.unparse(d) for d in getattr(node, 'decorator_list', [])]
      source = '\n'.join(decorators + [ast.get_source_segment(text, node)])
      if any(re.match(r'(model|function)\(', d) for d in decorators):
        recipes[node.name] = source
      else:
        digest.update(source.encode())
    for name, source in recipes.items():
      own = digest.copy()
      own.update(source.encode())
      found[name] = own.hexdigest()[:16]
  return found


def quiet(text):
  """Without what TensorFlow says on starting."""
  return '\n'.join(l for l in text.splitlines() if not re.match(r'(WARNING: All log|[IW]\d{4} |fully_quantize:|$)', l))


def by_python(modes):
  """Those of which there is a file of Python's. int4 is measured against dynamic_range."""
  return list(dict.fromkeys('dynamic_range' if m == 'int4' else m for m in modes))


def is_made(folder, modes):
  return all(os.path.exists(os.path.join(folder, f'python_{mode}.done')) for mode in modes)


def forget_begun(folders):
  """Removes the notes of conversions that were begun and not ended (make_model.py): whoever made them was killed. Waits for another run that
  is at a folder."""
  for folder in folders:
    with open(folder + '.lock', 'w') as lock:
      fcntl.flock(lock, fcntl.LOCK_EX)
      for note in glob.glob(os.path.join(glob.escape(folder), 'python_*.error')):
        if not os.path.exists(note.removesuffix('.error') + '.done'):
          os.remove(note)


def until_made(folders, modes, command):
  """Runs a command that fills folders, and locks the one it is at, until they are complete; returns what it said if they are not. A
  conversion that ends the process is noted by it, and the next call goes on with the rest. That somebody ends the process says nothing
  about the conversion."""
  environ = dict(os.environ, TF_ENABLE_ONEDNN_OPTS='0', TF_NUM_INTEROP_THREADS='1', PYTHONWARNINGS='ignore')
  if not all(is_made(f, modes) for f in folders):
    forget_begun(folders)
  for _ in range(1 + len(folders) * len(MODES)):
    if all(is_made(f, modes) for f in folders):
      return ''
    done = subprocess.run(command, capture_output=True, text=True, errors='replace', env=environ)
    if -done.returncode in ENDED_BY_OTHERS:
      forget_begun(folders)
      return quiet(done.stdout + done.stderr) + f'\nended by {ENDED_BY_OTHERS[-done.returncode]}: the next run begins this conversion again'
    if done.returncode == 0:
      break
  return quiet(done.stdout + done.stderr)


def forget(cache):
  """Removes what has not been used for two weeks: models of older recipes."""
  for name in os.listdir(cache):
    path = os.path.join(cache, name)
    if os.path.isdir(path) and os.path.getmtime(path) < time.time() - 14 * 86400:
      shutil.rmtree(path, ignore_errors=True)


def read_result(out, mode):
  path = os.path.join(out, mode, 'result.json')
  if os.path.exists(path):
    with open(path) as f:
      return json.load(f)
  return {'failures': ['compare.py ended without a result'], 'notes': [], 'facts': {}}


def run(python, folder, out, args, modes):
  """{mode: result} of one model."""
  if not is_made(folder, by_python(modes)):
    return {modes[0]: {'failures': ['the model cannot be made'], 'notes': [], 'facts': {}}}
  os.utime(folder)
  shutil.rmtree(out, ignore_errors=True)
  done = subprocess.run([python, os.path.join(HERE, 'compare.py'), folder, out, os.path.join(args.build_dir, 'tfxm'),
                         os.path.join(args.build_dir, 'run_tflite')] + modes, capture_output=True, text=True, errors='replace')
  results = {mode: read_result(out, mode) for mode in modes}
  if done.returncode:
    next(r for mode, r in results.items() if r['failures'] or mode == modes[-1])['failures'].append(done.stderr[-600:])
  return results


def not_yet(name, results):
  """Takes the failures that are known (not_yet.json) out of the results; they become notes."""
  with open(os.path.join(HERE, 'not_yet.json')) as f:
    known = json.load(f).get(name, {})
  for mode, result in results.items():
    excused = [f for f in result['failures'] if mode in known and 'crash' not in f.lower()]
    result['failures'] = [f for f in result['failures'] if f not in excused]
    result['notes'] += [f'known: {known[mode]}' for _ in excused[:1]]


def failures(results):
  """A few lines for each quantization that fails."""
  lines = []
  for mode, result in results.items():
    lines += [f'       {mode}: {f[:400]}' for f in result['failures'][:2]]
    if len(result['failures']) > 2:
      lines.append(f'       {mode}: … and {len(result["failures"]) - 2} more')
  return lines


def row(name, results):
  """What each cell says is in the README, above the table."""
  return f'| {name} | ' + ' | '.join(cell(results[m]) if m in results else '' for m in MODES + ('int4',)) + ' |'


def cell(result):
  facts, notes = result['facts'], ' '.join(result['notes'])
  if result['failures']:
    return '**fails**'
  known = [n.removeprefix('known: ') for n in result['notes'] if n.startswith('known: ')]
  if known:
    return known[0]
  if 'neither converts' in notes:
    return 'neither'
  if any(n.startswith('refused') for n in result['notes']):
    return 'refused' + ('; Python\'s ' + m[1] if (m := re.search(r'has (-?[\d.]+ dB)', notes)) else '')
  parts = []
  if 'Python fails' in notes:
    parts.append('tfxm only')
  elif "Python's file does not run" in notes:
    parts.append("Python's does not run")
  if facts.get('python dB') is not None and facts['dB'] < 79:
    parts.append(f"{facts['dB']:.0f} / {facts['python dB']:.0f} dB")
  elif facts.get('dB') is not None and facts['dB'] < 79:
    parts.append(f"{facts['dB']:.0f} dB")
  if facts.get('difference'):
    fewer = facts['operators'] - facts['python operators']
    parts.append(f'{fewer:+d} operators' if fewer else 'other operators')
  if facts.get('python size'):
    change = 100 * (facts['size'] / facts['python size'] - 1)
    if abs(change) >= 1:
      parts.append(f'{change:+.0f} % bytes')
  return ', '.join(parts) or 'same'


def write_table(path, head, rows, order):
  """Puts rows, {name: line}, into a README's table; those of other models that are still in `order` stay as they are."""
  with open(path) as f:
    text = f.read()
  begin, end = '<!-- table: written by the tool -->\n', '<!-- end of table -->'
  before, rest = text.split(begin)
  old, after = rest.split(end)
  lines = {m[1]: m[0] for m in re.finditer(r'^\| (\S+) \|.*$', old, re.M)} | rows
  ruler = '|---' * head.count(' | ') + '|---|'
  with open(path, 'w') as f:
    f.write(before + begin + '\n'.join([head, ruler] + [lines[n] for n in order if n in lines]) + '\n' + end + after)


def in_parallel(work, items, jobs):
  """work(item) for each; when one fails or the user interrupts, none is begun any more."""
  stopped = threading.Event()

  def begin(item):
    if stopped.is_set():
      return
    try:
      work(item)
    except BaseException:
      stopped.set()
      raise

  with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
    try:
      for done in concurrent.futures.as_completed([pool.submit(begin, item) for item in items]):
        done.result()
    finally:
      stopped.set()


def add_arguments(parser):
  parser.add_argument('--build_dir', required=True)
  parser.add_argument('--part', default='1/1', help='K/N: every Nth model')
  parser.add_argument('--model', default='', help='only these')
  parser.add_argument('--jobs', type=int, default=os.cpu_count())
  parser.add_argument('--out', default='', help='where rewritten files, logs and results go')
  parser.add_argument('--write_table', action='store_true', help="write these models' rows into README.md's table")


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  add_arguments(parser)
  parser.add_argument('--mode', default='', help='only these; without it all, int4 for some models')
  parser.add_argument('--quick', action='store_true', help='the large models (applications.py) in float32 only, and some in int8')
  args = parser.parse_args()
  args.out = args.out or os.path.join(args.build_dir, 'zoo')
  start = time.time()
  k, n = map(int, args.part.split('/'))
  known = models()
  names = [m for m in args.model.split(',') if m] or list(known)[k - 1::n]
  unknown = [m for m in names if m not in known]
  if unknown:
    sys.exit(f'no such model: {", ".join(unknown)}; there are {", ".join(known)}')
  python = environment.python()
  folders = {m: os.path.join(environment.CACHE, 'zoo', f'{m}-{known[m]}') for m in names}
  os.makedirs(os.path.join(environment.CACHE, 'zoo'), exist_ok=True)
  forget(os.path.join(environment.CACHE, 'zoo'))
  groups, small = [], []
  with open(os.path.join(HERE, 'applications.py')) as f:
    large = set(re.findall(r'^def (\w+)', f.read(), re.M))
  for m in names:
    if m in large:
      groups.append([m])
    else:
      small.append(m)
  groups += [small[i:i + TOGETHER] for i in range(0, len(small), TOGETHER)]
  everything, failed = {}, []

  def modes_of(name):
    if args.mode:
      return args.mode.split(',')
    if args.quick and name in large:
      return ['none', 'int8'] if name in QUICK_INT8 else ['none']
    return list(MODES) + (['int4'] if name in INT4 else [])

  def work(group):
    wanted = by_python(dict.fromkeys(mode for name in group for mode in modes_of(name)))
    said = until_made([folders[m] for m in group], wanted, [python, os.path.join(HERE, 'make_model.py'), ','.join(wanted)] +
                      [f'{m}={folders[m]}' for m in group])
    for name in group:
      began = time.time()
      results = run(python, folders[name], os.path.join(args.out, name), args, modes_of(name))
      not_yet(name, results)
      everything[name] = results
      wrong = [(m, f) for m, r in results.items() for f in r['failures']]
      lines = [f'{"FAILED" if wrong else "ok":6} {name:28} {time.time() - began:5.1f} s  ' +
               '; '.join(f'{m}: {cell(r)}' for m, r in results.items() if cell(r) != 'same')]
      lines += failures(results)
      if wrong:
        failed.append(name)
        lines.append(f'       make zoo{" PART=" + args.part if n > 1 else ""} MODEL={name}')
        if 'cannot be made' in wrong[0][1]:
          lines.append(said[-1500:])
      print('\n'.join(lines), flush=True)

  in_parallel(work, groups, args.jobs)
  everything = {m: everything[m] for m in names}
  with open(os.path.join(args.out, 'results.json'), 'w') as f:
    json.dump(everything, f, indent=1)
  if args.write_table:
    write_table(os.path.join(HERE, 'README.md'), '| model | ' + ' | '.join(MODES + ('int4',)) + ' |', {m: row(m, r) for m, r in everything.items()}, known)
  print(f'zoo: {len(names)} models in {time.time() - start:.0f} s.')
  if failed:
    print(f'Again: make zoo{" PART=" + args.part if n > 1 else ""} MODEL={",".join(failed)}')
  print(f'{len(names) - len(failed)} passed, {len(failed)} failed')
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
