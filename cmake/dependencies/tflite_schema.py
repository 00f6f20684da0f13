#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The FlatBuffers schema of TFLite files, out of the published ai-edge-litert wheel, as tflite.fbs and C++.

Usage: tflite_schema.py SCHEMA_PY_GENERATED OUT_DIR          (called by fetch.py)

The wheel holds the schema only as the Python code that flatc made of it. That code says everything that matters on the
wire: the tables, each field's number, type and default, the enums and unions. This script reads them back, writes
OUT_DIR/tflite.fbs and runs flatc on it: OUT_DIR/tflite_generated.h, in namespace tfxm.schema (libtensorflow_cc exports
namespace tflite, built with another FlatBuffers). Field names are the C++ spelling of the Python ones (strideW -> stride_w).
"""
import os
import re
import subprocess
import sys

NAMESPACE = 'tfxm.schema'
# Python code has lost which numbers are enums; these are the ones the C++ code reads.
ENUM_FIELDS = {('Tensor', 'type'): 'TensorType', ('OperatorCode', 'builtin_code'): 'BuiltinOperator',
               ('SparsityParameters', 'format'): 'DimensionType'}
ENUM_FIELD_NAMES = {'fused_activation_function': 'ActivationFunctionType', 'padding': 'Padding'}
ENUM_SIZES = {'BuiltinOperator': 'int32'}
# The runtime maps weights in place and wants them aligned.
ALIGN = {('Buffer', 'data'): 16, ('CustomQuantization', 'custom'): 16,
         ('Uint8Vector', 'values'): 4, ('Uint16Vector', 'values'): 4}
SCALARS = {'Bool': 'bool', 'Int8': 'int8', 'Uint8': 'uint8', 'Int16': 'int16', 'Uint16': 'uint16', 'Int32': 'int32',
           'Uint32': 'uint32', 'Int64': 'int64', 'Uint64': 'uint64', 'Float32': 'float32', 'Float64': 'float64'}


def snake(name):
  return re.sub(r'(?<=[a-z0-9])([A-Z])|(?<=[A-Z])([A-Z])(?=[a-z])', r'_\1\2', name).lower()


def blocks(source):
  """{name: text} of the top-level classes, in order."""
  parts = re.split(r'^class (\w+)\(object\):\n', source, flags=re.M)
  return dict(zip(parts[1::2], parts[2::2]))


def methods(text):
  """{name: body} of a class's methods."""
  parts = re.split(r'^    def (\w+)\(', text, flags=re.M)
  return dict(zip(parts[1::2], parts[2::2]))


def field_type(table, camel, read, object_class):
  """The type of a field that is stored by offset, out of its accessor (`read`)."""
  if 'self._tab.Vector(' in read:
    element = re.search(r'obj = (\w+)\(\)', read)
    if element:
      return f'[{element[1]}]'
    if 'self._tab.String(' in read:
      return '[string]'
    flags = re.search(r'number_types\.(\w+)Flags, a \+', read)
    return f'[{SCALARS[flags[1]]}]'
  if 'self._tab.String(' in read:
    return 'string'
  if 'self._tab.Union(' in read:
    return re.search(rf'self\.{camel} = (\w+)Creator\(', object_class)[1]
  return re.search(r'obj = (\w+)\(\)', read)[1]


def schema(source):
  classes = blocks(source)
  unions = set(re.findall(r'^def (\w+)Creator\(', source, flags=re.M))
  enums, tables = [], []
  for name, text in classes.items():
    if '__slots__' in text:
      adders = re.search(rf'^def {name}Start\(builder\):\n    builder\.StartObject\((\d+)\)(.*?)^def {name}End\(', text,
                         flags=re.M | re.S)
      found = re.findall(rf'^def {name}Add\w+\(builder, (\w+)\):\n    builder\.Prepend(\w+)Slot\((\d+), .*, (\S+)\)$',
                         adders[2], flags=re.M)
      # A union takes two numbers, of which its type is declared by the union itself.
      accessors, lines, numbers = methods(text), [], 0
      for camel, kind, number, default in found:
        while numbers < int(number):  # A number without code is a field that was retired.
          lines.append(f'  retired_{numbers}: int32 (deprecated);')
          numbers += 1
        numbers += 1
        field = snake(camel)
        read = accessors[camel[0].upper() + camel[1:]]
        attribute = ''
        if kind == 'UOffsetTRelative':
          kind = field_type(name, camel, read, classes[name + 'T'])
          if (name, field) in ALIGN:
            attribute = f' (force_align: {ALIGN[name, field]})'
          default = ''
        else:
          if kind == 'Uint8' and camel.endswith('Type') and any(f[0] == camel[:-4] for f in found):
            continue
          kind = SCALARS[kind]
          enum = ENUM_FIELDS.get((name, field)) or ENUM_FIELD_NAMES.get(field)
          if enum:
            kind = enum
          elif kind == 'bool':
            default = 'true' if default in ('1', 'True', 'true') else 'false'
          default = f' = {default}'
        lines.append(f'  {field}: {kind}{default}{attribute};')
      assert numbers == int(adders[1]), f'{name}: {numbers} of {adders[1]} fields understood'
      tables.append(f'table {name} {{\n' + '\n'.join(lines) + ('\n' if lines else '') + '}\n')
    else:
      values = [(n, int(v)) for n, v in re.findall(r'^    (\w+) = (-?\d+)$', text, flags=re.M)]
      if not values:
        continue  # the object form (nameT) of a table
      values.sort(key=lambda v: v[1])
      if name in unions:
        assert [v for _, v in values] == list(range(len(values))), name
        enums.append(f'union {name} {{\n' + ',\n'.join(f'  {n}' for n, _ in values[1:]) + '\n}\n')
      else:
        enums.append(f'enum {name} : {ENUM_SIZES.get(name, "int8")} {{\n' +
                     ',\n'.join(f'  {n} = {v}' for n, v in values) + '\n}\n')
  if not tables or 'Model' not in classes:
    sys.exit('tflite_schema.py: this is not the Python code of the TFLite schema')
  head = f'// Derived by tflite_schema.py from ai_edge_litert/schema_py_generated.py.\nnamespace {NAMESPACE};\n'
  tail = 'root_type Model;\nfile_identifier "TFL3";\nfile_extension "tflite";\n'
  return '\n'.join([head] + enums + tables + [tail])


def generate(source_file, out, flatc='flatc'):
  with open(source_file) as f:
    text = schema(f.read())
  fbs = os.path.join(out, 'tflite.fbs')
  with open(fbs, 'w') as f:
    f.write(text)
  subprocess.run([flatc, '--cpp', '--gen-object-api', '--gen-mutable', '-o', out, fbs], check=True)


if __name__ == '__main__':
  generate(sys.argv[1], sys.argv[2])
