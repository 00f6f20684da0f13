# SPDX-License-Identifier: Apache-2.0
"""tfx.components. Looked up when it is asked for: a module file imports tfx.components.trainer and no component."""

from typing import Any


def __getattr__(name: str) -> Any:
    from tfxm import compat
    from tfxm.v1 import components

    if name.startswith("_"):
        raise compat.missing(__name__, name, ())
    return getattr(components, name)  # What is missing is an error that names what is near.
