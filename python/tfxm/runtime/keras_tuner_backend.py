# SPDX-License-Identifier: Apache-2.0
"""KerasTuner takes the Keras that `import keras` finds, Keras 3; of a module whose tf.keras is Keras 2 it would refuse the
models. Here it is told to take tf.keras."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

_MODULES = ("keras_tuner.src.backend.config", "keras_tuner.backend.config")


class _Finder(importlib.abc.MetaPathFinder):
    """For the one module of KerasTuner that decides, `import keras` is one without a version; that also saves the second
    that importing Keras 3 takes."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in _MODULES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.loader is None:
            return spec
        exec_module = spec.loader.exec_module

        def exec_without_keras_3(module: ModuleType) -> None:
            keras = sys.modules.get("keras")
            sys.modules["keras"] = ModuleType("keras")
            try:
                exec_module(module)
            finally:
                if keras is None:
                    del sys.modules["keras"]
                else:
                    sys.modules["keras"] = keras

        spec.loader.exec_module = exec_without_keras_3  # type: ignore[method-assign]
        return spec


def install() -> None:
    sys.meta_path.insert(0, _Finder())
