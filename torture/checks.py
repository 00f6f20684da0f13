# SPDX-License-Identifier: Apache-2.0
"""What must hold of an output folder after a complete run, whatever happened before."""
import hashlib
import os
import re
import sqlite3

# Measured times, hashes of them, and when a file was written: docs/architecture.md, Files. Logs and cache keys (below .system) are not
# artifacts.
_NOT_REPRODUCIBLE = re.compile(r'/\.system/|/model_facts\.json$|/events\.out\.tfevents\.|/\.tfxm_evaluation\.json$|^(report\.html|comparison\.(json|txt))$|'
                               r'^metadata\.db|^pipeline_root/\.file_hashes$')
# Names that tfxm keeps on purpose and that begin with a dot.
_OURS = {'.system', '.file_hashes', '.tfxm_evaluation.json'}
_RUNNING, _LIVE = 2, 2  # ml_metadata.Execution.State, Artifact.State


def _name(path):
  """Without the ids of executions and the versions of pushed models: they tell which attempt it was."""
  path = re.sub(r'^(pipeline_root/[^/]+/[^/]+)/\d+(?=/|$)', r'\1/ID', path)
  return re.sub(r'^(serving_model\w*)/\d+(?=/|$)', r'\1/VERSION', path)


def _digest(path):
  with open(path, 'rb') as f:
    content = f.read()
  if os.path.basename(path) == 'eval_config.json':  # It says where the model was.
    content = re.sub(rb'(pipeline_root/[^/"]+/[^/"]+)/\d+', rb'\1/ID', content)
  return hashlib.sha256(content).hexdigest()


def files(folder):
  for parent, _, names in os.walk(folder):
    for name in names:
      yield os.path.relpath(os.path.join(parent, name), folder)


def contents(folder):
  """{name: {digest, …}} of the reproducible files: one digest, unless attempts differ."""
  out = {}
  for path in files(folder):
    if not _NOT_REPRODUCIBLE.search(path):
      out.setdefault(_name(path), set()).add(_digest(os.path.join(folder, path)))
  return out


def difference(folder, reference):
  """What is wrong with the folder's files, as lines."""
  found = contents(folder)
  yield from (f'{name} is missing' for name in sorted(reference.keys() - found.keys()))
  yield from (f'{name} was not made by an unbroken run' for name in sorted(found.keys() - reference.keys()))
  yield from (f'{name} has other bytes than an unbroken run makes'
              for name in sorted(found.keys() & reference.keys()) if found[name] != reference[name])


def temporary_files(folder):
  for parent, folders, names in os.walk(folder):
    for name in folders + names:
      if (name.startswith('.') and name not in _OURS) or '.tmp' in name or name.startswith('.temp'):
        yield f'a temporary file is left: {os.path.join(parent, name)}'


def store(output):
  """What is wrong with metadata.db, and between it and the artifacts on disk."""
  path = os.path.join(output, 'metadata.db')
  db = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
  try:
    (answer,) = db.execute('PRAGMA integrity_check').fetchone()
    if answer != 'ok':
      yield f'integrity_check of {path}: {answer}'
    for (i,) in db.execute('SELECT id FROM Execution WHERE last_known_state = ?', (_RUNNING,)):
      yield f'execution {i} is RUNNING'
    live = {os.path.realpath(uri) for (uri,) in db.execute('SELECT uri FROM Artifact WHERE state = ?', (_LIVE,)) if uri}
  finally:
    db.close()
  yield from (f'the store has an artifact that is not there: {uri}' for uri in sorted(live) if not os.path.exists(uri))
  root = os.path.join(output, 'pipeline_root')
  for node in sorted(os.listdir(root)):
    for key in sorted(os.listdir(os.path.join(root, node)) if os.path.isdir(os.path.join(root, node)) else []):
      for i in sorted(os.listdir(os.path.join(root, node, key)) if not key.startswith('.') else []):
        uri = os.path.realpath(os.path.join(root, node, key, i))
        if uri not in live:
          yield f'the store does not know {uri}'


def processes(mark):
  """Process ids that have `mark` (bytes) in their environment."""
  found = []
  for pid in filter(str.isdigit, os.listdir('/proc')):
    try:
      with open(f'/proc/{pid}/environ', 'rb') as f:
        environment = f.read()
      with open(f'/proc/{pid}/stat') as f:
        zombie = f.read().rsplit(')', 1)[1].split()[0] == 'Z'
    except OSError:
      continue  # It has ended, or it is somebody else's.
    if mark in environment and not zombie:
      found.append(int(pid))
  return found
