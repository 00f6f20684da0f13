# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.components.base.executor_spec."""

from tfxm.dsl.class_components import BeamExecutorSpec, ExecutorClassSpec  # noqa: F401
from tfxm.dsl.class_components import ExecutorClassSpec as ExecutorSpec  # noqa: F401
