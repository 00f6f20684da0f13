# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl.experimental."""

from tfxm.v1.dsl.experimental import *  # noqa: F401,F403
