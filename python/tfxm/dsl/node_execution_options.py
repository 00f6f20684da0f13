# SPDX-License-Identifier: Apache-2.0
"""How often a failed executor is started again, and how long it may take."""

from __future__ import annotations

import dataclasses

_SUCCEEDED = (0, 1)  # TRIGGER_STRATEGY_UNSPECIFIED, ALL_UPSTREAM_NODES_SUCCEEDED


@dataclasses.dataclass
class NodeExecutionOptions:
    """TFX's, in its order. NotImplementedError for what the engine does not have."""

    trigger_strategy: int = 1
    success_optional: bool = False
    max_execution_retries: int | None = None
    execution_timeout_sec: int = 0
    reset_stateful_working_dir: bool = False
    lifetime_start: str | None = None

    def __post_init__(self) -> None:
        if self.max_execution_retries is not None:
            self.max_execution_retries = max(self.max_execution_retries, 0)
        missing = {
            "trigger_strategy": self.trigger_strategy not in _SUCCEEDED,
            "success_optional": self.success_optional,
            "reset_stateful_working_dir": self.reset_stateful_working_dir,
            "lifetime_start": self.lifetime_start is not None,
        }
        for name in (name for name, given in missing.items() if given):
            raise NotImplementedError(f"NodeExecutionOptions({name}=…): tfxm does not have it")
