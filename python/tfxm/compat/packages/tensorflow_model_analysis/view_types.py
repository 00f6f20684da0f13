# SPDX-License-Identifier: Apache-2.0
"""The result of an evaluation, as TFMA hands it out."""

from __future__ import annotations

import os
import tempfile
from typing import Any, NamedTuple

from tensorflow_model_analysis import constants

SliceKey = tuple[Any, ...]
Values = dict[str, dict[str, dict[str, Any]]]  # By output, sub key and metric.


class SubKey(NamedTuple):
    """Of a metric of one class, of the k-th answer, or of the k best."""

    class_id: int | None = None
    k: int | None = None
    top_k: int | None = None

    def __str__(self) -> str:
        if self.k is not None:
            return f"k:{self.k}"
        named = [("classId", self.class_id), ("topK", self.top_k)]
        texts = [f"{name}:{value}" for name, value in named if value is not None]
        if not texts:
            raise NotImplementedError("A non-existent SubKey should be represented as None, not as SubKey(None, None, None).")
        return " ".join(texts)


def _sub_key(class_id: int | None, k: int | None, top_k: int | None) -> str:
    return "" if class_id is None and k is None and top_k is None else str(SubKey(class_id, k, top_k))


class EvalResult(NamedTuple):
    slicing_metrics: list[tuple[SliceKey, Values]]
    plots: list[tuple[SliceKey, Values]]
    attributions: list[tuple[SliceKey, Values]]
    config: Any
    data_location: str
    file_format: str
    model_location: str

    def get_metrics_for_slice(
        self, slice_name: SliceKey = (), output_name: str = "", class_id: int | None = None, k: int | None = None, top_k: int | None = None
    ) -> dict[str, Any] | None:
        for key, metrics in self.slicing_metrics:
            if key == slice_name or (not key and not slice_name):
                return metrics[output_name][_sub_key(class_id, k, top_k)]
        return None

    def get_metrics_for_all_slices(
        self, output_name: str = "", class_id: int | None = None, k: int | None = None, top_k: int | None = None
    ) -> dict[SliceKey, dict[str, Any]]:
        return {key: dict(metrics[output_name][_sub_key(class_id, k, top_k)]) for key, metrics in self.slicing_metrics}

    def get_metric_names(self) -> list[str]:
        return list({name for _, outputs in self.slicing_metrics for keys in outputs.values() for metrics in keys.values() for name in metrics})

    def get_slice_names(self) -> list[SliceKey]:
        return [key for key, _ in self.slicing_metrics]

    def get_attributions_for_slice(
        self,
        slice_name: SliceKey = (),
        metric_name: str = "",
        output_name: str = "",
        class_id: int | None = None,
        k: int | None = None,
        top_k: int | None = None,
    ) -> dict[str, Any] | None:
        for key, attributions in self.attributions:
            if key == slice_name or (not key and not slice_name):
                return _attribution(attributions[output_name][_sub_key(class_id, k, top_k)], metric_name)
        return None

    def get_attributions_for_all_slices(
        self, metric_name: str = "", output_name: str = "", class_id: int | None = None, k: int | None = None, top_k: int | None = None
    ) -> dict[SliceKey, dict[str, Any]]:
        sub_key = _sub_key(class_id, k, top_k)
        return {key: dict(_attribution(values[output_name][sub_key], metric_name)) for key, values in self.attributions}


def _attribution(by_metric: dict[str, Any], metric_name: str) -> dict[str, Any]:
    if metric_name:
        return by_metric[metric_name]
    if len(by_metric) != 1:
        raise ValueError(f"metric_name must be one of the following: {by_metric.keys()}")
    return next(iter(by_metric.values()))


class EvalResults:
    """Of several runs, or of several models of one."""

    def __init__(self, results: list[EvalResult], mode: str = constants.UNKNOWN_EVAL_MODE) -> None:
        supported = [constants.DATA_CENTRIC_MODE, constants.MODEL_CENTRIC_MODE]
        if mode not in supported:
            raise ValueError(f"Mode {mode} must be one of {supported}")
        self._results = results
        self._mode = mode

    def get_results(self) -> list[EvalResult]:
        return self._results

    def get_mode(self) -> str:
        return self._mode


class Report:
    """tfxm's report of an evaluation's folder, which a notebook displays."""

    def __init__(self, directories: list[str]) -> None:
        self.directories = directories

    def save(self, path: str) -> None:
        from tfxm.library import engine_call

        engine_call.call("report", self.directories, output=path)

    def _repr_html_(self) -> str:
        from tfxm.library import html_tables

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.html")
            self.save(path)
            with open(path, encoding="utf-8") as f:
                return html_tables.frame(f.read())
