# SPDX-License-Identifier: Apache-2.0
"""What a module file finds when the engine runs it (run_module.py): needs TensorFlow and nothing else."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name in ("FnArgs", "DataAccessor"):
        from tfxm.runtime import fn_args

        return getattr(fn_args, name)
    if name == "TunerFnResult":
        from tfxm.runtime import tuner

        return tuner.TunerFnResult
    raise AttributeError(f"module {__name__} has no attribute {name}")
