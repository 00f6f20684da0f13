#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds targets of a configured build folder and says how far it is.

  build.py BUILD_DIR --jobs 2 [TARGET …]         # without targets, all of them

On a terminal one line changes, elsewhere there is a line now and then (dependencies/progress.py). What compilers say is passed on.
"""
import argparse
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'dependencies'))
import progress  # noqa: E402


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('build_dir')
  parser.add_argument('targets', nargs='*')
  parser.add_argument('--jobs', default='2')
  args = parser.parse_intermixed_args()
  command = ['cmake', '--build', args.build_dir, '-j', args.jobs]
  if args.targets:
    command += ['--target'] + args.targets
  how_far = progress.Progress('build')
  began, total, announced = time.monotonic(), 0, False
  with subprocess.Popen(command, env=dict(os.environ, NINJA_STATUS='[%f/%t] '), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                        errors='replace') as ninja:
    for line in ninja.stdout:
      step = re.match(r'\[(\d+)/(\d+)\] (.*)', line)
      if step:
        total = int(step[2])
        if not announced and total > 1:  # One step: CMake looks at its files again.
          how_far.line(f'{total} steps')
          announced = True
        # "Building CXX object a/CMakeFiles/b.dir/c.cc.o" -> "c.cc"
        what = re.sub(r'^Building \w+ object (?:\S*\.dir/)?(?:\S*/)?(\S+?)(?:\.o)?$', r'\1', step[3])
        seconds = int(time.monotonic() - began)
        how_far.show(f'{step[1]} of {total} steps, {seconds // 60}:{seconds % 60:02d} min: {what}')
      elif line.startswith('-- '):  # CMake's
        continue
      elif not line.startswith('ninja: '):
        how_far.clear()
        sys.stderr.write(line)
      elif 'no work to do' not in line and 'Entering directory' not in line:
        how_far.line(line.strip())
  how_far.clear()
  if ninja.returncode:
    sys.exit(f'[build] failed; what did is above. `make` goes on where it ended.')
  if announced:
    how_far.line(f'done in {int(time.monotonic() - began)} s')


if __name__ == '__main__':
  main()
