# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.experimental.interactive.interactive_context: one node after the other, in a notebook."""

from tfxm.orchestration.interactive import ExecutionResult, InteractiveContext

__all__ = ["ExecutionResult", "InteractiveContext"]
