# SPDX-License-Identifier: Apache-2.0
"""Any number of models through one pass over data, with TFMA's metrics, slices and thresholds.

    evaluation = tfxm.evaluate({"lite": "lite/tflite", "saved_model": "saved_model"}, "examples/Split-eval/*", label="tips")
    evaluation                                   # A notebook shows the report.
    evaluation.to_pandas()                       # A row for each number.
    evaluation.passed                            # Whether the config's thresholds are met.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from tfxm.library import engine_call, html_tables
from tfxm.library.sources import Data, source

Path = str | os.PathLike[str]
_TEXT = ("slice", "baseline_slice", "model", "output", "metric", "sub_key", "aggregation", "element")
_NUMBERS = ("value", "lower_bound", "upper_bound", "standard_error")


class Evaluation:
    """What `tfxm evaluate` leaves in `directory`, which TFMA reads too. Without an output of its own it lives as long as this object."""

    def __init__(self, directory: str, passed: bool, message: str = "", temporary: bool = False) -> None:
        self.directory = directory
        self.passed = passed
        self.message = message  # Why it has not passed.
        if temporary:
            weakref.finalize(self, shutil.rmtree, directory, ignore_errors=True)

    def to_dict(self) -> dict[str, Any]:
        """Everything there is, as `tfxm show --format=json` says it: models, slices, plots, validation, comparisons."""
        return json.loads(engine_call.call("show", [self.directory], format="json").output)

    def rows(self) -> list[dict[str, Any]]:
        """A dict for each number of each metric of each slice."""
        text = engine_call.call("show", [self.directory], format="csv").output
        rows = []
        for row in csv.DictReader(io.StringIO(text, newline="")):
            numbers = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
            rows.append({**{name: row[name] for name in _TEXT}, **numbers})
        return rows

    def to_pandas(self) -> Any:
        return html_tables.data_frame((*_TEXT, *_NUMBERS), [list(row.values()) for row in self.rows()])

    def metrics(self, model: str | None = None, slice: str = "") -> dict[str, float]:
        """The numbers of one slice ("device: phone"; the default is all examples) by their metric. `model`: of several, which one's."""
        rows = [row for row in self.rows() if row["slice"] == slice and not row["element"] and not row["baseline_slice"]]
        models = sorted({row["model"] for row in rows})
        if model is None and len([name for name in models if name]) > 1:
            raise ValueError(f"metrics(model=…): one of {', '.join(filter(None, models))}")
        chosen = [row for row in rows if model is None or row["model"] in (model, "")]
        if not chosen or (model is not None and model not in models):
            raise KeyError(f'there is no slice "{slice}"' if not rows else f'there is no model "{model}"; there are {", ".join(models)}')
        return {"/".join(filter(None, (row["output"], row["metric"], row["sub_key"], row["aggregation"]))): row["value"] for row in chosen}

    def save_report(self, path: Path, title: str = "Evaluation") -> None:
        """One HTML file, to be opened offline."""
        engine_call.call("report", [self.directory], output=path, title=title)

    def _repr_html_(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.html")
            self.save_report(path)
            with open(path, encoding="utf-8") as f:
                return html_tables.frame(f.read())

    def __repr__(self) -> str:
        return engine_call.call("show", [self.directory], max_slices=20).output.rstrip()


def load_evaluation(directory: Path) -> Evaluation:
    """One that tfxm or TFMA has made before."""
    evaluation = Evaluation(os.fspath(directory), True)
    evaluation.passed = bool(evaluation.to_dict().get("validation", {}).get("ok", True))
    return evaluation


def _config_file(eval_config: Any, folder: str) -> str:
    """A config as a file: a path, a tfma.EvalConfig, a dict of its fields, or its text."""
    if isinstance(eval_config, os.PathLike) or (isinstance(eval_config, str) and os.path.exists(eval_config)):
        return os.fspath(eval_config)
    path = os.path.join(folder, "eval_config.pbtxt" if isinstance(eval_config, str) else "eval_config.json")
    if isinstance(eval_config, Message):
        text = json_format.MessageToJson(eval_config, preserving_proto_field_name=True)
    elif isinstance(eval_config, Mapping):
        text = json.dumps(eval_config)
    elif isinstance(eval_config, str):
        if "{" not in eval_config:
            raise FileNotFoundError(f"there is no file {eval_config}")
        text = eval_config
    else:
        raise TypeError(f"eval_config: expected a tfma.EvalConfig, a dict, a text or a path, got {type(eval_config).__name__}")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def _model_flags(models: Any) -> list[str]:
    if isinstance(models, (str, os.PathLike)):
        return [os.fspath(models)]
    if not isinstance(models, Mapping):
        raise TypeError(f"models: expected a path, or paths by names, got {type(models).__name__}")
    return [f"{name}={os.fspath(path)}" for name, path in models.items()]


def evaluate(
    models: Path | Mapping[str, Path],
    data: Data,
    label: str | None = None,
    eval_config: Any = None,
    output: Path | None = None,
    **flags: Any,
) -> Evaluation:
    """Evaluates SavedModels and TFLite files on TFRecords of tf.Examples, CSV files or a DataFrame.

    Give `label`, for the usual metrics of the problem, or `eval_config`: a tfma.EvalConfig, a dict of its fields, its text, or a file.
    `flags` are those of `tfxm evaluate`: reference_model="baseline", schema="schema.pbtxt", module_file="my_metrics.cc", …
    """
    if (label is None) == (eval_config is None):
        raise ValueError("evaluate: give label=…, for the usual metrics, or eval_config=…")
    with tempfile.TemporaryDirectory() as folder:
        where = source(data, folder)
        if eval_config is not None:
            flags["eval_config"] = _config_file(eval_config, folder)
        directory = os.fspath(output) if output is not None else tempfile.mkdtemp(prefix="tfxm-evaluation-")
        evaluation = Evaluation(directory, True, temporary=output is None)
        answer = engine_call.call("evaluate", **where, model=_model_flags(models), label=label, output=directory, format="none", **flags)
    evaluation.passed = answer.yes
    evaluation.message = "" if answer.yes else answer.message.splitlines()[-1]
    return evaluation
