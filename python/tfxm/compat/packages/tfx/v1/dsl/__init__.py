# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl."""

from tfx.v1.dsl import experimental  # noqa: F401
from tfxm.v1.dsl import *  # noqa: F401,F403


def __getattr__(name: str) -> object:
    import importlib

    from tfxm import compat

    if name in ("components", "io", "placeholders"):
        return importlib.import_module(f"tfx.v1.dsl.{name}")
    raise compat.missing(__name__, name, globals())
