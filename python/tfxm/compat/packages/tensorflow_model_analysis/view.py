# SPDX-License-Identifier: Apache-2.0
"""tfma.view: tfxm's report, in which slices and plots are chosen by hand, takes the place of TFMA's widgets."""

from __future__ import annotations

from typing import Any

from tensorflow_model_analysis import results
from tensorflow_model_analysis.view_types import EvalResult, EvalResults, Report, SubKey

__all__ = ["EvalResult", "EvalResults", "SubKey", "render_plot", "render_slicing_attributions", "render_slicing_metrics", "render_time_series"]


def _report(loaded: list[EvalResult]) -> Report:
    directories = [results.directory_of(result) for result in loaded]
    missing = [result for result, directory in zip(loaded, directories) if directory is None]
    if missing:
        raise ValueError("the result is not one of load_eval_result or run_model_analysis: its files are not known")
    return Report(list(dict.fromkeys(directory for directory in directories if directory is not None)))


def render_slicing_metrics(
    result: EvalResult,
    slicing_column: str | None = None,
    slicing_spec: Any = None,
    weighted_example_column: str | None = None,
    event_handlers: Any = None,
) -> Report:
    if slicing_column is not None and not any(slicing_column in dict(key) for key, _ in result.slicing_metrics if key):
        raise ValueError(f"No slices found for {slicing_column}")
    return _report([result])


def render_time_series(results: EvalResults, slice_spec: Any = None, display_full_path: bool = False) -> Report:
    return _report(results.get_results())


def render_plot(
    result: EvalResult, slicing_spec: Any = None, output_name: str = "", class_id: int | None = None, top_k: int | None = None, k: int | None = None,
    label: str | None = None,
) -> Report:  # fmt: skip
    return _report([result])


def render_slicing_attributions(result: EvalResult, *arguments: Any, **named: Any) -> Report:
    return _report([result])
