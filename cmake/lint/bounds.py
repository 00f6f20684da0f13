#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bounds of CONTRIBUTING.md: folders of at most 25 files of their own, C++ files of at most 500 lines, sources that name their licence.

  bounds.py      ends with status 1 if something is beyond them

What git knows is looked at; without git, nothing is, and that is said.
"""
import collections
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES, LINES = 25, 500
SOURCE = re.compile(r'(\.(cc|h|inc|py|js|css|sh|cmake|proto)|/CMakeLists\.txt|(^|/)Makefile)$')
# Somebody else's, or what a tool has written.
OTHERS = re.compile(r'(^|/)testdata/(?!.*\.(py|sh)$)')


def main():
  listed = subprocess.run(['git', 'ls-files'], cwd=ROOT, capture_output=True, text=True)
  files = [f for f in listed.stdout.splitlines() if os.path.exists(os.path.join(ROOT, f))]
  if listed.returncode or not files:
    print('This is not a git checkout: nothing is looked at')
    return
  folders = collections.Counter(os.path.dirname(f) for f in files)
  wrong = [f'{folder or "."}: {n} files; at most {FILES} stand in one folder' for folder, n in sorted(folders.items()) if n > FILES]
  for name in files:
    if OTHERS.search(name) or not SOURCE.search(name):
      continue
    with open(os.path.join(ROOT, name), encoding='utf-8') as f:
      text = f.read()
    if name.endswith(('.cc', '.h')) and text.count('\n') > LINES:
      wrong.append(f'{name}: {text.count(chr(10))} lines; at most {LINES}')
    if text.strip() and 'SPDX-License-Identifier: ' not in text[:400]:
      wrong.append(f'{name}: no SPDX-License-Identifier at its beginning')
  print('\n'.join(wrong) or f'{len(files)} files within the bounds.')
  sys.exit(bool(wrong))


if __name__ == '__main__':
  main()
