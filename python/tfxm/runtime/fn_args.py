# SPDX-License-Identifier: Apache-2.0
"""What run_fn is given: TFX's FnArgs and DataAccessor."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any, NamedTuple


class DataAccessor(NamedTuple):
    """Makes datasets of the examples, however they are stored: see runtime/datasets.py."""

    tf_dataset_factory: Callable[..., Any]
    record_batch_factory: Callable[..., Any]
    data_view_decode_fn: Callable[..., Any] | None = None


@dataclasses.dataclass
class FnArgs:
    """TFX's, field for field; None where the Trainer has no such input. Steps are None for "once through the data".

    `checkpoint_dir` is tfxm's own: what is left there is found by the next execution with the same inputs, parameters
    and code if this one fails, and removed after a success. For tf.keras.callbacks.BackupAndRestore.
    """

    working_dir: str | None = None
    train_files: list[str] | None = None
    eval_files: list[str] | None = None
    train_steps: int | None = None
    eval_steps: int | None = None
    schema_path: str | None = None
    schema_file: str | None = None
    transform_graph_path: str | None = None
    transform_output: str | None = None
    data_accessor: DataAccessor | None = None
    serving_model_dir: str | None = None
    eval_model_dir: str | None = None
    model_run_dir: str | None = None
    base_model: str | None = None
    hyperparameters: dict[str, Any] | None = None
    custom_config: dict[str, Any] | None = None
    checkpoint_dir: str | None = None


def from_json(arguments: dict[str, Any]) -> FnArgs:
    """What the engine wrote (components/trainer/python_run_fn.cc)."""
    from tfxm.runtime import datasets

    values = {name: value or None for name, value in arguments.items()}  # "" and 0 steps are "not given".
    values["custom_config"] = json.loads(arguments["custom_config"] or "null") or {}
    values["hyperparameters"] = json.loads(arguments["hyperparameters"] or "null")
    values["schema_file"] = values["schema_path"]
    values["transform_output"] = values["transform_graph_path"]
    values["data_accessor"] = DataAccessor(datasets.tf_dataset_factory, datasets.record_batch_factory)
    return FnArgs(**values)
