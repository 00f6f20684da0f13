#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The layers: which folder of tfxm/ may include which.

  layers.py           checks every #include against the libraries' DEPS, that no public header includes one of internal/ or GoogleTest, and
                      the table in docs/architecture.md; ends with status 1 if something is wrong
  layers.py --write   writes the table's last column anew

What a folder may use is what its libraries name as DEPS in CMakeLists.txt, and what those may use. A test may use what its own DEPS name, and
tfxm/testing/, which is no library: what it may use itself is TESTING.
"""
import argparse
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCUMENT = os.path.join(ROOT, 'docs', 'architecture.md')
TESTING = {'testing', 'data', 'util'}
INCLUDE = re.compile(r'^#include "tfxm/([a-z_]+)/([^"]+)"', re.M)


def read(path):
  with open(path) as f:
    return f.read()


def declared():
  """({folder: DEPS of its libraries}, {folder: DEPS of its tests and benchmarks}), as folders."""
  folder_of, libraries, tests = {}, {}, {}
  calls = []
  for path in sorted(glob.glob(os.path.join(ROOT, 'tfxm', '*', 'CMakeLists.txt'))):
    folder = os.path.basename(os.path.dirname(path))
    for kind, body in re.findall(r'^tfxm_(library|test|benchmark)\(([^()]*)\)', read(path), re.M):
      words = body.split()
      calls.append((folder, kind, words[words.index('DEPS') + 1:] if 'DEPS' in words else []))
      if kind == 'library':
        folder_of[words[0]] = folder
        libraries.setdefault(folder, set())
    for names in re.findall(r'^set\(program_libraries ([^()]*)\)', read(path), re.M):
      calls.append((folder, 'library', names.split()))
  for folder, kind, deps in calls:
    into = libraries if kind == 'library' else tests
    into.setdefault(folder, set()).update(folder_of[d] for d in deps if d in folder_of and folder_of[d] != folder)
  return libraries, tests


def reachable(folder, deps):
  found, waiting = set(), set(deps.get(folder, ()))
  while waiting:
    one = waiting.pop()
    found.add(one)
    waiting |= set(deps.get(one, ())) - found
  return found


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--write', action='store_true', help='write the table')
  args = parser.parse_args()
  libraries, tests = declared()
  # Messages are generated into a folder of their own, which everything may include.
  may_use = {f: reachable(f, libraries) | {f, 'proto'} for f in libraries}
  wrong = [f'{f}: uses itself by way of its DEPS' for f in libraries if f in reachable(f, libraries)]
  may_use['testing'] = TESTING
  for folder in [*libraries, 'testing']:
    for path in sorted(glob.glob(os.path.join(ROOT, 'tfxm', folder, '**', '*'), recursive=True)):
      if not path.endswith(('.h', '.cc')):
        continue
      name = os.path.relpath(path, ROOT)
      allowed = set(may_use[folder])
      if re.search(r'(_test|_benchmark|/test_\w+)\.(h|cc)$', path):
        allowed |= TESTING
        for dep in tests.get(folder, ()):
          allowed |= may_use[dep]
      public = path.endswith('.h') and '/internal/' not in path and not re.search(r'/test_\w+\.h$', path)
      if public and folder != 'testing' and re.search(r'^#include [<"]g(test|mock)/', read(path), re.M):
        wrong.append(f'{name} is installed and includes GoogleTest: call it test_….h, which is not (cmake/tfxm_install.cmake)')
      for other, rest in INCLUDE.findall(read(path)):
        if other not in allowed:
          wrong.append(f'{name} includes tfxm/{other}/{rest}, but {folder} may not use {other}: add it to DEPS, if it is below')
        if public and 'internal/' in rest:
          wrong.append(f'{name} is installed and includes tfxm/{other}/{rest}, which is not')
  text = read(DOCUMENT)

  def row(match):
    folder = match['folder']
    if folder not in libraries:
      wrong.append(f'docs/architecture.md: there is no tfxm/{folder}')
      return match[0]
    direct = libraries[folder]
    # Without those that come with another.
    needed = sorted(d for d in direct if not any(d in reachable(o, libraries) for o in direct if o != d))
    return f'{match["start"]}{", ".join(needed) or "–"} |'
  table = re.sub(r'^(?P<start>\| `(?P<folder>\w+)/`(?: \*)? \|[^|\n]*\| )[^|\n]*\|$', row, text, flags=re.M)
  missing = set(libraries) - set(re.findall(r'^\| `(\w+)/`', table, re.M))
  wrong += [f'docs/architecture.md: tfxm/{f} is not in the table of folders' for f in sorted(missing)]
  if args.write:
    with open(DOCUMENT, 'w') as f:
      f.write(table)
  elif table != text:
    wrong.append('docs/architecture.md: the table of folders is not what DEPS say: `python3 cmake/lint/layers.py --write`')
  print('\n'.join(wrong) or f'{len(libraries)} folders, each includes only what it may.')
  sys.exit(bool(wrong))


if __name__ == '__main__':
  main()
