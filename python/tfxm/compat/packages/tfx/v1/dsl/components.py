# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl.components."""

from tfxm.v1.dsl.components import *  # noqa: F401,F403
