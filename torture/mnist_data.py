"""A small data set for the MNIST pipeline: TFRecords of tf.Examples as examples/mnist reads them, always the same bytes."""
import random
import struct


def _table():
  table = []
  for c in range(256):
    for _ in range(8):
      c = (c >> 1) ^ (0x82F63B78 if c & 1 else 0)
    table.append(c)
  return table


_TABLE = _table()


def masked_crc32c(data):
  crc = 0xFFFFFFFF
  for byte in data:
    crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 255]
  crc ^= 0xFFFFFFFF
  return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _varint(n):
  out = b''
  while n > 127:
    out += bytes([n & 127 | 128])
    n >>= 7
  return out + bytes([n])


def _field(number, content):
  return _varint(number << 3 | 2) + _varint(len(content)) + content


def _example(label, pixels):
  floats = _field(2, _field(1, struct.pack(f'<{len(pixels)}f', *pixels)))
  integer = _field(3, _field(1, _varint(label)))
  features = {b'image_class': integer, b'image_floats': floats}
  return _field(1, b''.join(_field(1, _field(1, name) + _field(2, value)) for name, value in features.items()))


def write(path, images):
  """Images of which two rows are bright: the label's."""
  rng = random.Random(1)
  with open(path, 'wb') as f:
    for i in range(images):
      label = i % 10
      pixels = [0.5 - 0.3 * rng.random() if p // 56 == label else 0.3 * rng.random() - 0.5 for p in range(784)]
      record = _example(label, pixels)
      length = struct.pack('<Q', len(record))
      f.write(length + struct.pack('<I', masked_crc32c(length)) + record + struct.pack('<I', masked_crc32c(record)))
