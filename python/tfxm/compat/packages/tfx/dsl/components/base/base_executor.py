# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.components.base.base_executor."""

from tfxm.dsl.base_executor import BaseExecutor  # noqa: F401
