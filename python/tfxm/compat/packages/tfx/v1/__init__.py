# SPDX-License-Identifier: Apache-2.0
"""tfx.v1."""

from tfx.v1 import components, dsl, orchestration, proto, types, utils

__all__ = ["components", "dsl", "orchestration", "proto", "types", "utils"]
