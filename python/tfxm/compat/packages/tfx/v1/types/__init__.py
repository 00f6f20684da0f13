# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.types."""

from tfxm.v1.types import *  # noqa: F401,F403
