#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The public headers and the Markdown files as HTML, by Doxygen: `make docs`.

  make_docs.py OUTPUT_DIR VERSION        leaves OUTPUT_DIR/html/index.html, and Doxygen's warnings in OUTPUT_DIR/warnings.txt

Doxygen is given copies. Of headers: comments are plain "//" here, which it does not read. A comment directly above a declaration becomes
"///", one behind a declaration "///<", the one at the top the file's description; indented blocks become code. Of Markdown: GitHub's
links, to a file or a heading, become Doxygen's references.
"""
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'cmake', 'dependencies'))
import system_packages  # noqa: E402

MARK = '.tfxm_docs'  # In a folder that this script has made, and may remove.
COMMENT = re.compile(r'^( *)//(?: (.*)|( *))$')
BEHIND = re.compile(r'^(.*\S) +// (.*)$')


def escaped(text):
  """Doxygen's own characters outside of `code` stand for themselves."""
  parts = re.split(r'(`[^`]*`)', text)
  return ''.join(part if part.startswith('`') else re.sub(r'([\\@<>#&])', r'\\\1', part) for part in parts)


def described(lines):
  """The lines of a comment; what is indented after an empty line is C++, what stands between ``` is left as it is."""
  out, code, fence = [], False, False
  for i, line in enumerate(lines):
    indented = line.startswith('  ')
    if line.startswith('```') or fence:
      fence ^= line.startswith('```')
      out += ['@endcode'] * code + [line]
      code = False
      continue
    if code and line and not indented:
      out.append('@endcode')
      code = False
    if not code and indented and (i == 0 or not lines[i - 1]):
      out.append('@code{.cpp}')
      code = True
    out.append(line if code else escaped(line))
  return out + ['@endcode'] * code


def header(text):
  lines, out, i = text.split('\n'), [], 0
  while i < len(lines):
    comment = COMMENT.match(lines[i])
    behind = BEHIND.match(lines[i])
    if comment:
      indent, block, first = comment[1], [], i == 0
      while i < len(lines) and (comment := COMMENT.match(lines[i])) and comment[1] == indent:
        block.append(comment[2] or '')
        i += 1
      if first:
        block = ['@file'] + described(block)
      elif i < len(lines) and lines[i].strip():  # A blank line says: of what follows in general.
        block = described(block)
      else:
        out += [f'{indent}// {line}' for line in block]
        continue
      out += [f'{indent}/// {line}' for line in block]
    elif behind and not re.match(r' *(#|//|}|namespace)', lines[i]) and re.search(r'[;,{]$|\w$', behind[1]):
      column = lines[i].rindex('// ' + behind[2])
      out.append(f'{behind[1]}  ///< {escaped(behind[2])}')
      i += 1
      while i < len(lines) and (comment := COMMENT.match(lines[i])) and len(comment[1]) == column:
        out.append(f'{comment[1]}///< {escaped(comment[2] or "")}')
        i += 1
    else:
      out.append(lines[i])
      i += 1
  return '\n'.join(out)


def inputs():
  """The files, relative to the project."""
  for parent, folders, names in os.walk(ROOT):
    folders[:] = sorted(name for name in folders if not re.match(r'build|runs$|testdata$|internal$|[._]', name)
                        and not os.path.exists(os.path.join(parent, name, 'CMakeCache.txt')))
    for name in names:
      path = os.path.relpath(os.path.join(parent, name), ROOT)
      if name.endswith('.md') or path.startswith('tfxm/') and re.search(r'(?<!test_util)\.h$', name) and not name.startswith('test_'):
        yield path


PAGES = set(inputs())


def page(path):
  """The label of a Markdown file, relative to the project."""
  return 'index' if path == 'README.md' else re.sub(r'\W', '-', path[:-len('.md')])


def label(path, heading):
  return page(path) + '--' + re.sub(r'[^a-z0-9\- ]', '', heading.lower()).replace(' ', '-')


def reference(path, text, target):
  if re.match(r'[a-z]+:', target):
    return f'[{text}]({target})'
  file, _, part = target.partition('#')
  file = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
  if os.path.isdir(os.path.join(ROOT, file)) and os.path.exists(os.path.join(ROOT, file, 'README.md')):
    file = os.path.join(file, 'README.md')
  if file not in PAGES:
    return text
  if file.endswith('.md'):
    return f'[{text}](@ref {label(file, part.replace("-", " ")) if part else page(file)})'
  return f'[{text}](@ref {file})'


def markdown(path, text):
  out, fence = [], False
  for line in text.split('\n'):
    if re.match(r' *```', line):
      fence = not fence
    elif not fence:
      heading = re.match(r'(#+) +(.*)$', line)
      if heading and not (path == 'README.md' and heading[1] == '#'):
        top = heading[1] == '#'  # May be linked to by its name as well.
        out += [f'{line} {{#{page(path)}}}', '', f'@anchor {label(path, heading[2])}'] if top else [f'{line} {{#{label(path, heading[2])}}}']
        continue
      line = re.sub(r'(?<!!)\[([^\]]*)\]\(([^)\s]+)\)', lambda m: reference(path, m[1], m[2]), line)
      line = re.sub(r'!\[([^\]]*)\]\(([^)\s]+)\)', lambda m: f'![{m[1]}]({os.path.basename(m[2])})', line)
    out.append(line)
  return '\n'.join(out)


def main():
  if len(sys.argv) != 3:
    sys.exit(__doc__)
  system_packages.provide({'docs'}, print, sys.exit)
  output = os.path.abspath(sys.argv[1])
  mark = os.path.join(output, MARK)
  if os.path.exists(output) and os.listdir(output) and not os.path.exists(mark):
    sys.exit(f'{output} has files that `make docs` did not make: name another folder')
  shutil.rmtree(output, ignore_errors=True)
  os.makedirs(output)
  with open(mark, 'w'):
    pass
  for path in sorted(PAGES):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
      text = file.read()
    # Doxygen takes every README.md for the main page.
    name = page(path) + '.md' if path.endswith('README.md') and path != 'README.md' else os.path.basename(path)
    copy = os.path.join(output, 'input', os.path.dirname(path), name)
    os.makedirs(os.path.dirname(copy), exist_ok=True)
    with open(copy, 'w', encoding='utf-8') as file:
      file.write(markdown(path, text) if path.endswith('.md') else header(text))
  with open(os.path.join(HERE, 'Doxyfile'), encoding='utf-8') as file:
    config = file.read() + f'PROJECT_NUMBER = {sys.argv[2]}\nOUTPUT_DIRECTORY = {output}\nWARN_LOGFILE = {output}/warnings.txt\n' \
        f'IMAGE_PATH = {ROOT}/docs/images\n'
  done = subprocess.run(['doxygen', '-'], input=config, text=True, cwd=os.path.join(output, 'input'))
  if done.returncode:
    sys.exit(done.returncode)
  with open(os.path.join(output, 'warnings.txt'), encoding='utf-8') as file:
    warnings = len(file.readlines())
  print(os.path.join(output, 'html', 'index.html') + (f' ({warnings} lines of warnings in warnings.txt)' if warnings else ''))


if __name__ == '__main__':
  main()
