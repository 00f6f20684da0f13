#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Follows the links of the Markdown files below a folder: the file or folder must be there, and the heading of a #part.

  check_links.py FOLDER

Links to other hosts are not followed. Folders of builds and runs (.gitignore) are left out. Prints each link that leads nowhere
and ends with status 1 if there is one, 2 if there is nothing to look at.
"""
import os
import re
import sys
import urllib.parse

LEFT_OUT = re.compile(r'(build.*|runs|__pycache__|\..+)$')
FENCE = re.compile(r'^ *(```|~~~)')
CODE = re.compile(r'(`+)(?!`).*?(?<!`)\1(?!`)')
LINK = re.compile(r'\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)|<(?:a|img)\b[^>]*?\b(?:href|src)="([^"]+)"')


def markdown_files(folder):
  for parent, folders, names in os.walk(folder):
    folders[:] = sorted(name for name in folders if not LEFT_OUT.match(name) and not os.path.exists(os.path.join(parent, name, 'CMakeCache.txt')))
    for name in sorted(names):
      if name.endswith('.md'):
        yield os.path.join(parent, name)


def prose(path):
  """The numbered lines that are not in code blocks."""
  fence = None
  with open(path, encoding='utf-8') as file:
    for number, line in enumerate(file, 1):
      mark = FENCE.match(line)
      if fence is None and not mark:
        yield number, line
      elif fence is None:
        fence = mark[1]
      elif mark and mark[1] == fence:
        fence = None


def anchors(path):
  """What GitHub calls the headings of a file."""
  found = set()
  for _, line in prose(path):
    found.update(re.findall(r'<a\s+(?:id|name)="([^"]+)"', line))
    heading = re.match(r'#{1,6}\s+(.*?)\s*#*\s*$', line)
    if heading:
      text = re.sub(r'!?\[([^\]]*)\]\([^)]*\)', r'\1', heading[1])
      anchor = re.sub(r'[^\w\- ]', '', text.lower()).replace(' ', '-')
      name, again = anchor, 0
      while name in found:
        again += 1
        name = f'{anchor}-{again}'
      found.add(name)
  return found


def what_is_wrong(path, link, root):
  """Why a link of the file at `path` leads nowhere, or None."""
  if re.match(r'[a-z][a-z0-9+.-]*:', link, re.IGNORECASE):
    return None
  target, _, part = urllib.parse.unquote(link).partition('#')
  if target.startswith('/'):
    return 'is an absolute path'
  file = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
  if os.path.relpath(file, root).startswith('..'):
    return 'leads out of the repository'
  if not os.path.exists(file):
    return 'is not there'
  if part and file.endswith('.md') and part not in anchors(file):
    return f'has no heading #{part}'
  return None


def main():
  if len(sys.argv) != 2:
    sys.exit(__doc__)
  root = os.path.abspath(sys.argv[1])
  files, links, bad = list(markdown_files(root)), 0, 0
  for path in files:
    for number, line in prose(path):
      for match in LINK.finditer(CODE.sub('', line)):
        link = match[1] or match[2] or match[3]
        wrong = what_is_wrong(path, link, root)
        links += 1
        if wrong:
          bad += 1
          print(f'{os.path.relpath(path, root)}:{number}: {link} {wrong}')
  print(f'{len(files)} files, {links} links, {bad} of them lead nowhere')
  return 1 if bad else 0 if links else 2


if __name__ == '__main__':
  sys.exit(main())
