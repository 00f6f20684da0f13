# SPDX-License-Identifier: Apache-2.0
"""run_model_analysis: models on TFRecords of tf.Examples, through the engine."""

from __future__ import annotations

import os
import tempfile
from typing import Any, NamedTuple

from tensorflow_model_analysis import results
from tensorflow_model_analysis.view_types import EvalResult, EvalResults

from tfxm import library


class EvalSharedModel(NamedTuple):
    """Where a model is. The engine loads it."""

    model_path: str | None = None
    model_name: str = ""
    model_type: str = ""


def default_eval_shared_model(eval_saved_model_path: str, model_name: str = "", eval_config: Any = None, **others: Any) -> EvalSharedModel:
    for name, value in others.items():
        if value and name not in ("tags", "rubber_stamp", "include_default_metrics", "resource_hints"):
            raise NotImplementedError(f"default_eval_shared_model({name}=…): tfxm does not have it")
    specs = [spec for spec in (eval_config.model_specs if eval_config is not None else []) if spec.name == model_name]
    return EvalSharedModel(eval_saved_model_path, model_name, specs[0].model_type if specs else "")


def run_model_analysis(
    eval_shared_model: Any = None,
    eval_config: Any = None,
    data_location: str = "",
    file_format: str = "tfrecords",
    output_path: str | None = None,
    extractors: Any = None,
    evaluators: Any = None,
    writers: Any = None,
    pipeline_options: Any = None,
    schema: Any = None,
    **others: Any,
) -> EvalResult | EvalResults:
    """The result of one model, or of several by name or in a list. Beam's pipeline_options have no effect."""
    given = {"extractors": extractors, "evaluators": evaluators, "writers": writers, **others}
    for name, value in given.items():
        if value:
            raise NotImplementedError(f"run_model_analysis({name}=…): tfxm does not have it")
    if eval_config is None:
        raise ValueError("run_model_analysis: eval_config is missing")
    if file_format != "tfrecords":
        raise NotImplementedError(f"run_model_analysis(file_format={file_format!r}): tfxm reads tfrecords")
    if isinstance(eval_shared_model, dict):
        models = {name: model.model_path for name, model in eval_shared_model.items()}
    elif isinstance(eval_shared_model, list):
        models = {model.model_name: model.model_path for model in eval_shared_model}
    else:
        models = {} if eval_shared_model is None else {eval_shared_model.model_name: eval_shared_model.model_path}
    output = output_path or tempfile.mkdtemp()
    os.makedirs(output, exist_ok=True)
    flags = {}
    with tempfile.TemporaryDirectory() as folder:
        if schema is not None:
            flags["schema"] = os.path.join(folder, "schema.pbtxt")
            library.Schema(schema).save(flags["schema"])
        one = next(iter(models.values())) if len(models) == 1 and "" in models else models
        library.evaluate(one, data_location, eval_config=eval_config, output=output, **flags)
    if len(models) > 1:
        return results.load_eval_results(output)
    return results.load_eval_result(output)
