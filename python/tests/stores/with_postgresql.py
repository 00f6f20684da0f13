#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command beside a PostgreSQL server of its own: with_postgresql.py COMMAND ARGUMENT…

The server (Debian: postgresql) keeps its data in a temporary folder, listens on a socket in it and on nothing else, and ends with the command.
The command finds it as $TFXM_TEST_POSTGRESQL, postgresql://USER@FOLDER; its exit status is this one's. Root, as whom no server runs, has it run
by the user postgres or nobody.
"""
import glob
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse


def program(name):
  found = shutil.which(name) or max(glob.glob(f'/usr/lib/postgresql/*/bin/{name}'), default=None)
  if not found:
    sys.exit(f'with_postgresql: there is no {name}: apt-get install --no-install-recommends postgresql')
  return found


def user():
  if os.geteuid() != 0:
    return None
  for name in ('postgres', 'nobody'):
    try:
      return pwd.getpwnam(name)
    except KeyError:
      pass
  sys.exit('with_postgresql: no server runs as root, and there is neither a user postgres nor nobody')


def main():
  owner = user()
  # A socket's path has at most 107 bytes.
  with tempfile.TemporaryDirectory(prefix='tfxm_pg_', dir='/tmp') as folder:
    if owner:
      os.chown(folder, owner.pw_uid, owner.pw_gid)
    os.chmod(folder, 0o755)
    as_user = {'user': owner.pw_uid, 'group': owner.pw_gid, 'extra_groups': []} if owner else {}
    as_user['env'] = dict(os.environ, LC_ALL='C.UTF-8', TZ='UTC')
    data = os.path.join(folder, 'data')
    subprocess.run([program('initdb'), '-D', data, '-A', 'trust', '-E', 'UTF8', '-U', 'tfxm', '--no-sync'], check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_user)
    with open(os.path.join(folder, 'log'), 'w') as log:
      server = subprocess.Popen([program('postgres'), '-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'max_connections=50'],
                                stdout=log, stderr=log, cwd=folder, **as_user)
    try:
      for _ in range(300):
        if os.path.exists(os.path.join(folder, '.s.PGSQL.5432')) and subprocess.run([program('pg_isready'), '-q', '-h', folder]).returncode == 0:
          break
        if server.poll() is not None:
          sys.exit('with_postgresql: the server ended:\n' + open(os.path.join(folder, 'log')).read())
        time.sleep(0.1)
      uri = 'postgresql://tfxm@' + urllib.parse.quote(folder, safe='')
      return subprocess.run(sys.argv[1:], env=dict(os.environ, TFXM_TEST_POSTGRESQL=uri)).returncode
    finally:
      server.terminate()
      server.wait()


if __name__ == '__main__':
  if len(sys.argv) < 2:
    sys.exit(__doc__)
  sys.exit(main())
