# SPDX-License-Identifier: Apache-2.0
"""tfx.v1."""

from typing import Any

from tfx import __version__  # noqa: F401
from tfx.v1 import components, dsl, orchestration, proto, types, utils

__all__ = ["components", "dsl", "orchestration", "proto", "types", "utils"]


def __getattr__(name: str) -> Any:
    from tfxm import v1

    return getattr(v1, name)  # What is missing is an error that names what is near.
