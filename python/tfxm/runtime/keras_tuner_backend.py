# SPDX-License-Identifier: Apache-2.0
"""KerasTuner takes the Keras that `import keras` finds, Keras 3; of a module whose tf.keras is Keras 2 it would refuse the
models. Here it is told to take tf.keras."""

from __future__ import annotations

import sys
from types import ModuleType

from tfxm.runtime import import_hook

_MODULES = ("keras_tuner.src.backend.config", "keras_tuner.backend.config")


def _execute_without_keras_3(module: ModuleType, execute: import_hook.Execute) -> None:
    """`import keras` is one without a version there; that also saves the second that importing Keras 3 takes."""
    keras = sys.modules.get("keras")
    sys.modules["keras"] = ModuleType("keras")
    try:
        execute(module)
    finally:
        if keras is None:
            del sys.modules["keras"]
        else:
            sys.modules["keras"] = keras


def install() -> None:
    import_hook.install(_MODULES, _execute_without_keras_3)
