# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.experimental.interactive.interactive_context."""

from tfxm.orchestration.interactive import InteractiveContext  # noqa: F401
