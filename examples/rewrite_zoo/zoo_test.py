#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests what zoo.py takes for a crash of Python's converter. The command that converts is one that notes and ends as make_model.py does."""
import os
import sys
import tempfile
import unittest

import zoo

MODES = ('none', 'int8')
CONVERTS = '''
import fcntl, os, signal, sys
folder, how = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
with open(folder + '.lock', 'w') as lock:
  fcntl.flock(lock, fcntl.LOCK_EX)
  for mode in ('none', 'int8'):
    base = os.path.join(folder, 'python_' + mode)
    if not os.path.exists(base + '.done') and not os.path.exists(base + '.error'):
      with open(base + '.error', 'w') as f:
        f.write('the process crashed')
      if mode == 'int8' and how != 'well':
        os.kill(os.getpid(), getattr(signal, how))
      os.rename(base + '.error', base + '.tflite')
    with open(base + '.done', 'w'):
      pass
'''


class UntilMadeTest(unittest.TestCase):

  def setUp(self):
    temporary = tempfile.TemporaryDirectory()
    self.addCleanup(temporary.cleanup)
    self.folder = os.path.join(temporary.name, 'model[1]')
    os.makedirs(self.folder)

  def convert(self, how):
    """What until_made says, and the names of what the folder holds of int8."""
    said = zoo.until_made([self.folder], MODES, [sys.executable, '-c', CONVERTS, self.folder, how])
    return said, sorted(n for n in os.listdir(self.folder) if 'int8' in n)

  def test_what_the_converter_dies_of_is_a_crash(self):
    for how in 'SIGSEGV', 'SIGABRT':
      said, files = self.convert(how)
      self.assertEqual(said, '')
      self.assertEqual(files, ['python_int8.done', 'python_int8.error'])
      for name in files:
        os.remove(os.path.join(self.folder, name))

  def test_a_kill_from_outside_is_not(self):
    for how in 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL':
      said, files = self.convert(how)
      self.assertIn(how, said)
      self.assertEqual(files, [])
    said, files = self.convert('well')
    self.assertEqual((said, files), ('', ['python_int8.done', 'python_int8.tflite']))

  def test_nor_is_what_a_zoo_that_was_killed_itself_left(self):
    with open(os.path.join(self.folder, 'python_int8.error'), 'w') as f:
      f.write('the process crashed')
    said, files = self.convert('well')
    self.assertEqual((said, files), ('', ['python_int8.done', 'python_int8.tflite']))


class InParallelTest(unittest.TestCase):

  def test_nothing_is_begun_after_an_interruption(self):
    begun = []

    def work(item):
      begun.append(item)
      if item == 2:
        raise KeyboardInterrupt

    with self.assertRaises(KeyboardInterrupt):
      zoo.in_parallel(work, range(1000), 1)
    self.assertEqual(begun, [0, 1, 2])


if __name__ == '__main__':
  unittest.main()
