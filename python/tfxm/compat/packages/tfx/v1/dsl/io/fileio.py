# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl.io.fileio."""

from tfx.dsl.io.fileio import *  # noqa: F401,F403
