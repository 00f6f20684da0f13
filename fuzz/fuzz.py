#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzzers one after another and prints what each has found: `make fuzz [SECONDS=600] [TARGET=sql]`.

Usage: fuzz.py --build_dir build-fuzz [--seconds 600] [TARGET …]

With --seconds 0 each only runs what is there: the inputs of corpora.py, those of regressions/TARGET (which once were
findings), and those that earlier runs here have kept in BUILD_DIR/corpus/TARGET. A finding ends its target; the input
is kept in BUILD_DIR/findings and the exit status is 1.
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

import corpora

HERE = os.path.dirname(os.path.abspath(__file__))
# The longest input of each.
TARGETS = {'eval_config': 6_000, 'evaluation': 64_000, 'example': 6_000, 'flags': 400, 'keras_weights': 64_000, 'saved_model': 64_000, 'schema': 64_000,
           'sql': 1_000, 'tables': 4_000, 'tflite': 64_000, 'tfrecord': 10_000}
# An input that needs more is a finding.
MEMORY = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
LIMITS = ['-rss_limit_mb=2048', '-timeout=25']
# The published libraries are not instrumented: vectors cross over to them.
SANITIZERS = {'ASAN_OPTIONS': 'detect_container_overflow=0:allocator_may_return_null=0',
              'ASAN_SYMBOLIZER_PATH': shutil.which('llvm-symbolizer-19') or '',
              'UBSAN_OPTIONS': 'print_stacktrace=1'}


def run(target, build_dir, seconds):
  """Prints a line about the target; returns whether it has no finding."""
  folders = {name: os.path.join(build_dir, name, target) for name in ('corpus', 'seeds', 'findings')}
  for folder in folders.values():
    os.makedirs(folder, exist_ok=True)
  dictionary = corpora.collect(target, build_dir, folders['seeds'])
  inputs = [folders['corpus'], folders['seeds']]
  if glob.glob(os.path.join(HERE, 'regressions', target, '*')):
    inputs.append(os.path.join(HERE, 'regressions', target))
  command = [os.path.join(build_dir, f'fuzz_{target}'), '-print_final_stats=1', f'-max_len={TARGETS[target]}',
             f'-artifact_prefix={folders["findings"]}/'] + LIMITS
  command += [f'-max_total_time={seconds}'] if seconds > 0 else ['-runs=0']
  if dictionary:
    command.append(f'-dict={dictionary}')
  log = os.path.join(build_dir, f'fuzz_{target}.log')
  with tempfile.TemporaryDirectory(prefix='tfxm_fuzz-', dir=MEMORY) as scratch, open(log, 'w') as out:
    status = subprocess.run(command + inputs, stdout=out, stderr=subprocess.STDOUT,
                            env=dict(os.environ, TMPDIR=scratch, **SANITIZERS)).returncode
  with open(log, errors='replace') as f:
    text = f.read()

  def last(pattern, otherwise='0'):
    return (re.findall(pattern, text) or [otherwise])[-1]

  inputs = int(last(r'stat::number_of_executed_units: +(\d+)', last(r'(?m)^#(\d+)')))
  speed = int(last(r'stat::average_exec_per_sec: +(\d+)'))
  edges, kept = int(last(r'cov: (\d+)')), int(last(r'corp: (\d+)'))
  print(f'{target:12} {inputs:>11,} inputs {speed:>7,}/s {edges:>7,} edges {kept:>6,} in the corpus  '
        f'{"no finding" if status == 0 else "A FINDING"}', flush=True)
  if status:
    what = last(r'(?m)^(?:SUMMARY|==\d+== ?ERROR|.*runtime error): .*$', 'it ended without a message')
    saved = last(r'Test unit written to (\S+)', 'no file')
    print(f'  {what}\n  the input: {saved}   all it printed: {log}', flush=True)
  return status == 0


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--build_dir', required=True)
  parser.add_argument('--seconds', type=int, default=600, help='for each target; 0: only the inputs there are')
  parser.add_argument('targets', nargs='*', metavar='TARGET', help=f'of {", ".join(TARGETS)}; none: all')
  args = parser.parse_args()
  unknown = set(args.targets) - set(TARGETS)
  if unknown:
    parser.error(f'there is no target {", ".join(sorted(unknown))}; there are {", ".join(TARGETS)}')
  clean = [run(target, os.path.abspath(args.build_dir), args.seconds) for target in args.targets or sorted(TARGETS)]
  sys.exit(0 if all(clean) else 1)


if __name__ == '__main__':
  main()
