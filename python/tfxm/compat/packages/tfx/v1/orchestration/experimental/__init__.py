# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.orchestration.experimental."""

from tfxm.v1.orchestration.experimental import *  # noqa: F403
