# SPDX-License-Identifier: Apache-2.0
"""Writes tf.Examples without TensorFlow: for scripts that make data up.

  tf_examples.write("people.tfrecord", [{"age": 31.5, "education": "master", "rich": 1}, …])

Always the same bytes for the same values. Slow (a CRC in Python): for small data.
"""
import struct


def _crc32c(data, table=[]):
  if not table:
    for n in range(256):
      for _ in range(8):
        n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
      table.append(n)
  crc = 0xFFFFFFFF
  for byte in data:
    crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
  return crc ^ 0xFFFFFFFF


def _masked_crc(data):
  crc = _crc32c(data)
  return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(n):
  out = bytearray()
  while n > 127:
    out.append(n & 127 | 128)
    n >>= 7
  return bytes(out + bytearray([n]))


def _field(number, data):
  return _varint(number << 3 | 2) + _varint(len(data)) + data


def _feature(value):
  """A tf.train.Feature: bytes_list 1, float_list 2 or int64_list 3."""
  if isinstance(value, str):
    return _field(1, _field(1, value.encode()))
  if isinstance(value, int):
    return _field(3, _field(1, _varint(value)))
  floats = value if isinstance(value, list) else [value]
  return _field(2, _field(1, struct.pack(f"<{len(floats)}f", *floats)))


def example(features):
  """A serialized tf.train.Example of {name: str, int from 0, float or list of floats}."""
  entries = (_field(1, _field(1, name.encode()) + _field(2, _feature(value))) for name, value in sorted(features.items()))
  return _field(1, b"".join(entries))


def write(path, examples):
  """A TFRecord file of such dictionaries."""
  with open(path, "wb") as out:
    for features in examples:
      record = example(features)
      length = struct.pack("<Q", len(record))
      out.write(length + _masked_crc(length) + record + _masked_crc(record))
