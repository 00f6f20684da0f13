# SPDX-License-Identifier: Apache-2.0
"""What happens when, and only if, a module is imported."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Collection, Sequence
from types import ModuleType

Execute = Callable[[ModuleType], None]


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, modules: Collection[str], around: Callable[[ModuleType, Execute], None]) -> None:
        self._modules, self._around = modules, around

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in self._modules:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module
        spec.loader.exec_module = lambda module: self._around(module, execute)  # type: ignore[method-assign]
        return spec


def install(modules: Collection[str], around: Callable[[ModuleType, Execute], None]) -> None:
    """`around(module, execute)` is called where one of `modules`, full names, is to be executed; it calls execute(module)."""
    sys.meta_path.insert(0, _Finder(modules, around))
