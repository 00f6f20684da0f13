# SPDX-License-Identifier: Apache-2.0
"""What runs a user's module: Transform, Tuner and Trainer."""

from __future__ import annotations

import importlib.util

from google.protobuf.message import Message

from tfxm import protos
from tfxm.dsl import standard_artifacts as artifacts
from tfxm.dsl.channel import Channel
from tfxm.dsl.node import Node
from tfxm.dsl.parameters import RuntimeParameter, message_json, to_json, without_effect

_Config = Message | dict[str, object] | str | RuntimeParameter | None
_Module = str | RuntimeParameter | None

_trainer = protos.load("tfx/proto/trainer.proto")
_transform = protos.load("tfx/proto/transform.proto")
_tuner = protos.load("tfx/proto/tuner.proto")


def _module_file(
    component: str, name: str, module_file: _Module, function: object | None, **others: object
) -> str | RuntimeParameter:
    """`function` is what TFX takes in place of module_file: the function's import path, as "models.model.run_fn"."""
    for other, value in others.items():
        if value is not None:
            raise NotImplementedError(f"{component}({other}=…): tfxm takes the function from a file; give module_file=…")
    if function is not None:
        if module_file:
            raise ValueError(f"{component}: give module_file or {name}, not both")
        return _file_of(f"{component}({name}={function!r})", name, function)
    if not module_file:
        raise TypeError(f"{component}(module_file=…) is missing: a file, .py or .cc, with the function")
    return module_file


def _file_of(what: str, name: str, path: object) -> str:
    module, _, last = path.rpartition(".") if isinstance(path, str) else ("", "", "")
    if not module or last != name:
        raise NotImplementedError(
            f'{what}: expected the import path of a function of that name, as "models.model.{name}"; or give module_file=…')
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise ModuleNotFoundError(f"{what}: there is no module {module} beside the pipeline's file, nor is one installed", name=module)
    return spec.origin


def _custom_config(custom_config: dict[str, object] | RuntimeParameter | None) -> str | RuntimeParameter:
    return custom_config if isinstance(custom_config, RuntimeParameter) else to_json(custom_config)


class Transform(Node):
    """Runs the module's preprocessing_fn.

    Outputs: transform_graph, transformed_examples, updated_analyzer_cache, and unless disable_statistics
    pre_transform_schema, pre_transform_stats, post_transform_schema, post_transform_stats, post_transform_anomalies.
    """

    TYPE = "tfx.components.transform.component.Transform"
    BASE_TYPE = "TRANSFORM"
    EXECUTOR = "tfx.components.transform.executor.Executor"
    BEAM = True

    def __init__(
        self,
        examples: Channel | None = None,
        schema: Channel | None = None,
        module_file: _Module = None,
        preprocessing_fn: object | None = None,
        splits_config: _Config = None,
        analyzer_cache: Channel | None = None,
        materialize: bool = True,
        disable_analyzer_cache: bool = False,
        force_tf_compat_v1: bool = False,
        custom_config: dict[str, object] | RuntimeParameter | None = None,
        disable_statistics: bool = False,
        stats_options_updater_fn: object | None = None,
    ) -> None:
        super().__init__()
        module = _module_file(
            "Transform", "preprocessing_fn", module_file, preprocessing_fn, stats_options_updater_fn=stats_options_updater_fn)
        if force_tf_compat_v1:
            without_effect("Transform(force_tf_compat_v1=True)", "preprocessing_fn is always called with TensorFlow 2")
        if disable_analyzer_cache and analyzer_cache is not None:
            raise ValueError("Transform: analyzer_cache is given and disable_analyzer_cache is set")
        self._take("examples", examples, artifacts.Examples)
        self._take("schema", schema, artifacts.Schema)
        if analyzer_cache is not None:
            self._take("analyzer_cache", analyzer_cache, artifacts.TransformCache, optional=True)
        self._set(
            custom_config=_custom_config(custom_config),
            disable_statistics=int(disable_statistics),
            force_tf_compat_v1=int(force_tf_compat_v1),
            module_file=module,
        )
        if splits_config is not None:
            self._set(splits_config=message_json("Transform(splits_config=…)", splits_config, _transform.SplitsConfig))
        self._put("transform_graph", artifacts.TransformGraph)
        if materialize:
            self._put("transformed_examples", artifacts.Examples)
        if not disable_analyzer_cache:
            self._put("updated_analyzer_cache", artifacts.TransformCache)
        if not disable_statistics:
            self._put("pre_transform_schema", artifacts.Schema)
            self._put("pre_transform_stats", artifacts.ExampleStatistics)
            self._put("post_transform_schema", artifacts.Schema)
            self._put("post_transform_stats", artifacts.ExampleStatistics)
            self._put("post_transform_anomalies", artifacts.ExampleAnomalies)


class Trainer(Node):
    """Runs the module's run_fn. Outputs: model, model_run.

    `num_threads` is the engine's own: threads of an operation, for run_fns in C++, which sums depend on.
    """

    TYPE = "tfx.components.trainer.component.Trainer"
    BASE_TYPE = "TRAIN"
    EXECUTOR = "tfx.components.trainer.executor.GenericExecutor"

    def __init__(
        self,
        examples: Channel | None = None,
        transformed_examples: Channel | None = None,
        transform_graph: Channel | None = None,
        schema: Channel | None = None,
        base_model: Channel | None = None,
        hyperparameters: Channel | None = None,
        module_file: _Module = None,
        run_fn: object | None = None,
        trainer_fn: object | None = None,
        train_args: _Config = None,
        eval_args: _Config = None,
        custom_config: dict[str, object] | RuntimeParameter | None = None,
        custom_executor_spec: object | None = None,
        *,
        num_threads: int | None = None,
    ) -> None:
        super().__init__()
        module = _module_file("Trainer", "run_fn", module_file, run_fn, trainer_fn=trainer_fn)
        if custom_executor_spec is not None:
            without_effect("Trainer(custom_executor_spec=…)", "the engine has one Trainer, the generic one with run_fn")
        if examples is not None and transformed_examples is not None:
            raise ValueError("Trainer: give examples or transformed_examples, not both")
        self._take("examples", examples if examples is not None else transformed_examples, artifacts.Examples)
        self._take("transform_graph", transform_graph, artifacts.TransformGraph, optional=True)
        self._take("schema", schema, artifacts.Schema, optional=True)
        self._take("base_model", base_model, artifacts.Model, optional=True)
        self._take("hyperparameters", hyperparameters, artifacts.HyperParameters, optional=True)
        self._set(
            custom_config=_custom_config(custom_config),
            eval_args=message_json("Trainer(eval_args=…)", eval_args or _trainer.EvalArgs(), _trainer.EvalArgs),
            module_file=module,
            num_threads=num_threads,
            train_args=message_json("Trainer(train_args=…)", train_args or _trainer.TrainArgs(), _trainer.TrainArgs),
        )
        self._put("model", artifacts.Model)
        self._put("model_run", artifacts.ModelRun)


class Tuner(Node):
    """Runs the module's tuner_fn. Outputs: best_hyperparameters, tuner_results."""

    TYPE = "tfx.components.tuner.component.Tuner"
    EXECUTOR = "tfx.components.tuner.executor.Executor"

    def __init__(
        self,
        examples: Channel | None = None,
        schema: Channel | None = None,
        transform_graph: Channel | None = None,
        base_model: Channel | None = None,
        module_file: _Module = None,
        tuner_fn: object | None = None,
        train_args: _Config = None,
        eval_args: _Config = None,
        tune_args: _Config = None,
        custom_config: dict[str, object] | RuntimeParameter | None = None,
    ) -> None:
        super().__init__()
        module = _module_file("Tuner", "tuner_fn", module_file, tuner_fn)
        self._take("examples", examples, artifacts.Examples)
        self._take("schema", schema, artifacts.Schema, optional=True)
        self._take("transform_graph", transform_graph, artifacts.TransformGraph, optional=True)
        self._take("base_model", base_model, artifacts.Model, optional=True)
        self._set(
            custom_config=_custom_config(custom_config),
            eval_args=message_json("Tuner(eval_args=…)", eval_args or _trainer.EvalArgs(), _trainer.EvalArgs),
            module_file=module,
            train_args=message_json("Tuner(train_args=…)", train_args or _trainer.TrainArgs(), _trainer.TrainArgs),
        )
        if tune_args is not None:
            self._set(tune_args=message_json("Tuner(tune_args=…)", tune_args, _tuner.TuneArgs))
        self._put("best_hyperparameters", artifacts.HyperParameters)
        self._put("tuner_results", artifacts.TunerResults)
