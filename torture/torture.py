#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills tfxm at random instants, fills its disk, runs it twice at once, and looks whether a run afterwards makes what an
unbroken one makes: `make torture [KILLS=1000] [SEED=1]`.

Usage: torture.py --build_dir build [--kills 1000] [--seed N] [--episode M]

An episode begins with an empty output folder: a few attempts that are disturbed, then one that is not. That one must
succeed and leave, byte for byte, what an unbroken run leaves (but measured times, checks.py), a whole metadata.db in
which nothing is RUNNING, no process, and no temporary file in the output, in TMPDIR or in the cache. Most episodes run
the MNIST pipeline; others `tfxm rewrite`, `tfxm evaluate` or `tfxm stats`. What an episode does follows from the seed
and its number (the instants do, as far as a machine's speed is the same): --seed and --episode do one again.

The data are made here; nothing is downloaded. What was found stays in BUILD_DIR/torture. Exit status 1 if anything was.
"""
import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid

import checks
import mnist_data

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PIPELINE = os.path.join(ROOT, 'examples/mnist/mnist_pipeline_native_keras.cc')
SAVED_MODEL = os.path.join(ROOT, 'tfxm/rewriting/testdata/recurrent')
MOST_FINDINGS = 5  # Then it ends.
DONE, FAILED = 0, 3
GONE_WITHIN = 10  # Seconds that the processes of a killed run may take to end.


class Finding(Exception):
  pass


class Torture:

  def __init__(self, build_dir, work):
    self.tfxm, self.work = os.path.join(build_dir, 'tfxm'), work
    self.output, self.tmp, self.cache = (os.path.join(work, name) for name in ('output', 'tmp', 'cache'))
    self.reference = os.path.join(work, 'reference')
    self.log = open(os.path.join(work, 'log'), 'ab')
    self.mark = f'TFXM_TORTURE={uuid.uuid4()}'
    for folder in (self.tmp, self.cache, os.path.join(work, 'data')):
      os.makedirs(folder)
    mnist_data.write(os.path.join(work, 'data', 'images.tfrecord'), 200)
    self.disturbances = 0  # Kills and the like that met a running program.
    self.killed = False  # Whether the runner was, in this episode.

  # Commands.

  def run_pipeline(self):
    return ['run', PIPELINE, f'--data_root={self.work}/data', f'--output={self.output}', '--train_steps=20',
            '--accuracy_threshold=0']

  def other_command(self, name):
    examples = f'--data={self.work}/examples'
    return {
        'stats': ['stats', examples, f'--output={self.output}/FeatureStats.pb'],
        'rewrite': ['rewrite', f'--saved_model={SAVED_MODEL}', f'--output={self.output}/model'],
        'evaluate': ['evaluate', '--label=image_class', f'--model={self.work}/tflite', examples, f'--output={self.output}/evaluation'],
    }[name]

  def start(self, arguments, file_limit=None):
    def before():
      # Beyond the limit write() fails, as it does on a full disk.
      signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
      if file_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    name, value = self.mark.split('=')
    env = dict(os.environ, TMPDIR=self.tmp, TFXM_CACHE=self.cache, **{name: value})
    self.log.write(f'\n$ tfxm {" ".join(arguments)}\n'.encode())
    self.log.flush()
    return subprocess.Popen([self.tfxm] + arguments, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=env,
                            start_new_session=True, preexec_fn=before)

  def note(self, text):
    self.log.write(f'# {text}\n'.encode())
    self.log.flush()

  # What may be expected.

  def expect_no_process(self):
    for _ in range(GONE_WITHIN * 20):
      if not checks.processes(self.mark.encode()):
        return
      time.sleep(0.05)
    left = checks.processes(self.mark.encode())
    commands = [open(f'/proc/{pid}/cmdline').read().replace('\0', ' ') for pid in left]
    for pid in left:
      os.kill(pid, signal.SIGKILL)
    raise Finding(f'processes are left: {"; ".join(commands)}')

  def expect_status(self, process, *statuses):
    status = process.wait()
    if status not in statuses:
      raise Finding(f'exit status {status}, expected one of {statuses}')
    return status

  def expect_nothing_temporary(self):
    for folder in (self.output, self.tmp, self.cache):
      left = list(checks.temporary_files(folder))
      if folder == self.tmp:
        left += [f'a temporary file is left: {os.path.join(self.tmp, name)}' for name in os.listdir(self.tmp)]
      if left:
        raise Finding('\n'.join(left))

  def complete(self, arguments, reference):
    """The run that is not disturbed."""
    self.expect_status(self.start(arguments), DONE)
    self.expect_no_process()
    self.expect_nothing_temporary()
    wrong = list(checks.difference(self.output, reference))
    if arguments[0] == 'run':
      wrong += checks.store(self.output)
    if wrong:
      raise Finding('\n'.join(wrong))

  # What is done to it.

  def kill(self, rng, arguments, seconds):
    """Starts the command and kills something at a random instant. Returns whether it then still ran."""
    delay = rng.random() * rng.choice([seconds, seconds, min(seconds, 1)])
    what = rng.choice(['group', 'group', 'runner', 'child'])
    how = rng.choice([signal.SIGKILL] * 4 + [signal.SIGTERM, signal.SIGINT])
    process = self.start(arguments)
    time.sleep(delay)
    if process.poll() is not None:
      self.expect_status(process, DONE)
      return False
    self.note(f'after {delay:.3f} s: {how.name} to the {what}')
    if what == 'child':
      children = [pid for pid in checks.processes(self.mark.encode()) if pid != process.pid]
      if children:
        try:
          os.kill(rng.choice(sorted(children)), how)
        except ProcessLookupError:
          pass
      self.expect_status(process, DONE, FAILED)
      self.expect_no_process()
      self.disturbances += bool(children)
      return bool(children)
    if what == 'group':
      os.killpg(process.pid, how)
      if how == signal.SIGKILL:
        for pid in checks.processes(self.mark.encode()):
          try:
            os.kill(pid, how)
          except ProcessLookupError:
            pass
    else:
      process.send_signal(how)
    # A run that is interrupted ends by itself; it may also have been done just before.
    self.expect_status(process, *([-how] if how == signal.SIGKILL else [-how, 128 + how]), DONE)
    self.expect_no_process()
    if how == signal.SIGKILL:
      self.killed = True
    elif not self.killed:  # Else it may have been interrupted before it could clear away what the killed run left.
      self.expect_nothing_temporary()
    self.disturbances += 1
    return True

  def fill_disk(self, rng, arguments, complete):
    """A run on a disk that is too small, or on which no file can be large; then complete(), with room."""
    size = rng.randrange(64 << 10, 3 << 20)
    on_disk = self.can_mount and rng.random() < 0.7
    limit = None if on_disk else rng.choice([rng.randrange(1 << 10), rng.randrange(300 << 10)])
    self.note(f'a disk of {size} bytes' if on_disk else f'no file over {limit} bytes')
    try:
      if on_disk:
        self.mount(f'size={size}')
      self.expect_status(self.start(arguments, file_limit=limit), DONE, FAILED)
      self.expect_no_process()
      self.disturbances += 1
      if on_disk:
        self.mount('remount,size=1g')
      complete()
    finally:
      if on_disk:
        self.unmount()

  def mount(self, options):
    subprocess.run(['mount', '-t', 'tmpfs', '-o', options, 'tfxm_torture', self.output], check=True, stderr=self.log)

  def unmount(self):
    subprocess.run(['umount', '-l', self.output], check=True, stderr=self.log)

  def find_whether_disks_can_be_mounted(self):
    try:
      self.mount('size=1m')
      self.unmount()
      return True
    except (OSError, subprocess.CalledProcessError):
      print('torture: no disk can be mounted here (that takes root): file sizes are limited instead', flush=True)
      return False

  def run_twice(self, rng, arguments, seconds):
    first = self.start(arguments)
    time.sleep(rng.random() * seconds * rng.choice([0.05, 1]))
    second = self.start(arguments)
    statuses = [self.expect_status(process, DONE, FAILED) for process in (first, second)]
    if DONE not in statuses:
      raise Finding('of two runs at once, neither ended well')
    self.expect_no_process()
    self.disturbances += 1

  # Episodes.

  def clear(self):
    self.killed = False
    shutil.rmtree(self.output, ignore_errors=True)
    for name in os.listdir(self.tmp):
      shutil.rmtree(os.path.join(self.tmp, name), ignore_errors=True)
    os.makedirs(self.output)

  def prepare(self):
    """The unbroken runs; twice, to know that they are the same."""
    self.clear()
    self.can_mount = self.find_whether_disks_can_be_mounted()
    self.complete_first(self.run_pipeline(), 'pipeline')
    root = os.path.join(self.output, 'pipeline_root')
    shutil.copytree(os.path.join(root, 'ImportExampleGen/examples/1/Split-eval'), os.path.join(self.work, 'examples'))
    (model,) = os.listdir(os.path.join(root, 'Trainer.mnist_lite/model'))
    shutil.copy(os.path.join(root, 'Trainer.mnist_lite/model', model, 'Format-Serving/tflite'), os.path.join(self.work, 'tflite'))
    self.clear()
    self.references, self.seconds = {}, {}
    commands = {name: self.other_command(name) for name in ('stats', 'rewrite', 'evaluate')}
    commands['run'] = self.run_pipeline()
    for name, arguments in commands.items():
      self.clear()
      began = time.monotonic()
      self.complete_first(arguments, name)
      self.seconds[name] = time.monotonic() - began
      self.references[name] = checks.contents(self.output)
    self.clear()
    self.complete(commands['run'], self.references['run'])

  def complete_first(self, arguments, name):
    status = self.start(arguments).wait()
    if status != DONE:
      sys.exit(f'tfxm {arguments[0]} does not work here (exit status {status}); see {self.work}/log')

  def episode(self, rng, kills_left):
    """Returns what it was."""
    self.clear()
    kind = rng.choices(['kill', 'disk', 'two', 'command', 'compile'], [66, 10, 6, 15, 3])[0]
    name = rng.choice(['stats', 'rewrite', 'evaluate']) if kind == 'command' else 'run'
    arguments = self.run_pipeline() if name == 'run' else self.other_command(name)
    reference, seconds = self.references[name], self.seconds[name]
    self.note(f'{kind}: tfxm {name}')
    if kind == 'disk':
      self.fill_disk(rng, arguments, lambda: self.complete(arguments, reference))
      return kind
    if kind == 'two':
      self.run_twice(rng, arguments, seconds)
    elif kind == 'compile':  # Killed while it compiles what is in no cache.
      shutil.rmtree(self.cache)
      os.makedirs(self.cache)
      for _ in range(min(kills_left, rng.randint(1, 3))):
        self.kill(rng, arguments, seconds * 3)
    else:
      for _ in range(min(kills_left, rng.randint(1, 6))):
        self.kill(rng, arguments, seconds)
    self.complete(arguments, reference)
    return name if kind == 'command' else kind


def main():
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('--build_dir', required=True)
  parser.add_argument('--kills', type=int, default=1000, help='kills, full disks and second runs, in all')
  parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(1_000_000))
  parser.add_argument('--episode', type=int, help='only this one')
  args = parser.parse_args()
  print(f'torture: seed {args.seed}', flush=True)
  build_dir = os.path.abspath(args.build_dir)
  kept = os.path.join(build_dir, 'torture')
  began = time.monotonic()
  signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # Cleaned up as after Ctrl-C.
  counts, findings = {}, 0
  in_memory = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None
  work = tempfile.mkdtemp(prefix='tfxm_torture-', dir=in_memory)
  try:
    torture = Torture(build_dir, work)
    torture.prepare()
    number = -1
    while torture.disturbances < args.kills and findings < MOST_FINDINGS and (args.episode is None or number < 0):
      number = number + 1 if args.episode is None else args.episode
      torture.note(f'episode {number}')
      try:
        kind = torture.episode(random.Random(f'{args.seed}-{number}'), args.kills - torture.disturbances)
        counts[kind] = counts.get(kind, 0) + 1
      except Finding as finding:
        findings += 1
        folder = os.path.join(kept, f'{args.seed}-{number}')
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(work, folder, symlinks=True)
        print(f'episode {number}: {finding}\n  Again: --seed {args.seed} --episode {number}. The folder as it was, and its log: '
              f'{folder}', flush=True)
  finally:
    shutil.rmtree(work, ignore_errors=True)
  kinds = ', '.join(f'{n} {kind}' for kind, n in sorted(counts.items()))
  print(f'torture: {torture.disturbances} disturbances in {time.monotonic() - began:.0f} s ({kinds}), {findings or "no"} findings')
  sys.exit(1 if findings else 0)


if __name__ == '__main__':
  main()
