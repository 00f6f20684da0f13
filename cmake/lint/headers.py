#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The public headers: each compiles alone, and so do the examples in their comments.

  headers.py BUILD [--all]       ends with status 1 and the compiler's messages if something does not

They are compiled as a user's module is, with the arguments in BUILD/lib/module_flags.txt, and only as far as it takes to find mistakes.

Alone: a header that is the first one that a source includes has been compiled alone with it, in builds without precompiled headers and
without sources compiled together, as CI's is with AddressSanitizer. So that every build notices what these hide, the standard library's and Abseil's
names are looked up here: a header, or one of this project's that it includes, must include the file that a name is from. What no source
includes first is compiled here. --all compiles every header alone, which takes minutes.

Examples: an indented block of a comment, after an empty line, is C++ (what is not stands between ```text and ```). It is the body of a
function in the header's namespace; one that defines a function or a class at its left margin, or includes a header, stands outside of
functions. `…` stands for something left out. What an example takes as given is declared in example_context.inc, under the
header's name.
"""
import argparse
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CONTEXT = os.path.join(HERE, 'example_context.inc')
FIRST_INCLUDE = re.compile(r'^#include ["<]([^">]+)[">]', re.M)
OWN_INCLUDE = re.compile(r'^#include "(tfxm/[^"]+)"', re.M)
# What examples may use without saying so.
USUAL = ['<iostream>', '<memory>', '<string>', '<utility>', '<vector>', '"tfxm/util/io.h"', '"tfxm/util/status_macros.h"']
# Where names are from. One that is not here is a mistake as well: a line is soon added.
FROM = {
    '<algorithm>': 'max min sort transform', '<array>': 'array', '<atomic>': 'atomic', '<chrono>': 'chrono', '<bit>': 'bit_cast bit_width popcount',
    '<cmath>': 'abs exp fma isfinite isnan ldexp log nan nearbyint sqrt', '<concepts>': 'convertible_to floating_point integral movable same_as', '<cstddef>': 'byte',
    '<cstdint>': 'int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t', '<cstring>': 'memcpy', '<deque>': 'deque', '<filesystem>': 'filesystem',
    '<functional>': 'equal_to function hash less', '<initializer_list>': 'initializer_list', '<limits>': 'numeric_limits',
    '<map>': 'map multimap', '<memory>': 'make_shared make_unique shared_ptr unique_ptr weak_ptr', '<mutex>': 'lock_guard mutex unique_lock',
    '<numeric>': 'accumulate iota', '<optional>': 'make_optional nullopt optional', '<ostream>': 'ostream', '<set>': 'multiset set', '<span>': 'span',
    '<string>': 'string to_string', '<thread>': 'thread', '<tuple>': 'apply tie tuple',
    '<type_traits>': 'decay_t is_enum_v is_floating_point_v is_integral_v is_same_v is_unsigned_v underlying_type_t', '<typeinfo>': 'type_info',
    '<unordered_map>': 'unordered_map', '<unordered_set>': 'unordered_set',
    '<utility>': 'exchange forward get index_sequence index_sequence_for move pair swap',
    '<variant>': 'get_if holds_alternative monostate variant visit', '<vector>': 'vector',
    '"absl/container/flat_hash_map.h"': 'absl::flat_hash_map', '"absl/functional/function_ref.h"': 'absl::FunctionRef',
    '"absl/status/status.h"': 'absl::InternalError absl::InvalidArgumentError absl::NotFoundError absl::OkStatus absl::Status absl::StatusCode',
    '"absl/status/statusor.h"': 'absl::StatusOr', '"absl/strings/cord.h"': 'absl::Cord', '"absl/strings/str_cat.h"': 'absl::StrCat',
    '"absl/strings/string_view.h"': 'absl::string_view', '"absl/types/span.h"': 'absl::Span',
}
HEADER_OF = {name: header for header, names in FROM.items() for name in names.split()}
# What another one is certain to include.
WITH = {'"absl/status/statusor.h"': ['"absl/status/status.h"'], '"absl/status/status.h"': ['"absl/strings/cord.h"', '"absl/strings/string_view.h"'],
        '"absl/strings/str_cat.h"': ['"absl/strings/string_view.h"', '<string>']}


def read(path):
  with open(os.path.join(ROOT, path), encoding='utf-8') as f:
    return f.read()


def public_headers():
  for path in sorted(glob.glob('tfxm/**/*.h', root_dir=ROOT, recursive=True)):
    if '/internal/' not in path and not path.startswith('tfxm/testing/') and not re.search(r'(/test_\w+|test_util)\.h$', path):
      yield path


def included_first():
  """The headers that are the first ones of a source."""
  matches = (FIRST_INCLUDE.search(read(path)) for path in glob.glob('tfxm/**/*.cc', root_dir=ROOT, recursive=True))
  return {match[1] for match in matches if match}


def includes(path, found=None):
  """What a header includes, and those of this project by way of it."""
  found = set() if found is None else found
  for name in re.findall(r'^#include (["<][^">]+[">])', read(path), re.M):
    if name not in found:
      found.add(name)
      found.update(WITH.get(name, ()))
      if os.path.exists(os.path.join(ROOT, name[1:-1])):
        includes(name[1:-1], found)
  return found


def not_included(path):
  """Names in a header whose own header it does not include."""
  code, there = re.sub(r'//.*|"(?:\\.|[^"\\])*"', '', re.sub(r'^#include.*', '', read(path), flags=re.M)), includes(path)
  for name in sorted(set(re.findall(r'\bstd::(\w+)|\b(absl::\w+)|(?<![\w:])(u?int(?:8|16|32|64)_t)\b', code))):
    name = ''.join(name)
    if name not in HEADER_OF:
      yield f'{path} uses {name}, which cmake/lint/headers.py does not know\n'
    elif HEADER_OF[name] not in there:
      yield f'{path} uses {name} and does not include {HEADER_OF[name]}\n'


def examples(path):
  """(line, its lines) of every example in a header."""
  lines, found, fenced, i = read(path).split('\n'), [], False, 0
  while i < len(lines):
    comment = re.match(r' *// ?(.*)$', lines[i])
    if comment and comment[1].startswith('```'):
      fenced = not fenced
    elif comment and not fenced and re.match(r'  +\S', comment[1]) and re.match(r' *//$', lines[i - 1]):
      margin = lines[i].index('//')
      begin = i
      while i < len(lines) and re.match(rf' {{{margin}}}//(   *\S|$)', lines[i]):
        i += 1
      found.append((begin + 1, [line[margin + 2:] for line in lines[begin:i]]))
      continue
    i += 1
  return found


def without_ellipsis(line):
  code, slashes, comment = re.match(r'((?:[^"/]|"(?:\\.|[^"\\])*"|"|/(?!/))*)(//)?(.*)$', line).groups('')
  code = re.sub(r'([({])\s*…\s*([)}])', r'\1\2', code)
  code = re.sub(r',\s*…|…\s*,', '', code)
  return code.replace('…', ';') + slashes + comment


def outside_of_functions(lines):
  return any(re.match(r' *#include|   (class|struct) \w.*{$|   [\w:<>&*]+ \w+\(.*\) {$', line) for line in lines)


def contexts():
  parts = re.split(r'^// (everywhere|tfxm/\S+\.h)$', read(CONTEXT), flags=re.M)
  return dict(zip(parts[1::2], parts[2::2]))


def split_includes(lines):
  return [line for line in lines if line.lstrip().startswith('#include')], ['' if line.lstrip().startswith('#include') else line
                                                                           for line in lines]


def examples_unit(paths, given):
  """One translation unit with the examples of these headers."""
  includes, body = [f'#include {name}' for name in USUAL] + [f'#include "{path}"' for path in paths], []
  for path in paths:
    found = examples(path)
    if not found:
      continue
    needed, context = split_includes((given['everywhere'] + given.get(path, '')).split('\n'))
    includes += needed
    namespaces = re.findall(r'^namespace (tfxm[\w:]*) {', read(path), re.M)
    name = re.sub(r'\W', '_', path)
    body += [f'namespace {namespaces[-1] if namespaces else "tfxm"}::{name} {{', 'using namespace ::tfxm;',
             f'#line 1 "context of {path}"'] + context
    for line, lines in found:
      needed, lines = split_includes([without_ellipsis(one) for one in lines])
      includes += needed
      opening, closing = ('', '') if outside_of_functions(lines) else ('inline auto Example() {', '}')
      body += [f'namespace example_{line} {{ {opening}', f'#line {line} "{path}"'] + lines + [closing + '}']
    body.append('}')
  return '\n'.join(includes + body) + '\n'


def compiled(task):
  """What the compiler says of a source, or nothing."""
  compiler, flags, folder, name, text = task
  path = os.path.join(folder, re.sub(r'\W', '_', name) + '.cc')
  with open(path, 'w', encoding='utf-8') as f:
    f.write(text)
  done = subprocess.run([compiler, *flags, '-fsyntax-only', path], capture_output=True, text=True)
  return f'{name}:\n{done.stderr}' if done.returncode else ''


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('build', help='the build folder')
  parser.add_argument('--all', action='store_true', help='compile every header alone')
  parser.add_argument('--compiler', default=os.environ.get('CXX', 'c++'))
  parser.add_argument('--jobs', type=int, default=len(os.sched_getaffinity(0)))
  parser.add_argument('--only', default='', help='only headers whose path begins so')
  args = parser.parse_args()
  with open(os.path.join(args.build, 'lib', 'module_flags.txt'), encoding='utf-8') as f:
    flags = [line for line in f.read().split('\n') if line and not line.startswith('-Wl')]
  headers, first, given = [h for h in public_headers() if h.startswith(args.only)], included_first(), contexts()
  wrong = [f'example_context.inc: there is no example in {path}\n' for path in given
           if path != 'everywhere' and (not os.path.exists(os.path.join(ROOT, path)) or not examples(path))]
  wrong += [problem for header in headers for problem in not_included(header)]
  alone = [h for h in headers if args.all or h not in first]
  with tempfile.TemporaryDirectory() as scratch:
    half = (len(headers) + 1) // 2  # Few units, as what they include is what takes time.
    tasks = [(args.compiler, flags, scratch, f'examples from {part[0]} on', examples_unit(part, given))
             for part in (headers[:half], headers[half:]) if part]
    tasks += [(args.compiler, flags, scratch, f'{header} alone', f'#include "{header}"\n') for header in alone]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
      wrong += [problem for problem in pool.map(compiled, tasks) if problem]
  number = sum(len(examples(h)) for h in headers)
  print('\n'.join(wrong) or f'{len(headers)} headers, {len(alone)} of them compiled alone, {number} examples.')
  sys.exit(bool(wrong))


if __name__ == '__main__':
  main()
