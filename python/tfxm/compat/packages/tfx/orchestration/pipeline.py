# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.pipeline."""

from tfxm.dsl.pipeline import ExecutionMode, Pipeline, RunOptions  # noqa: F401
