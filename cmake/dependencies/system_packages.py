# SPDX-License-Identifier: Apache-2.0
"""What tfxm needs of the system: looked for, and installed or asked for.

  system_packages.provide({'build', 'test'})     # groups of system-packages.txt

A thing is there if its command is on the PATH or its header is found by the compiler, wherever it comes from. What is missing is installed with
apt-get by root; anybody else is told the command.
"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LIST = os.path.join(HERE, 'system-packages.txt')
CMAKE_VERSION = (3, 25)


def read_list():
  """[(group, whether it must be, Debian's name, commands and files, headers)]; any one of the latter is enough."""
  out = []
  with open(LIST) as f:
    for line in f:
      fields = line.split('#')[0].split()
      if fields:
        names = fields[2].split('|')
        headers = [n for n in names if n.endswith('.h')]
        out.append((fields[0].rstrip('?'), not fields[0].endswith('?'), fields[1], [n for n in names if n not in headers], headers))
  return out


def compiler():
  return os.environ.get('CXX') or 'c++'


def headers_found(headers):
  """Those of the headers that the compiler finds."""
  source = ''.join(f'#if __has_include(<{h}>)\nfound {h}\n#endif\n' for h in headers)
  done = subprocess.run(compiler().split() + ['-x', 'c++', '-E', '-P', '-'], input=source, capture_output=True, text=True)
  return {line.split()[1] for line in done.stdout.splitlines() if line.startswith('found ')}


def recent_enough(command):
  if command != 'cmake':
    return True
  version = re.search(r'(\d+)\.(\d+)', subprocess.run([command, '--version'], capture_output=True, text=True).stdout)
  return version is not None and (int(version[1]), int(version[2])) >= CMAKE_VERSION


def missing(groups):
  """Debian's names of what is not there: (what must be, what is only wished for)."""
  wanted = [entry for entry in read_list() if entry[0] in groups]
  out, wished = [], []
  if not shutil.which(compiler().split()[0]):
    out.append('g++')
    found = set()
  else:
    found = headers_found([h for entry in wanted for h in entry[4]])
  for _, must, package, commands, headers in wanted:
    if not any(shutil.which(c) and recent_enough(c) or os.path.isabs(c) and os.path.exists(c) for c in commands) and not found.intersection(headers):
      (out if must else wished).append(package)
  if subprocess.run([sys.executable, '-m', 'pip', '--version'], capture_output=True).returncode:
    out.append('python3-pip')
  return out, wished


def provide(groups, say, fail):
  packages, wished = missing(groups)
  if not packages and (not wished or os.geteuid() != 0):
    return
  packages += wished
  command = ['apt-get', 'install', '-y', '-q', '--no-install-recommends'] + packages
  if not shutil.which('apt-get'):
    fail(f'missing: {" ".join(packages)} (Debian\'s names). Install them with this system\'s own package manager, then run the same command again.')
  if os.geteuid() != 0:
    fail(f'missing: {" ".join(packages)}\n  Install them (or have them installed), then run the same command again:\n'
         f'    sudo apt-get update && sudo {" ".join(command)}\n'
         '  What is elsewhere than in the system\'s folders is found by PATH (commands) and CPATH, LIBRARY_PATH (libraries).')
  say(f'installing system packages: {" ".join(packages)}')
  env = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
  for attempt in (['apt-get', 'update', '-q'], command):
    done = subprocess.run(attempt, env=env, capture_output=True, text=True)
    if done.returncode:
      fail(f'`{" ".join(attempt)}` failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}')
  still, _ = missing(groups)
  if still:
    fail(f'installed, and still not found: {" ".join(still)}. cmake must be {CMAKE_VERSION[0]}.{CMAKE_VERSION[1]} or newer; '
         'headers are looked for with the compiler $CXX.')
