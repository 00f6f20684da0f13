#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the wheel: the Python part with the engine in it, one file for all Pythons, since nothing in it is an extension.

  make_wheel.py --build_dir build --output dist

tfxm/_native/ has bin/tfxm, lib/ and share/tfxm/. TensorFlow's and LiteRT's libraries are those of the packages that the
wheel depends on: the engine looks for them beside its own folder in site-packages. Small libraries of the system that
it needs are bundled. The same build gives the same bytes.
"""
import argparse
import base64
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# glibc 2.34 and libstdc++ 3.4.30 are what the libraries ask for (PEP 600).
TAG = 'py3-none-manylinux_2_35_x86_64'
SITE_LIBRARIES = ('$ORIGIN/../../../tensorflow', '$ORIGIN/../../../ai_edge_litert')
# Not on every system; libarrow in the version that the engine is linked with, whatever pyarrow is installed. HDF5 is
# left out: the engine says so where a Keras file is read.
BUNDLED = ('libisal.so', 'libsqlite3.so', 'libspng.so', 'libarrow.so', 'libarrow_s3.so', 'libparquet.so')

METADATA = """Metadata-Version: 2.1
Name: tfxm
Version: {version}
Summary: TFX for mobile: from data to a TFLite file that is known to be as good as its model
License: Apache-2.0
Requires-Python: >=3.10,<3.14
Classifier: Operating System :: POSIX :: Linux
Requires-Dist: ai-edge-litert=={litert}
Requires-Dist: protobuf>=6.31
Requires-Dist: absl-py
Provides-Extra: keras
Requires-Dist: tensorflow=={tensorflow}.*; extra == 'keras'
Requires-Dist: tf-keras=={tensorflow}.*; extra == 'keras'
Requires-Dist: tensorboard; extra == 'keras'
Provides-Extra: cpu
Requires-Dist: tensorflow-cpu=={tensorflow}.*; extra == 'cpu'
Requires-Dist: tensorboard; extra == 'cpu'
"""


def fail(message):
  sys.exit(f'make wheel: {message}')


def pinned(package):
  with open(os.path.join(ROOT, 'cmake/dependencies/requirements.txt')) as f:
    return re.search(rf'^{package}==(\S+) ', f.read(), re.M)[1]


def set_runpath(path, runpath):
  """Shortens it, as installing does (cmake/tfxm_install.cmake), with the same tool."""
  with tempfile.NamedTemporaryFile('w', suffix='.cmake') as script:
    script.write(f'file(RPATH_SET FILE "{path}" NEW_RPATH "{runpath}")\n'.replace('$', '\\$'))
    script.flush()
    subprocess.run(['cmake', '-P', script.name], check=True, stdout=subprocess.DEVNULL)


def needed(path):
  text = subprocess.run(['ldd', path], capture_output=True, text=True, check=True).stdout
  return dict(re.findall(r'^\s*(\S+) => (/\S+)', text, re.M))


def add_native(build, native):
  for folder in ('bin', 'lib', 'share/tfxm'):
    os.makedirs(os.path.join(native, folder))
  shutil.copy(os.path.join(build, 'tfxm'), os.path.join(native, 'bin'))
  for library in glob.glob(os.path.join(build, 'lib', 'libtfxm_*.so')):
    shutil.copy(library, os.path.join(native, 'lib'))
  shutil.copy(os.path.join(build, 'descriptors.pb'), os.path.join(native, 'share/tfxm'))
  shutil.copytree(os.path.join(build, 'licences'), os.path.join(native, 'share/tfxm/licences'))
  found = {}
  for library in glob.glob(os.path.join(build, 'lib', 'libtfxm_*.so')):
    found.update({name: path for name, path in needed(library).items() if name.startswith(BUNDLED)})
  for name, path in found.items():
    shutil.copy(path, os.path.join(native, 'lib', name))
  for path in glob.glob(os.path.join(native, 'bin/*')) + glob.glob(os.path.join(native, 'lib/*')):
    os.chmod(path, 0o755)
    subprocess.run(['strip', path], check=True)
    if os.path.basename(path) not in found:
      own = '$ORIGIN/../lib' if os.path.dirname(path).endswith('bin') else '$ORIGIN'
      set_runpath(path, ':'.join((own,) + SITE_LIBRARIES))


def add_python(package):
  shutil.copytree(os.path.join(ROOT, 'python', 'tfxm'), package, ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))


def write_wheel(folder, path, info):
  """As PEP 427 says, with RECORD last."""
  record = []
  with zipfile.ZipFile(path + '.tmp', 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as wheel:
    def add(name, data, mode):
      entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
      entry.external_attr = (0o100000 | mode) << 16
      entry.compress_type = zipfile.ZIP_DEFLATED
      wheel.writestr(entry, data)
      digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()
      record.append(f'{name},sha256={digest},{len(data)}')

    names = sorted(os.path.relpath(os.path.join(parent, name), folder) for parent, _, files in os.walk(folder) for name in files)
    for name in names:
      with open(os.path.join(folder, name), 'rb') as f:
        add(name, f.read(), 0o755 if '/_native/bin/' in name or '.so' in name else 0o644)
    record.append(f'{info}/RECORD,,')
    entry = zipfile.ZipInfo(f'{info}/RECORD', (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o100644 << 16
    wheel.writestr(entry, '\n'.join(record) + '\n')
  os.replace(path + '.tmp', path)


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--build_dir', default='build')
  parser.add_argument('--output', default='dist')
  args = parser.parse_args()
  with open(os.path.join(ROOT, 'CMakeLists.txt')) as f:
    version = re.search(r'^project\(tfxm VERSION ([\d.]+)', f.read(), re.M)[1]
  if not os.path.isfile(os.path.join(args.build_dir, 'tfxm')):
    fail(f'there is no engine in {args.build_dir}; run make')
  with tempfile.TemporaryDirectory() as folder:
    package, info = os.path.join(folder, 'tfxm'), f'tfxm-{version}.dist-info'
    add_python(package)
    add_native(args.build_dir, os.path.join(package, '_native'))
    texts = {
        'METADATA': METADATA.format(version=version, litert=pinned('ai-edge-litert'),
                                    tensorflow='.'.join(pinned('tensorflow-cpu').split('.')[:2])),
        'WHEEL': f'Wheel-Version: 1.0\nGenerator: tfxm\nRoot-Is-Purelib: false\nTag: {TAG}\n',
        'entry_points.txt': '[console_scripts]\ntfxm = tfxm.__main__:main\n',
    }
    os.makedirs(os.path.join(folder, info))
    for name, text in texts.items():
      with open(os.path.join(folder, info, name), 'w') as f:
        f.write(text)
    shutil.copy(os.path.join(ROOT, 'LICENSE'), os.path.join(folder, info))
    os.makedirs(args.output, exist_ok=True)
    path = os.path.join(args.output, f'tfxm-{version}-{TAG}.whl')
    write_wheel(folder, path, info)
  print(f'{path}: {os.path.getsize(path) / 1e6:.1f} MB')


if __name__ == '__main__':
  main()
