#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""clang-format and clang-tidy, of one version for everybody, on what was changed.

Usage: lint.py format [--check]        formats the changed lines; with --check only shows what would change, status 1
       lint.py tidy --build_dir BUILD [--all] [--most N]     clang-tidy over the changed files, or over all; status 1 on a finding

Changed is what differs from the branch's beginning (where it left main; on main itself and on a detached checkout: from the commit
before), what is not yet committed included. In a checkout that has no such commit nothing is looked at, and that is said.
The wheels of requirements.txt are unpacked into the cache of cmake/dependencies/fetch.py.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, 'cmake', 'dependencies'))
import fetch  # noqa: E402


def tool(name):
  """The folder of an unpacked wheel."""
  with open(os.path.join(HERE, 'requirements.txt')) as f:
    line, version, digest = re.search(rf'^{name}==(\S+) --hash=sha256:(\w+)$', f.read(), re.MULTILINE).group(0, 1, 2)
  module = name.replace('-', '_')
  archive = fetch.wheel(name, version, digest, line)
  folder = os.path.join(fetch.once(f'{name}-{version}', fetch.unpack(archive, [f'{module}/*'])), module)
  os.chmod(os.path.join(folder, 'data', 'bin', name), 0o755)
  return folder


def git(*args):
  done = subprocess.run(('git',) + args, cwd=ROOT, capture_output=True, text=True)
  return done.stdout.strip() if done.returncode == 0 else None


def base():
  """The commit that changes are counted from, or None."""
  head = git('rev-parse', '--verify', '-q', 'HEAD')
  for main in ('main', 'origin/main'):
    commit = git('merge-base', 'HEAD', main)
    if commit and commit != head:
      return commit
  return git('rev-parse', '--verify', '-q', 'HEAD~1^{commit}')


def changed(since):
  """C++ files of the work tree that differ from a commit, those that changed most first, and those git does not know yet. One that was
  moved has changed by what is different in it."""
  counts, fields = [], git('diff', '--numstat', '-z', '-M', '-l10000', '--diff-filter=AMR', since, '--', '*.cc', '*.h').split('\0')
  while len(fields) > 1:
    added, removed, name = fields.pop(0).split('\t')
    if not name:  # Moved: the old name and the new one follow.
      name = fields[1]
      del fields[:2]
    counts.append((-int(added) - int(removed), name))
  files = [name for _, name in sorted(counts)]
  return files + git('ls-files', '--others', '--exclude-standard', '--', '*.cc', '*.h').splitlines()


def format_lines(since, check):
  folder = tool('clang-format')
  binary = os.path.join(folder, 'data', 'bin', 'clang-format')
  untracked = git('ls-files', '--others', '--exclude-standard', '--', '*.cc', '*.h').splitlines()
  if untracked:  # git-clang-format knows only what git knows
    done = subprocess.run([binary] + (['--dry-run', '--Werror'] if check else ['-i']) + untracked, cwd=ROOT)
    if done.returncode:
      return False
  command = [sys.executable, os.path.join(folder, 'git_clang_format.py'), '--binary', binary, '--extensions', 'cc,h', since]
  done = subprocess.run(command + (['--diff'] if check else ['--force']), cwd=ROOT, capture_output=True, text=True)
  output = done.stdout.strip() + done.stderr.strip()
  formatted = done.returncode == 0 or not check and 'changed files:' in output
  if output and not (formatted and check):
    print(output)
  if not formatted:
    print('The lines above are not formatted: make format')
  return formatted


def compile_commands(build_dir):
  """{file relative to the project: its entry}, as clang takes it: without the launcher, and with no precompiled header, so that a
  missing include is noticed."""
  with open(os.path.join(build_dir, 'compile_commands.json')) as f:
    entries = json.load(f)
  result = {}
  for entry in entries:
    arguments = shlex.split(entry.pop('command'))
    while arguments and os.path.basename(arguments[0]) == 'ccache':
      arguments.pop(0)
    kept, skip = [], 0
    for i, argument in enumerate(arguments):
      if skip:
        skip -= 1
      elif argument in ('-Winvalid-pch', '-Werror'):  # What of clang's warnings is an error is for .clang-tidy to say.
        pass
      elif argument == '-Xclang' and 'pch' in arguments[i + 1]:
        skip = 1
        if 'include' in arguments[i + 1]:
          skip = 3
      elif argument == '-include' and 'cmake_pch' in arguments[i + 1]:
        skip = 1
      else:
        kept.append(argument)
    kept.append('-Wno-unknown-warning-option')  # GCC's own.
    file = os.path.join(entry['directory'], entry['file'])
    for source in together(file):
      arguments = [source if argument == entry['file'] else argument for argument in kept]
      result[os.path.relpath(source, ROOT)] = dict(entry, file=source, arguments=arguments)
  return result


def together(file):
  """The sources that CMake's file of several includes (TFXM_UNITY_BUILD); any other file alone."""
  if os.path.basename(os.path.dirname(file)) != 'Unity' or not os.path.exists(file):
    return [file]
  with open(file) as f:
    return re.findall(r'^#include "(/[^"]*\.cc)"', f.read(), re.MULTILINE)


def tidy(files, commands, jobs):
  """Runs clang-tidy over files; True if it finds nothing."""
  binary = os.path.join(tool('clang-tidy'), 'data', 'bin', 'clang-tidy')
  clean = True
  with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
    with open(os.path.join(scratch, 'compile_commands.json'), 'w') as f:
      json.dump(list(commands.values()), f)
    runs = pool.map(lambda name: subprocess.run([binary, '-p', scratch, '--quiet', os.path.join(ROOT, name)], cwd=ROOT,
                                                capture_output=True, text=True), files)
    for name, done in zip(files, runs):
      if done.returncode:
        clean = False
        # What is not a finding is on stderr; shown where there is none, such as for a crash.
        print(done.stdout.strip() or f'{name}: {done.stderr.strip()}', flush=True)
  return clean


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  actions = parser.add_subparsers(dest='action', required=True)
  action = actions.add_parser('format')
  action.add_argument('--check', action='store_true')
  action = actions.add_parser('tidy')
  action.add_argument('--build_dir', required=True)
  action.add_argument('--all', action='store_true')
  action.add_argument('--most', type=int, default=sys.maxsize, help='no more files than that, those that changed most')
  action.add_argument('--jobs', type=int, default=os.cpu_count())
  args = parser.parse_args()

  since = None if getattr(args, 'all', False) else base()
  if since is None and not getattr(args, 'all', False):
    print(f'{args.action}: skipped: this checkout has no commit to tell changes from (main, or the one before HEAD)')
    return 0
  if args.action == 'format':
    return 0 if format_lines(since, args.check) else 1

  commands = compile_commands(args.build_dir)
  if args.all:
    files = sorted(name for name in commands if name.startswith('tfxm/'))
  else:
    # A header is looked at from the source file of its name.
    candidates = [name[:-2] + '.cc' if name.endswith('.h') else name for name in changed(since)]
    files = [name for name in dict.fromkeys(candidates) if name in commands]
  if len(files) > args.most:
    print(f'tidy: the {args.most} files of {len(files)} that changed most; make tidy takes all')
    files = files[:args.most]
  return 0 if tidy(files, commands, args.jobs) else 1


if __name__ == '__main__':
  sys.exit(main())
