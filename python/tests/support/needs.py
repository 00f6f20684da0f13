# SPDX-License-Identifier: Apache-2.0
"""What a test needs and may not have: it is skipped, or fails where nothing may be missing (TFXM_NO_SKIPS=1, as `make test-python` sets it).

    self.engine = needs.engine()
    needs.package("tensorflow")
"""

from __future__ import annotations

import importlib.util
import os
import unittest

from tfxm import native


def package(name: str) -> None:
    if importlib.util.find_spec(name) is None:
        missing(f"needs {name}")


def engine() -> str:
    """The program's path."""
    try:
        return native.program()
    except FileNotFoundError as error:
        missing(str(error))
        raise  # Not reached.


def missing(what: str) -> None:
    if os.environ.get("TFXM_NO_SKIPS") == "1":
        raise AssertionError(f"{what}, and TFXM_NO_SKIPS is set")
    raise unittest.SkipTest(what)
