#!/usr/bin/env python3
"""Writes made-up people as tf.Examples: python3 make_data.py DIR [NUMBER]. Needs nothing but Python.

age and hours are numbers, education and occupation words, and `rich` is 1 for about one in six; some combinations of
education and occupation (the wide part of a model learns them) count for more than both on their own.
"""
import os
import random
import struct
import sys

EDUCATIONS = ["school", "college", "bachelor", "master", "doctorate"]
OCCUPATIONS = ["farming", "sales", "clerk", "craft", "teacher", "engineer", "doctor", "manager"]


def crc32c(data, table=[]):
  if not table:
    for n in range(256):
      for _ in range(8):
        n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
      table.append(n)
  crc = 0xFFFFFFFF
  for byte in data:
    crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
  return crc ^ 0xFFFFFFFF


def masked_crc(data):
  crc = crc32c(data)
  return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def varint(n):
  out = bytearray()
  while n > 127:
    out.append(n & 127 | 128)
    n >>= 7
  return bytes(out + bytearray([n]))


def field(number, data):
  return varint(number << 3 | 2) + varint(len(data)) + data


def feature(value):
  """A tf.train.Feature: bytes_list 1, float_list 2 or int64_list 3."""
  if isinstance(value, str):
    return field(1, field(1, value.encode()))
  if isinstance(value, float):
    return field(2, field(1, struct.pack("<f", value)))
  return field(3, field(1, varint(value)))


def example(features):
  entries = (field(1, field(1, name.encode()) + field(2, feature(value))) for name, value in sorted(features.items()))
  return field(1, b"".join(entries))


def person(rng):
  age, hours = rng.uniform(18, 75), min(max(rng.gauss(40, 10), 5.0), 80.0)
  education, occupation = rng.randrange(len(EDUCATIONS)), rng.randrange(len(OCCUPATIONS))
  score = -5.2 + 0.5 * education + 0.25 * occupation + 0.04 * (hours - 40) + 1.5 * (1 - abs(age - 48) / 30)
  if (education + 3 * occupation) % 7 == 0:
    score += 3
  rich = int(rng.random() < 1 / (1 + 2.718281828 ** -score))
  return {"age": age, "hours": hours, "education": EDUCATIONS[education], "occupation": OCCUPATIONS[occupation],
          "rich": rich}


def main():
  directory, number = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8000
  rng = random.Random(1)
  os.makedirs(directory, exist_ok=True)
  with open(os.path.join(directory, "people.tfrecord"), "wb") as out:
    for _ in range(number):
      record = example(person(rng))
      length = struct.pack("<Q", len(record))
      out.write(length + masked_crc(length) + record + masked_crc(record))


main()
