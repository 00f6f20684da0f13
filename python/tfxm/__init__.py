# SPDX-License-Identifier: Apache-2.0
"""tfxm: TFX for mobile. The engine is the program `tfxm`; this package is how Python reaches it.

`tfxm.v1` is what a pipeline file is written with, `tfxm.compat` serves files that were written for TFX itself.
Without a pipeline, in a notebook or a script (library/):

    tfxm.evaluate({"lite": "model.tflite"}, "examples/Split-eval/*", label="tips")
    tfxm.rewrite("saved_model", "lite", quantization="dynamic_range")
    tfxm.inspect("model.tflite")
    tfxm.visualize_statistics({"train": "train.csv", "eval": "eval.csv"})
    tfxm.statistics("people.csv"); tfxm.infer_schema("people.csv"); tfxm.validate("people.csv", schema)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfxm.library import (
        Anomalies as Anomalies,
        EngineError as EngineError,
        Evaluation as Evaluation,
        Inspection as Inspection,
        Rewriting as Rewriting,
        Schema as Schema,
        Statistics as Statistics,
        StatisticsPage as StatisticsPage,
        evaluate as evaluate,
        infer_schema as infer_schema,
        inspect as inspect,
        load_evaluation as load_evaluation,
        rewrite as rewrite,
        statistics as statistics,
        validate as validate,
        visualize_statistics as visualize_statistics,
    )

_LIBRARY = (
    "Anomalies", "EngineError", "Evaluation", "Inspection", "Rewriting", "Schema", "Statistics", "StatisticsPage",
    "evaluate", "infer_schema", "inspect", "load_evaluation", "rewrite", "statistics", "validate", "visualize_statistics",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    """The library is imported when it is asked for: `tfxm --help` needs none of it."""
    if name in _LIBRARY:
        from tfxm import library

        return getattr(library, name)
    raise AttributeError(f"module 'tfxm' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LIBRARY])
