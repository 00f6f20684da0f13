# SPDX-License-Identifier: Apache-2.0
"""What an executor that is written in Python derives from, as TFX's.

    class Executor(BaseExecutor):
        def Do(self, input_dict, output_dict, exec_properties):
            examples = input_dict["examples"][0].uri
"""

from __future__ import annotations

import abc
import dataclasses
import os
from typing import Any


class BaseExecutor(abc.ABC):
    @dataclasses.dataclass
    class Context:
        tmp_dir: str = ""

        def get_tmp_path(self) -> str:
            os.makedirs(self.tmp_dir, exist_ok=True)
            return self.tmp_dir

    def __init__(self, context: Context | None = None) -> None:
        self._context = context

    @abc.abstractmethod
    def Do(self, input_dict: dict[str, list[Any]], output_dict: dict[str, list[Any]], exec_properties: dict[str, Any]) -> Any:  # noqa: N802
        """Fills the folders of the output artifacts, each list of which has one."""

    def _get_tmp_dir(self) -> str:
        return self._context.get_tmp_path() if self._context is not None else ""

    def _log_startup(self, *args: Any) -> None:
        """TFX's; the node's log has it all."""
