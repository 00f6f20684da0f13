# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.orchestration.metadata."""

from tfxm.v1.orchestration.metadata import *  # noqa: F401,F403
