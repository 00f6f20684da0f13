# SPDX-License-Identifier: Apache-2.0
"""Tensors in files, for run_tflite and for the zoo; and a TFLite file's outputs by Python's interpreter.

A file holds runs, each a dictionary of tensors (little endian):
  uint32 runs; each run: uint32 tensors; each tensor: string name, int32 type (tensorflow.DataType), uint32 rank, int64 sides…,
  then the values, or for strings each as uint32 length and bytes. Names are strings, too.
What run_tflite writes has no count, and before each run a byte: 1, or 0 and a message (a string) instead of the tensors.
"""
import collections
import struct
import subprocess
import tempfile

import numpy as np

TYPES = {1: np.float32, 2: np.float64, 3: np.int32, 4: np.uint8, 5: np.int16, 6: np.int8, 7: object, 9: np.int64, 10: np.bool_,
         17: np.uint16, 19: np.float16, 22: np.uint32, 23: np.uint64}
NUMBERS = {np.dtype(t): n for n, t in TYPES.items()}


def _string(s):
  s = s if isinstance(s, bytes) else s.encode()
  return struct.pack('<I', len(s)) + s


def write_runs(path, runs):
  with open(path + '.tmp', 'wb') as f:
    f.write(struct.pack('<I', len(runs)))
    for run in runs:
      f.write(struct.pack('<I', len(run)))
      for name, value in run.items():
        value = np.asarray(value)
        if value.dtype.kind in 'SU':
          value = value.astype(object)
        f.write(_string(name) + struct.pack('<iI', NUMBERS[value.dtype], value.ndim) + struct.pack(f'<{value.ndim}q', *value.shape))
        f.write(b''.join(_string(s) for s in value.ravel()) if value.dtype == object else np.ascontiguousarray(value).tobytes())
  import os
  os.rename(path + '.tmp', path)


class _Reader:
  def __init__(self, path):
    with open(path, 'rb') as f:
      self.bytes, self.at = f.read(), 0

  def get(self, form):
    values = struct.unpack_from('<' + form, self.bytes, self.at)
    self.at += struct.calcsize('<' + form)
    return values

  def string(self):
    (n,) = self.get('I')
    self.at += n
    return self.bytes[self.at - n:self.at]

  def run(self):
    out = {}
    for _ in range(self.get('I')[0]):
      name = self.string().decode()
      dtype, rank = self.get('iI')
      shape = self.get(f'{rank}q')
      count = int(np.prod(shape, dtype=np.int64))
      if TYPES[dtype] is object:
        out[name] = np.array([self.string() for _ in range(count)] + [None], object)[:-1].reshape(shape)
      else:
        out[name] = np.frombuffer(self.bytes, TYPES[dtype], count, self.at).reshape(shape)
        self.at += out[name].nbytes
    return out


def read_runs(path):
  reader = _Reader(path)
  return [reader.run() for _ in range(reader.get('I')[0])]


def write_examples(path, samples, tf):
  """tf.Examples of dictionaries of tensors whose first side is a batch of 1."""
  with tf.io.TFRecordWriter(path) as writer:
    for sample in samples:
      feature = {}
      for name, value in sample.items():
        flat = value.ravel()
        if value.dtype.kind == 'f':
          feature[name] = tf.train.Feature(float_list=tf.train.FloatList(value=flat))
        elif value.dtype.kind == 'O':
          feature[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=list(flat)))
        else:
          feature[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=flat.astype(np.int64)))
      writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


def run_tfxm(driver, model, runs, threads=1, xnnpack=True):
  """Outputs by tfxm, a dictionary for each run or a message; a single message if the file cannot be read or a run ends the process."""
  with tempfile.TemporaryDirectory() as tmp:
    write_runs(tmp + '/in', runs)
    try:
      done = subprocess.run([driver, model, tmp + '/in', tmp + '/out', f'--threads={threads}'] + ([] if xnnpack else ['--xnnpack=false']),
                            capture_output=True, text=True, errors='replace', timeout=600)
    except subprocess.TimeoutExpired:
      return 'HANGS (600 s)'
    if done.returncode:
      said = (done.stderr.strip().splitlines() or [''])[-1]
      return said if done.returncode == 1 else f'CRASHES (exit status {done.returncode}) {said}'
    reader, out = _Reader(tmp + '/out'), []
    for _ in runs:
      out.append(reader.run() if reader.get('B')[0] else reader.string().decode())
    return out


def run_python(model, runs, threads=1, xnnpack=True):
  """The same by the interpreter of the same release. In a process of its own where a file may crash it."""
  from ai_edge_litert.interpreter import Interpreter, OpResolverType
  kind = OpResolverType.AUTO if xnnpack else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
  interpreter = Interpreter(model_path=model, num_threads=threads, experimental_op_resolver_type=kind)
  signatures = interpreter.get_signature_list()
  out = []
  for run in runs:
    try:
      if signatures:
        name = 'serving_default' if 'serving_default' in signatures else next(iter(signatures))
        out.append({n: np.array(v) for n, v in interpreter.get_signature_runner(name)(**run).items()})
        continue
      fed = [(d, run[d['name'] or f'input_{i}']) for i, d in enumerate(interpreter.get_input_details())]
      for d, value in fed:
        if list(d['shape']) != list(value.shape):
          interpreter.resize_tensor_input(d['index'], value.shape)
      interpreter.allocate_tensors()
      for d, value in fed:
        interpreter.set_tensor(d['index'], value)
      interpreter.invoke()
      out.append({d['name'] or f'output_{i}': np.array(interpreter.get_tensor(d['index']))
                  for i, d in enumerate(interpreter.get_output_details())})
    except Exception as e:  # what it says is the result
      out.append(str(e))
  return out


def unlike(ours, theirs, tolerance=0.0):
  """'' if the outputs of a run are the same bits (or within `tolerance` of an output's magnitude), else what differs."""
  if isinstance(ours, str) or isinstance(theirs, str):
    return '' if isinstance(ours, str) and isinstance(theirs, str) else ours if isinstance(ours, str) else 'runs, where Python says: ' + theirs
  if sorted(ours) != sorted(theirs):
    return f'outputs {sorted(ours)} instead of {sorted(theirs)}'
  for name, right in theirs.items():
    got = ours[name]
    if got.shape != right.shape or got.dtype != right.dtype:
      return f'{name} is {got.dtype}{list(got.shape)} instead of {right.dtype}{list(right.shape)}'
    if got.dtype.kind != 'f':
      if not np.array_equal(got, right):
        return f'{name}: {np.count_nonzero(got != right)} of {got.size} values differ'
    elif not np.array_equal(got, right, equal_nan=True):
      off = np.abs(got.astype(np.float64) - right)
      worst = float(np.nanmax(off)) / max(1e-30, float(np.nanmax(np.abs(right.astype(np.float64)))))
      if not worst <= tolerance or not np.array_equal(np.isnan(got), np.isnan(right)):
        return f'{name} differs by {worst:.2g} of its magnitude' + (' (all zeros)' if not got.any() else '')
  return ''


def operators(path):
  """How often each operator is in a file, in all its subgraphs."""
  from ai_edge_litert import schema_py_generated as schema
  with open(path, 'rb') as f:
    model = schema.Model.GetRootAs(f.read(), 0)
  names = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
  count = collections.Counter()
  for s in range(model.SubgraphsLength()):
    graph = model.Subgraphs(s)
    for o in range(graph.OperatorsLength()):
      code = model.OperatorCodes(graph.Operators(o).OpcodeIndex())
      builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
      count[code.CustomCode().decode() if names[builtin] == 'CUSTOM' else names[builtin]] += 1
  return count


def int4_savings(path):
  """How many bytes smaller a dynamic_range file gets when the weights that LiteRT multiplies as int4 (of CONV_2D and FULLY_CONNECTED with
  float activations, read by nothing else) take four bits and each of their output channels a scale and a zero point."""
  from ai_edge_litert import schema_py_generated as schema
  with open(path, 'rb') as f:
    model = schema.Model.GetRootAs(f.read(), 0)
  operators, types = schema.BuiltinOperator, schema.TensorType
  fits, other = {}, set()
  for s in range(model.SubgraphsLength()):
    graph = model.Subgraphs(s)
    other.update((s, graph.Outputs(i)) for i in range(graph.OutputsLength()))
    for o in range(graph.OperatorsLength()):
      op = graph.Operators(o)
      code = model.OperatorCodes(op.OpcodeIndex())
      multiplies = max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) in (operators.CONV_2D, operators.FULLY_CONNECTED)
      for i in range(op.InputsLength()):
        t = op.Inputs(i)
        if multiplies and i == 1 and graph.Tensors(op.Inputs(0)).Type() == types.FLOAT32 and graph.Tensors(t).Type() == types.INT8:
          fits[s, t] = graph.Tensors(t)
        elif t >= 0:
          other.add((s, t))
  saved = 0
  for key, tensor in fits.items():
    size = model.Buffers(tensor.Buffer()).DataLength()
    if key not in other and size:
      saved += size // 2 - 12 * tensor.Shape(0)
  return saved
