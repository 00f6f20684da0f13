#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wheel on the Pythons of this machine: in an environment of its own for each, which has nothing of the checkout.

  on_pythons.py dist/tfxm-….whl                                      every Python from 3.10 to 3.13 that is here
  on_pythons.py dist/tfxm-….whl --pythons 3.12,3.13 --tests test_guide,test_taxi     these, if they are here

What the wheel needs is installed once (python/tests/environments/python3.10.txt, …; for 3.11 the zoo's), the wheel each time.
Runs TFX's own guide, taxi and penguin, unmodified, or the tests that are named; `all` are all. Ends with status 1 if one fails.
A Python that is not here is named, and is no failure.
"""
import argparse
import glob
import os
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TESTS = os.path.join(ROOT, 'python', 'tests')
ZOO = os.path.join(ROOT, 'examples', 'rewrite_zoo')
VERSIONS = ('3.10', '3.11', '3.12', '3.13')


def find(version):
  """A Python of this version: this one, one on PATH, or one of pyenv's. None if there is none."""
  root = os.environ.get('PYENV_ROOT') or os.path.expanduser('~/.pyenv')
  of_pyenv = sorted(glob.glob(os.path.join(root, 'versions', f'{version}.*', 'bin', 'python')), reverse=True)
  for python in (sys.executable, f'python{version}', *of_pyenv):
    try:
      said = subprocess.run([python, '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], capture_output=True, text=True)
    except OSError:
      continue
    if said.returncode == 0 and said.stdout.strip() == version:
      return python
  return None


def run(version, python, wheel, tests):
  """Whether all is good."""
  began = time.monotonic()
  requirements = os.path.join(ZOO, 'requirements.txt') if version == '3.11' else os.path.join(TESTS, 'environments', f'python{version}.txt')
  made = subprocess.run([python, os.path.join(ZOO, 'environment.py'), f'wheel-{version}', requirements], stdout=subprocess.PIPE, text=True)
  if made.returncode != 0:
    return False
  installed = made.stdout.splitlines()[-1]
  pip = [installed, '-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', '--no-deps', '--no-index', '--force-reinstall']
  if subprocess.run([*pip, wheel]).returncode != 0:
    return False
  # A checkout's engine, and what is on the caller's path, are not for it.
  environment = {name: value for name, value in os.environ.items() if name != 'PYTHONPATH' and (name == 'TFXM_CACHE' or not name.startswith('TFXM_'))}
  what = ['discover'] if tests == 'all' else tests.split(',')
  done = subprocess.run([installed, '-m', 'unittest', *what], cwd=TESTS, env={**environment, 'TFXM_NO_SKIPS': '0' if tests == 'all' else '1'})
  print(f"Python {version}: {'good' if done.returncode == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s", flush=True)
  return done.returncode == 0


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('wheel')
  parser.add_argument('--pythons', default=','.join(VERSIONS))
  parser.add_argument('--tests', default='test_guide,test_taxi,test_penguin')
  args = parser.parse_args()
  good = True
  for version in args.pythons.split(','):
    if version not in VERSIONS:
      parser.error(f"--pythons: expected {', '.join(VERSIONS)}, got {version}")
    python = find(version)
    if python is None:
      print(f'Python {version}: not on this machine', flush=True)
    else:
      good = run(version, python, os.path.abspath(args.wheel), args.tests) and good
  return 0 if good else 1


if __name__ == '__main__':
  sys.exit(main())
