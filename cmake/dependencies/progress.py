# SPDX-License-Identifier: Apache-2.0
"""Says how far something is: on a terminal one line that changes, elsewhere a line now and then. Always on stderr.

  progress = Progress('set-up')
  progress.show('tensorflow-cpu: 120 of 274 MB')      # as often as one likes
  progress.end('tensorflow-cpu is here')              # what stays; '' for nothing
"""
import os
import shutil
import sys
import time

SECONDS_BETWEEN_LINES = 15


class Progress:

  def __init__(self, what):
    self.prefix = f'[{what}] '
    self.terminal = sys.stderr.isatty() and os.environ.get('TERM', 'dumb') != 'dumb'
    self.said_at = time.monotonic()

  def show(self, text):
    now = time.monotonic()
    if self.terminal:
      if now - self.said_at < 0.1:
        return
      width = shutil.get_terminal_size().columns
      sys.stderr.write('\r' + (self.prefix + text)[:width - 1] + '\x1b[K')
      sys.stderr.flush()
    elif now - self.said_at < SECONDS_BETWEEN_LINES:
      return
    else:
      self.line(text)
    self.said_at = now

  def line(self, text):
    """A line that stays, above the one that changes."""
    self.clear()
    sys.stderr.write(self.prefix + text + '\n')
    sys.stderr.flush()

  def clear(self):
    if self.terminal:
      sys.stderr.write('\r\x1b[K')

  def end(self, text=''):
    if text:
      self.line(text)
    else:
      self.clear()
      sys.stderr.flush()
