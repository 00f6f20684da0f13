# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.experimental.conditionals.conditional."""

from tfxm.dsl.conditional import Cond  # noqa: F401
