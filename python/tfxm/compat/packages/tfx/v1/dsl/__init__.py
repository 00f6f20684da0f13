# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl."""

from tfx.v1.dsl import components, experimental, placeholders  # noqa: F401
from tfxm.v1.dsl import *  # noqa: F401,F403


def __getattr__(name: str) -> object:
    import importlib

    from tfxm import compat

    if name == "io":
        return importlib.import_module("tfx.v1.dsl.io")
    raise compat.missing(__name__, name, globals())
