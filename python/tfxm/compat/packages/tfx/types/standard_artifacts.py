# SPDX-License-Identifier: Apache-2.0
"""tfx.types.standard_artifacts."""

from tfxm.dsl.standard_artifacts import *  # noqa: F401,F403
