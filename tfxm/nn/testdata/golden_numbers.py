# SPDX-License-Identifier: Apache-2.0
"""What the scripts of this folder feed and write."""
import numpy as np


def wave(shape, phase, scale=1.0):
  """Numbers in [-scale, scale] that look like noise; test_util.h has the same."""
  n = int(np.prod(shape))
  i = np.arange(n, dtype=np.float64)
  return (scale * np.sin(1.7 * i * i + 0.9 * i + phase)).astype(np.float32).reshape(shape)


def numbers(x):
  return [float("%.8g" % v) for v in np.asarray(x).reshape(-1)]
