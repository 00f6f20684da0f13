# SPDX-License-Identifier: Apache-2.0
"""What is done with a model: evaluated, rewritten, run over examples, pushed."""

from __future__ import annotations

from google.protobuf.message import Message

from tfxm import protos
from tfxm.dsl import standard_artifacts as artifacts
from tfxm.dsl.channel import Channel
from tfxm.dsl.node import Node
from tfxm.dsl.parameters import RuntimeParameter, message_json, to_json, without_effect

_Config = Message | dict[str, object] | str | RuntimeParameter | None

_bulk_inferrer = protos.load("tfx/proto/bulk_inferrer.proto")
_pusher = protos.load("tfx/proto/pusher.proto")
_tfma = protos.load("tensorflow_model_analysis/proto/config.proto")


class Evaluator(Node):
    """Evaluates a SavedModel or a TFLite model and blesses it. Outputs: evaluation, blessing."""

    TYPE = "tfx.components.evaluator.component.Evaluator"
    BASE_TYPE = "EVALUATE"
    EXECUTOR = "tfx.components.evaluator.executor.Executor"
    BEAM = True

    def __init__(
        self,
        examples: Channel | None = None,
        model: Channel | None = None,
        baseline_model: Channel | None = None,
        feature_slicing_spec: object | None = None,
        fairness_indicator_thresholds: list[float] | None = None,
        example_splits: list[str] | None = None,
        eval_config: _Config = None,
        schema: Channel | None = None,
        module_file: str | None = None,
        module_path: str | None = None,
        transform_graph: Channel | None = None,
    ) -> None:
        """`transform_graph` is tfxm's own: raw examples go through it before a model that takes transformed features."""
        super().__init__()
        if feature_slicing_spec is not None:
            raise NotImplementedError("Evaluator(feature_slicing_spec=…): use eval_config's slicing_specs")
        if module_path is not None:
            raise NotImplementedError("Evaluator(module_path=…): give module_file=…")
        if eval_config is None:
            raise TypeError("Evaluator(eval_config=…) is missing: a tfma.EvalConfig")
        if fairness_indicator_thresholds is not None:
            without_effect("Evaluator(fairness_indicator_thresholds=…)", "name the metric FairnessIndicators in eval_config")
        self._take("examples", examples, artifacts.Examples)
        self._take("model", model, artifacts.Model, optional=True)
        self._take("baseline_model", baseline_model, artifacts.Model, optional=True)
        self._take("schema", schema, artifacts.Schema, optional=True)
        self._take("transform_graph", transform_graph, artifacts.TransformGraph, optional=True)
        self._set(
            eval_config=message_json("Evaluator(eval_config=…)", eval_config, _tfma.EvalConfig),
            example_splits=to_json(example_splits),
            fairness_indicator_thresholds=to_json(fairness_indicator_thresholds),
            module_file=module_file,
        )
        self._put("evaluation", artifacts.ModelEvaluation)
        self._put("blessing", artifacts.ModelBlessing)


class Pusher(Node):
    """Copies a blessed model to where it is served from; without model_blessing every model. Outputs: pushed_model."""

    TYPE = "tfx.components.pusher.component.Pusher"
    BASE_TYPE = "DEPLOY"
    EXECUTOR = "tfx.components.pusher.executor.Executor"

    def __init__(
        self,
        model: Channel | None = None,
        model_blessing: Channel | None = None,
        infra_blessing: Channel | None = None,
        push_destination: _Config = None,
        custom_config: dict[str, object] | None = None,
        custom_executor_spec: object | None = None,
    ) -> None:
        super().__init__()
        if custom_executor_spec is not None:
            raise NotImplementedError("Pusher(custom_executor_spec=…): the engine pushes to a folder: push_destination=…")
        if push_destination is None:
            raise TypeError("Pusher(push_destination=…) is missing: where to push to")
        if model is None and infra_blessing is None:
            raise TypeError("Pusher(model=…) is missing: a channel of Model")
        self._take("model", model, artifacts.Model, optional=True)
        self._take("model_blessing", model_blessing, artifacts.ModelBlessing, optional=True)
        self._take("infra_blessing", infra_blessing, artifacts.InfraBlessing, optional=True)
        self._set(
            custom_config=to_json(custom_config),
            push_destination=message_json("Pusher(push_destination=…)", push_destination, _pusher.PushDestination),
        )
        self._put("pushed_model", artifacts.PushedModel)


class BulkInferrer(Node):
    """Runs a model over examples. Outputs: inference_result, or output_examples if there is an output_example_spec."""

    TYPE = "tfx.components.bulk_inferrer.component.BulkInferrer"
    EXECUTOR = "tfx.components.bulk_inferrer.executor.Executor"
    BEAM = True

    def __init__(
        self,
        examples: Channel | None = None,
        model: Channel | None = None,
        model_blessing: Channel | None = None,
        data_spec: _Config = None,
        model_spec: _Config = None,
        output_example_spec: _Config = None,
    ) -> None:
        super().__init__()
        self._take("examples", examples, artifacts.Examples)
        self._take("model", model, artifacts.Model, optional=True)
        self._take("model_blessing", model_blessing, artifacts.ModelBlessing, optional=True)
        self._set(
            data_spec=message_json("BulkInferrer(data_spec=…)", data_spec or _bulk_inferrer.DataSpec(), _bulk_inferrer.DataSpec),
            model_spec=message_json("BulkInferrer(model_spec=…)", model_spec or _bulk_inferrer.ModelSpec(), _bulk_inferrer.ModelSpec),
        )
        if output_example_spec is None:
            self._put("inference_result", artifacts.InferenceResult)
        else:
            spec = message_json("BulkInferrer(output_example_spec=…)", output_example_spec, _bulk_inferrer.OutputExampleSpec)
            self._set(output_example_spec=spec)
            self._put("output_examples", artifacts.Examples)


class ModelRewriter(Node):
    """The engine's own: rewrites a SavedModel to TFLite as a step of its own. Outputs: model.

    quantization: "" for float, "dynamic_range", "float16", "int4", "int8", "int16x8". `examples` are the samples that
    full integer quantization needs; `transform_graph` lies between raw ones and a model of transformed features.
    """

    TYPE = "tfxm.components.model_rewriter.component.ModelRewriter"
    EXECUTOR = "tfxm.components.model_rewriter.executor.Executor"

    def __init__(
        self,
        model: Channel | None = None,
        examples: Channel | None = None,
        transform_graph: Channel | None = None,
        quantization: str = "",
        signature_name: str = "",
        custom_config: dict[str, object] | None = None,
    ) -> None:
        super().__init__()
        self._take("model", model, artifacts.Model)
        self._take("examples", examples, artifacts.Examples, optional=True)
        self._take("transform_graph", transform_graph, artifacts.TransformGraph, optional=True)
        self._set(
            custom_config=to_json(custom_config),
            quantization=quantization or "null",
            signature_name=signature_name or "null",
        )
        self._put("model", artifacts.Model)
