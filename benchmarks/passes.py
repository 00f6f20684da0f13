#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What statistics by many processes cost, and from that how far they go: the tables of benchmarks/README.md.

Usage: passes.py [--build_dir build] [--examples 2000000] [--runs 3]

Makes tf.Examples of two numbers, a word of a hundred thousand and a text of 100 characters, in files of 256 MiB that are
not compressed, in the folder for temporary files (a Python with protobuf); then runs `tfxm stats` on threads and by processes in turn, and each
piece of the pass alone. Work is measured as CPU time, user and system, of all processes.
"""
import argparse
import math
import os
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, 'python', 'tests'), os.path.join(ROOT, 'python')]
from support import tfrecords  # noqa: E402

FILE_BYTES = 256 << 20


def make_data(folder, n):
  """Files of n examples, copies of the first 20,000. Returns how many they are."""
  rng = random.Random(1)
  path = os.path.join(folder, 'sample')
  examples = [{'number': rng.random(), 'integer': rng.randrange(10**6), 'word': f'word{int(rng.paretovariate(1)) % 100000}',
               'text': ''.join(rng.choices('abcdefgh ', k=100))} for _ in range(20000)]
  tfrecords.write(path, examples)
  with open(path, 'rb') as f:
    sample = f.read()
  os.unlink(path)
  copies = max(1, n // len(examples))
  for_file = max(1, FILE_BYTES // len(sample))
  for file in range(math.ceil(copies / for_file)):
    with open(os.path.join(folder, f'data-{file:04}'), 'wb') as f:
      for _ in range(min(for_file, copies - file * for_file)):
        f.write(sample)
  return copies * len(examples)


def run(command, **environment):
  """(seconds, CPU seconds) of the command and all it has started."""
  before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
  subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, **environment})
  wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
  return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(values):
  return sorted(values)[len(values) // 2]


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--build_dir', default=os.path.join(ROOT, 'build'))
  parser.add_argument('--examples', type=int, default=2000000)
  parser.add_argument('--runs', type=int, default=3)
  args = parser.parse_args()
  tfxm = os.path.join(os.path.abspath(args.build_dir), 'tfxm')
  with tempfile.TemporaryDirectory() as folder:
    n = make_data(folder, args.examples)
    data, result = os.path.join(folder, 'data-*'), os.path.join(folder, 'result')
    size = sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))
    print(f'{n:,} examples, {size / 2**20:,.0f} MiB\n\n| | s | CPU s | CPU against threads |\n|---|---|---|---|')
    launchers = ['threads', f'processes:{os.cpu_count()}', 'processes:8']
    times = {launcher: [] for launcher in launchers}
    outputs = set()
    for _ in range(args.runs):
      for launcher in launchers:
        times[launcher].append(run([tfxm, 'stats', f'--data={data}', f'--output={result}', f'--launcher={launcher}']))
        with open(result, 'rb') as f:
          outputs.add(f.read())
    assert len(outputs) == 1, 'other bytes'
    base = median([cpu for _, cpu in times['threads']])
    for launcher in launchers:
      cpu = median([c for _, c in times[launcher]])
      print(f'| {launcher} | {median([w for w, _ in times[launcher]]):.2f} | {cpu:.2f} | {cpu / base:.3f} |')

    request, plan, parts = (os.path.join(folder, name) for name in ('request.pbtxt', 'plan.pb', 'parts'))
    os.mkdir(parts)
    with open(request, 'w') as f:
      f.write(f"files: '{data}' statistics {{}}")
    plan_wall, _ = run([tfxm, 'pass', 'plan', request, f'--output={plan}'])
    listed = subprocess.run([tfxm, 'pass', 'plan', plan], check=True, capture_output=True, text=True).stdout.splitlines()
    shards = len(listed) - 1
    maps = [run([tfxm, 'pass', 'map', plan, f'--shard={shard}', f'--output={parts}/{shard}'], TFXM_NUM_THREADS='1')[0] for shard in range(shards)]
    reduces = [run([tfxm, 'pass', 'reduce', plan, parts, f'--output={result}'])[0] for _ in range(args.runs)]
    part = max(os.path.getsize(os.path.join(parts, name)) for name in os.listdir(parts))
    map_s, merge_s, per_shard = median(maps), median(reduces) / shards, n / shards
    print(f'\n{shards} shards of {per_shard:,.0f} examples: plan {plan_wall:.2f} s, map {map_s:.2f} s on a core, merge {merge_s:.4f} s a part, '
          f'parts of at most {part / 1024:,.0f} KiB')
    total = math.ceil(1e9 / per_shard)
    print(f'\n10^9 examples, {total:,} shards, {total * part / 2**30:,.1f} GiB of parts:\n\n| workers | map s | merge s | all s | efficiency |\n|---|---|---|---|---|')
    for workers in (10, 100, 1000):
      mapping = math.ceil(total / workers) * map_s
      # Parts are merged as they come, by one process: what is left at the end is a round of them, or all that it could not keep up with.
      everything = max(mapping + min(workers, total) * merge_s, total * merge_s + map_s)
      print(f'| {workers:,} | {mapping:,.0f} | {total * merge_s:,.0f} | {everything:,.0f} | {total * map_s / workers / everything:.2f} |')


if __name__ == '__main__':
  main()
