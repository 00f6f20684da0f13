#!/usr/bin/env python3
"""`make field`: tries models out of published packages (packages.json): every TFLite file is inspected and run as Python's
interpreter runs it, every SavedModel is rewritten in all five ways and judged as the zoo's are.

  field.py --build_dir DIR [--part K/N] [--model NAME,…] [--jobs N] [--write_table]

A model's name is its package's and its file's: mediapipe/palm_detection_lite. What is known to end otherwise than the rules of the
two checks say is in known.json, with the reason; anything else that does fails. Ends with status 1 then.
"""
import argparse
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import time

import packages  # also makes the zoo's modules and fetch.py importable
import environment
import fetch
import zoo

HERE = os.path.dirname(os.path.abspath(__file__))


def collect():
  """{name: (kind, path, names of the same bytes elsewhere)}."""
  found, seen = {}, {}
  for package in packages.load():
    short = package['name'].strip('@').replace('/', '-')
    for kind, path in packages.files(packages.unpacked(package)):
      digest = fetch.sha256(os.path.join(path, 'saved_model.pb') if kind == 'saved_model' else path)
      name = f'{short}/{"saved_model" if kind == "saved_model" else os.path.basename(path)[:-7]}'
      if digest in seen:
        found[seen[digest]][2].append(name)
        continue
      seen[digest] = name
      found[name] = (kind, path, [])
  return found


def check(python, name, kind, path, args):
  """{mode or 'run': result}"""
  out = os.path.join(args.out, name.replace('/', '+'))
  tools = [os.path.join(args.build_dir, 'tfxm'), os.path.join(args.build_dir, 'run_tflite')]
  shutil.rmtree(out, ignore_errors=True)
  if kind == 'tflite':
    done = subprocess.run([python, os.path.join(HERE, 'check_file.py'), path, out] + tools, capture_output=True, text=True, errors='replace')
    result = zoo.read_result(args.out, os.path.basename(out))
    if done.returncode:
      result['failures'].append(done.stderr[-600:])
    return {'run': result}
  key = zoo.key_of('recipes.py', 'make_model.py', 'requirements.txt', os.path.join(HERE, 'make_field.py'))
  folder = os.path.join(environment.CACHE, 'zoo', f'field-{name.replace("/", "+")}-{key}')
  os.makedirs(os.path.dirname(folder), exist_ok=True)
  said = zoo.until_complete([folder], [python, os.path.join(HERE, 'make_field.py'), name, folder, path])
  if said:
    print(said[-1500:])
  return zoo.run(python, folder, out, args, list(zoo.MODES))


def cell(results):
  if 'run' not in results:
    return ', '.join(f'{m}: {zoo.cell(r)}' for m, r in results.items())
  result = results['run']
  if result['failures']:
    return '**fails**'
  return '; '.join(dict.fromkeys(n.split(': ', 1)[-1] for n in result['notes'])) or (
      'same bits' + (' at batch 1, 3, 33' if result['facts'].get('batches', 0) > 1 else ''))


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  zoo.add_arguments(parser)
  args = parser.parse_args()
  args.out = args.out or os.path.join(args.build_dir, 'field')
  start = time.time()
  k, n = map(int, args.part.split('/'))
  found = collect()
  names = [m for m in args.model.split(',') if m] or list(found)[k - 1::n]
  unknown = [m for m in names if m not in found]
  if unknown:
    sys.exit(f'no such model: {", ".join(unknown)}; there are {", ".join(found)}')
  with open(os.path.join(HERE, 'known.json')) as f:
    known = json.load(f)
  python = environment.python()
  everything, failed = {}, []

  def work(name):
    kind, path, _ = found[name]
    everything[name] = results = check(python, name, kind, path, args)
    wrong = [(m, f) for m, r in results.items() for f in r['failures'] if not any(t in f for t in known.get(name, {}))]
    if wrong:
      failed.append(name)
    print('\n'.join([f'{"FAILED" if wrong else "ok":6} {name:60} {cell(results)}'] + [f'       {m}: {f}' for m, f in wrong] +
                    ([f'       make field MODEL={name}'] if wrong else [])), flush=True)

  with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
    for done in concurrent.futures.as_completed([pool.submit(work, m) for m in names]):
      done.result()
  if args.write_table:
    rows = ['| file | also in | outcome |', '|---|---|---|']
    rows += [f'| {m} | {", ".join(sorted({s.split("/")[0] for s in found[m][2]}))} | {cell(everything[m])} |' for m in names]
    zoo.write_table(os.path.join(HERE, 'README.md'), rows)
  copies = sum(len(same) for _, _, same in found.values())
  print(f'field: {len(names)} models ({len(found)} different ones in {len(packages.load())} packages, {copies} further copies) in {time.time() - start:.0f} s.')
  print(f'{len(names) - len(failed)} passed, {len(failed)} failed')
  sys.exit(bool(failed))


if __name__ == '__main__':
  main()
