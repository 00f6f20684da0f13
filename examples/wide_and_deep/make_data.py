#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes made-up people as tf.Examples: python3 make_data.py DIR [NUMBER]. Needs nothing but Python.

age and hours are numbers, education and occupation words, and `rich` is 1 for about one in six; some combinations of
education and occupation (the wide part of a model learns them) count for more than both on their own.
"""
import argparse
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import tf_examples  # noqa: E402

EDUCATIONS = ["school", "college", "bachelor", "master", "doctorate"]
OCCUPATIONS = ["farming", "sales", "clerk", "craft", "teacher", "engineer", "doctor", "manager"]


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
  parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument("directory", help="gets the files")
  parser.add_argument("number", nargs="?", type=int, default=8000, help="how many examples (default: %(default)s)")
  args = parser.parse_args()
  directory, number = args.directory, args.number
  rng = random.Random(1)
  os.makedirs(directory, exist_ok=True)
  tf_examples.write(os.path.join(directory, "people.tfrecord"), (person(rng) for _ in range(number)))


main()
