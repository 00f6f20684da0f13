# SPDX-License-Identifier: Apache-2.0
"""The Python that makes the zoo and runs the interpreter: made once, in the project's cache, never part of the product.

  environment.py                       prints its path
  environment.py NAME REQUIREMENTS     that of another one, with the packages of this file, whose first line says for
                                       which Python they are, if not for 3.11: the one that this is run by
"""
import hashlib
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.environ.get('TFXM_CACHE') or os.path.expanduser('~/.cache/tfxm')


def python(name='zoo', requirements=os.path.join(HERE, 'requirements.txt')):
  """Path of a Python with the packages of the requirements. An interrupted call leaves nothing that is mistaken for one."""
  with open(requirements, 'rb') as f:
    text = f.read()
  first = re.search(r'for Python (3\.\d+)', text.decode().splitlines()[0])
  wanted = first[1] if first else '3.11'
  if f'{sys.version_info[0]}.{sys.version_info[1]}' != wanted:
    sys.exit(f'make {name} needs Python {wanted}, for which its packages are pinned, not {sys.version.split()[0]}: make {name} PYTHON=python{wanted}')
  key = hashlib.sha256(text).hexdigest()[:16]
  final = os.path.join(CACHE, f'{name}-python-{key}')
  if not os.path.exists(os.path.join(final, 'complete')):
    print(f'[{name}] installing its Python packages, once', flush=True)
    shutil.rmtree(final, ignore_errors=True)
    os.makedirs(CACHE, exist_ok=True)
    # A virtual environment cannot be renamed: the mark that it is complete is what appears at once.
    subprocess.run([sys.executable, '-m', 'venv', final], check=True)
    wheels = os.path.join(CACHE, 'wheels')  # fetch.py has TensorFlow's and LiteRT's already
    done = subprocess.run([os.path.join(final, 'bin', 'python'), '-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--no-deps',
                           '--only-binary=:all:', '--require-hashes', '--retries', '10', '--find-links', wheels, '-r', requirements])
    if done.returncode:
      sys.exit(f'[{name}] pip failed, see its message above. Run the same command again to resume.')
    with open(os.path.join(final, 'complete'), 'w'):
      pass
  return os.path.join(final, 'bin', 'python')


if __name__ == '__main__':
  print(python(*sys.argv[1:3]))
