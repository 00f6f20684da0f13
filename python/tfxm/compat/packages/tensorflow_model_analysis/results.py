# SPDX-License-Identifier: Apache-2.0
"""The files of an evaluation, tfxm's or TFMA's, as TFMA loads them."""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf import json_format
from tensorflow_model_analysis import constants, view_types
from tensorflow_model_analysis.view_types import EvalResult, EvalResults, SubKey

from tfxm import protos
from tfxm.library.tfrecord import read_records

_config_pb2 = protos.load("tensorflow_model_analysis/proto/config.proto")
_metrics_pb2 = protos.load("tensorflow_model_analysis/proto/metrics_for_slice.proto")
_validation_pb2 = protos.load("tensorflow_model_analysis/proto/validation_result.proto")

# Where each loaded result comes from, for tfma.view: TFMA's EvalResult has no place for it.
_directories: dict[int, tuple[EvalResult, str]] = {}


def directory_of(result: EvalResult) -> str | None:
    return _directories.get(id(result), (None, None))[1]


def _records(output_path: str, kind: str, output_file_format: str | None, message: Any) -> Iterator[Any]:
    if os.path.isdir(output_path):
        output_path = os.path.join(glob.escape(output_path), kind)
    paths = glob.glob(output_path + "*" + (f".{output_file_format}" if output_file_format else "")) or glob.glob(output_path + "*")
    for path in sorted(paths):
        for record in read_records(path):
            yield message.FromString(record)


def load_metrics(output_path: str, output_file_format: str = "tfrecord") -> Iterator[Any]:
    return _records(output_path, "metrics", output_file_format, _metrics_pb2.MetricsForSlice)


def load_plots(output_path: str, output_file_format: str = "tfrecord") -> Iterator[Any]:
    return _records(output_path, "plots", output_file_format, _metrics_pb2.PlotsForSlice)


def load_attributions(output_path: str, output_file_format: str = "tfrecord") -> Iterator[Any]:
    return _records(output_path, "attributions", output_file_format, _metrics_pb2.AttributionsForSlice)


def load_validation_result(output_path: str, output_file_format: str = "") -> Any:
    results = list(_records(output_path, "validations", output_file_format, _validation_pb2.ValidationResult))
    assert len(results) == 1
    return results[0]


def _load_eval_run(output_path: str) -> Any:
    path = os.path.join(output_path, "eval_config.json")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        return json_format.Parse(f.read(), _config_pb2.EvalRun(), ignore_unknown_fields=True)


def _slice_key(message: Any) -> view_types.SliceKey:
    def value(single: Any) -> Any:
        which = single.WhichOneof("kind")
        if which is None:
            raise TypeError(f"unrecognized type of type {type(single)}, value {single}")
        found = getattr(single, which)
        return found.decode() if isinstance(found, bytes) else found

    return tuple((single.column, value(single)) for single in message.single_slice_keys)


def _sub_key_id(key: Any) -> str:
    if not key.HasField("sub_key"):
        return ""
    values = {name: getattr(key.sub_key, name).value for name in ("class_id", "k", "top_k") if key.sub_key.HasField(name)}
    return str(SubKey(**values))


def _metric_name(key: Any) -> str:
    if key.is_diff:
        return f"{key.name}_diff"
    if "aggregation_type" in key.DESCRIPTOR.fields_by_name and key.HasField("aggregation_type"):
        return f"{key.aggregation_type}_{key.name}"
    return key.name


def _metric_value(entry: Any) -> Any:
    """With its interval, where it has one."""
    value, interval = entry.value, entry.confidence_interval
    if interval.HasField("lower_bound") and interval.HasField("upper_bound") and value.HasField("double_value"):
        bounded = _metrics_pb2.BoundedValue(
            lower_bound=interval.lower_bound.double_value, upper_bound=interval.upper_bound.double_value, value=value.double_value)  # fmt: skip
        value.bounded_value.CopyFrom(bounded)
    return json_format.MessageToDict(value)


def _by_model(entries: Any, name_of: Callable[[Any], str] | None, value_of: Callable[[Any], Any]) -> tuple[dict[str, Any], str | None]:
    """Values by model, output, sub key (and name); and the model that differences are of, "" if of several."""
    models: dict[str, Any] = {}
    default = None
    for entry in entries:
        keys = models.setdefault(entry.key.model_name, {}).setdefault(entry.key.output_name, {})
        sub_key = _sub_key_id(entry.key)
        if name_of is None:
            keys[sub_key] = value_of(entry)
            continue
        keys.setdefault(sub_key, {})[name_of(entry.key)] = value_of(entry)
        if entry.key.is_diff:
            default = entry.key.model_name if default in (None, entry.key.model_name) else ""
    return models, default


def _choose(models: dict[str, Any], model_name: str | None, default: str | None, what: str) -> tuple[Any, bool]:
    """(the values of the model, whether it is there)."""
    wanted = model_name or default
    if wanted is not None and wanted in models:
        return models[wanted], True
    if not wanted and len(models) == 1:
        return next(iter(models.values())), True
    if not models:
        return None, True
    logging.warning("Fail to find %s for model name: %s . Available model names are [%s]", what, model_name, ", ".join(models))
    return None, False


def _metrics_of(message: Any, model_name: str | None) -> tuple[view_types.SliceKey, Any] | None:
    models, default = _by_model(message.metric_keys_and_values, _metric_name, _metric_value)
    if message.metrics:  # Without keys: why a slice has no metrics.
        plain = {name: json_format.MessageToDict(message.metrics[name]) for name in message.metrics}
        models.setdefault("", {}).setdefault("", {}).setdefault("", {}).update(plain)
    chosen, found = _choose(models, model_name, default, "metrics")
    if not found:
        return None
    wanted = model_name or default
    if wanted and wanted in models:  # What belongs to no model, such as example_count, is told of each.
        for output, keys in models.get("", {}).items():
            for sub_key, metrics in keys.items():
                chosen.setdefault(output, {}).setdefault(sub_key, {}).update(metrics)
    if message.HasField("cross_slice_key"):
        key = (_slice_key(message.cross_slice_key.baseline_slice_key), _slice_key(message.cross_slice_key.comparison_slice_key))
        return key, chosen
    return _slice_key(message.slice_key), chosen


def _plots_of(message: Any, model_name: str | None) -> tuple[view_types.SliceKey, Any] | None:
    models, _ = _by_model(message.plot_keys_and_values, None, lambda entry: json_format.MessageToDict(entry.value))
    chosen, found = _choose(models, model_name, None, "plots")
    return (_slice_key(message.slice_key), chosen) if found else None


def _attributions_of(message: Any, model_name: str | None) -> tuple[view_types.SliceKey, Any]:
    def value(entry: Any) -> dict[str, Any]:
        return {name: json_format.MessageToDict(entry.values[name]) for name in entry.values}

    models, default = _by_model(message.attributions_keys_and_values, _metric_name, value)
    chosen, found = _choose(models, model_name, default, "attribution metrics")
    if not found:
        raise ValueError(
            f"Fail to find attribution metrics for model name: {model_name} . Available model names are [{', '.join(models)}]")  # fmt: skip
    return _slice_key(message.slice_key), chosen


def load_eval_result(output_path: str, output_file_format: str | None = "tfrecord", model_name: str | None = None) -> EvalResult:
    run = _load_eval_run(output_path)
    locations = dict(run.model_locations) if run is not None else {}
    file_format = output_file_format or ""
    metrics = [_metrics_of(message, model_name) for message in load_metrics(output_path, file_format)]
    plots = [_plots_of(message, model_name) for message in load_plots(output_path, file_format)]
    result = EvalResult(
        slicing_metrics=[of for of in metrics if of is not None],
        plots=[of for of in plots if of is not None],
        attributions=[_attributions_of(message, model_name) for message in load_attributions(output_path, file_format)],
        config=run.eval_config if run is not None else None,
        data_location=run.data_location if run is not None else "",
        file_format=run.file_format if run is not None else "",
        model_location="" if not locations else locations[model_name] if model_name is not None else next(iter(locations.values())),
    )
    _directories[id(result)] = (result, output_path)
    return result


def make_eval_results(results: list[EvalResult], mode: str) -> EvalResults:
    return EvalResults(results, mode)


def load_eval_results(
    output_paths: str | list[str],
    output_file_format: str | None = "tfrecord",
    mode: str = constants.MODEL_CENTRIC_MODE,
    model_name: str | None = None,
) -> EvalResults:
    results = []
    for path in output_paths if isinstance(output_paths, list) else [output_paths]:
        run = _load_eval_run(path)
        names = [model_name] if model_name is not None else sorted(run.model_locations) if run is not None else []
        results += [load_eval_result(path, output_file_format, name) for name in names]
    return make_eval_results(results, mode)
