# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.experimental.interactive.execution_result."""

from tfxm.orchestration.interactive import ExecutionResult  # noqa: F401
