# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.proto."""

from tfxm.v1.proto import *  # noqa: F401,F403
