# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl.placeholders."""

from tfxm.v1.dsl.placeholders import *  # noqa: F401,F403
