# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.components.base.executor_spec. Named in pipeline files; the engine runs its own executors."""

from typing import Any


class ExecutorClassSpec:
    def __init__(self, executor_class: Any) -> None:
        self.executor_class = executor_class


class BeamExecutorSpec(ExecutorClassSpec):
    pass
