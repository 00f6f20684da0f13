# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl."""

from tfx.v1.dsl import io  # noqa: F401
from tfxm.v1.dsl import *  # noqa: F401,F403
