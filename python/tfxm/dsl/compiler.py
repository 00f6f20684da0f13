# SPDX-License-Identifier: Apache-2.0
"""A pipeline as TFX's intermediate representation: what TFX 1.15's own compiler makes of the same pipeline.

    ir = compiler.compile_pipeline(pipeline)         # tfx.orchestration.Pipeline
    text_format.MessageToString(ir)                  # Line for line as TFX's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message

from tfxm import protos
from tfxm.dsl.artifact import Artifact
from tfxm.dsl.channel import Channel, OutputChannel
from tfxm.dsl.node import Node, PropertyValue
from tfxm.dsl.parameters import JsonParameter, RuntimeParameter, to_json
from tfxm.dsl.pipeline import Pipeline
from tfxm.dsl.special_nodes import Importer, Resolver

_ir = protos.load("tfx/proto/orchestration/pipeline.proto")
_executable = protos.load("tfx/proto/orchestration/executable_spec.proto")
_mlmd = protos.load("ml_metadata/proto/metadata_store.proto")

RUN_ID_PARAMETER = "pipeline-run-id"
ROOT_PARAMETER = "pipeline-root"


def compile_pipeline(pipeline: Pipeline) -> Message:
    """The pipeline's IR. ValueError names the node whose parameter cannot be written."""
    out = _ir.Pipeline()
    out.pipeline_info.id = pipeline.pipeline_name
    deployment = _ir.IntermediateDeploymentConfig()
    downstream: dict[str, set[str]] = {node.id: set() for node in pipeline.components}
    for node in pipeline.components:
        for up in node.upstream_nodes:
            downstream[up.id].add(node.id)
    cond_ids: dict[int, str] = {}
    for node in pipeline.components:
        ir_node = out.nodes.add().pipeline_node
        _compile_node(pipeline, node, ir_node)
        _set_conditions(pipeline, node, cond_ids, ir_node.inputs)
        ir_node.downstream_nodes.extend(sorted(downstream[node.id]))
        _set_executable(pipeline, node, deployment)
    root = out.runtime_spec.pipeline_root.runtime_parameter
    _set_runtime_parameter(RuntimeParameter(ROOT_PARAMETER, str, pipeline.pipeline_root or None), root)
    _set_runtime_parameter(RuntimeParameter(RUN_ID_PARAMETER, str), out.runtime_spec.pipeline_run_id.runtime_parameter)
    out.execution_mode = _ir.Pipeline.SYNC
    if pipeline.metadata_connection_config is not None:
        deployment.metadata_connection_config.Pack(pipeline.metadata_connection_config)
    out.deployment_config.Pack(deployment)
    return out


def _set_runtime_parameter(parameter: RuntimeParameter, out: Message) -> None:
    out.name = parameter.name  # type: ignore[attr-defined]
    out.type = {int: 1, float: 2, str: 3, bool: 3}[parameter.ptype]  # type: ignore[attr-defined]
    if parameter.default is not None:
        _set_value(parameter.default, out.default_value)  # type: ignore[attr-defined]


def _set_value(value: object, out: Message) -> None:
    if isinstance(value, bool):
        out.string_value = to_json(value)  # type: ignore[attr-defined]
    elif isinstance(value, int):
        out.int_value = value  # type: ignore[attr-defined]
    elif isinstance(value, float):
        out.double_value = value  # type: ignore[attr-defined]
    elif isinstance(value, str):
        out.string_value = value  # type: ignore[attr-defined]
    else:
        raise ValueError(f"expected a number or a string, got {type(value).__name__}")


def _set_value_type(value: object, out: Message) -> None:
    """As TFX: that of a list or dict is told by its last element."""
    if isinstance(value, bool):
        out.boolean_type.SetInParent()  # type: ignore[attr-defined]
    elif isinstance(value, (list, tuple)):
        out.list_type.SetInParent()  # type: ignore[attr-defined]
        for element in value:
            _set_value_type(element, out.list_type)  # type: ignore[attr-defined]
    elif isinstance(value, dict):
        out.dict_type.SetInParent()  # type: ignore[attr-defined]
        for element in value.values():
            _set_value_type(element, out.dict_type)  # type: ignore[attr-defined]


def _set_property(value: PropertyValue, out: Message) -> None:
    """Fills a tfx.orchestration.Value."""
    if isinstance(value, JsonParameter):
        _set_value_type(value.value, out.schema.value_type)  # type: ignore[attr-defined]
        value = to_json(value.value)
    if isinstance(value, RuntimeParameter):
        _set_runtime_parameter(value, out.runtime_parameter)  # type: ignore[attr-defined]
    else:
        _set_value(value, out.field_value)  # type: ignore[attr-defined]


def _add_context(contexts: Message, type_name: str, name: str) -> None:
    context = contexts.add()  # type: ignore[attr-defined]
    context.type.name = type_name
    context.name.field_value.string_value = name


def _add_contexts(pipeline: Pipeline, node_id: str, contexts: Message) -> None:
    """The contexts of a node, which are also where its consumers look for what it made."""
    _add_context(contexts, "pipeline", pipeline.pipeline_name)
    run = contexts.add()  # type: ignore[attr-defined]
    run.type.name = "pipeline_run"
    _set_runtime_parameter(RuntimeParameter(RUN_ID_PARAMETER, str), run.name.runtime_parameter)
    _add_context(contexts, "node", f"{pipeline.pipeline_name}.{node_id}")


def _set_type(artifact_type: type[Artifact], with_properties: bool, out: Message) -> None:
    out.name = artifact_type.TYPE_NAME  # type: ignore[attr-defined]
    if artifact_type.TYPE_ANNOTATION is not None:
        out.base_type = _mlmd.ArtifactType.SystemDefinedBaseType.Value(artifact_type.TYPE_ANNOTATION)  # type: ignore[attr-defined]
    if with_properties:
        for name, declared in artifact_type.PROPERTIES.items():
            out.properties[name] = _mlmd.PropertyType.Value(declared.type.value)  # type: ignore[attr-defined]


def _set_channel(pipeline: Pipeline, channel: Channel, out: Message) -> None:
    """Fills an InputSpec.Channel."""
    if isinstance(channel, OutputChannel):
        out.producer_node_query.id = channel.producer.id  # type: ignore[attr-defined]
        _add_contexts(pipeline, channel.producer.id, out.context_queries)  # type: ignore[attr-defined]
    else:
        _add_context(out.context_queries, "pipeline", pipeline.pipeline_name)  # type: ignore[attr-defined]
        if channel.producer_component_id:
            _add_context(out.context_queries, "node", f"{pipeline.pipeline_name}.{channel.producer_component_id}")  # type: ignore[attr-defined]
    _set_type(channel.type, False, out.artifact_query.type)  # type: ignore[attr-defined]
    if channel.output_key:
        out.output_key = channel.output_key  # type: ignore[attr-defined]


def _add_files(file: Any, out: Message) -> None:
    """The descriptors of a file and of those it needs, each once and after those that it needs."""
    for dependency in file.dependencies:
        _add_files(dependency, out)
    if file.name not in (added.name for added in out):  # type: ignore[attr-defined]
        file.CopyToProto(out.add())  # type: ignore[attr-defined]


def _set_resolver_inputs(pipeline: Pipeline, node: Resolver, out: Message) -> None:
    """A Resolver's inputs are the results of a graph whose one operation is the strategy."""
    op_id, dict_id = "op_1", "dict_2"
    graph = out.input_graphs["graph_1"]  # type: ignore[attr-defined]
    graph.result_node = op_id
    operation = graph.nodes[op_id]
    operation.output_data_type = _ir.InputGraph.ARTIFACT_MULTIMAP
    operation.op_node.op_type = node.strategy_class.OP_TYPE
    operation.op_node.args.add().node_id = dict_id
    for name, config in node.config.items():
        value = operation.op_node.kwargs[name].value
        if isinstance(config, Message):
            value.field_value.string_value = json_format.MessageToJson(config, sort_keys=True, preserving_proto_field_name=True)
            value.schema.value_type.proto_type.message_type = config.DESCRIPTOR.full_name
            _add_files(config.DESCRIPTOR.file, value.schema.value_type.proto_type.file_descriptors.file)
        else:
            _set_value(config, value.field_value)
    graph.nodes[dict_id].output_data_type = _ir.InputGraph.ARTIFACT_MULTIMAP
    ids: dict[int, str] = {}  # Of channels: one that is given twice is one input.
    for key, channel in node.inputs.items():
        spec = out.inputs[key]  # type: ignore[attr-defined]
        spec.input_graph_ref.graph_id = "graph_1"
        spec.input_graph_ref.key = key
        if id(channel) not in ids:
            input_id = ids[id(channel)] = f"input_{len(ids) + 3}"
            if isinstance(channel, OutputChannel):
                hidden_key = f"_{channel.producer.id}.{channel.output_key}"
            else:
                hidden_key = f"_generated_{channel.type_name.lower()}_{len(node.inputs) + len(ids)}"
            hidden = out.inputs[hidden_key]  # type: ignore[attr-defined]
            _set_channel(pipeline, channel, hidden.channels.add())
            hidden.hidden = True
            graph.nodes[input_id].input_node.input_key = hidden_key
            graph.nodes[input_id].output_data_type = _ir.InputGraph.ARTIFACT_LIST
        graph.nodes[dict_id].dict_node.node_ids[key] = ids[id(channel)]


def _set_conditions(pipeline: Pipeline, node: Node, cond_ids: dict[int, str], out: Message) -> None:
    """What a condition looks at is an input, too."""
    keys = {id(channel): key for key, channel in node.inputs.items()}

    def key_of(channel: Channel) -> str:
        return keys[id(channel)]

    for cond in node.conditions:
        for channel in cond.predicate.channels():
            if not isinstance(channel, OutputChannel):
                raise ValueError(f"node {node.id}: Cond looks at a channel that no node of the pipeline puts out")
            if id(channel) not in keys:
                key = keys[id(channel)] = f"_{channel.producer.id}.{channel.output_key}"
                spec = out.inputs[key]  # type: ignore[attr-defined]
                _set_channel(pipeline, channel, spec.channels.add())
                spec.min_count = 1
        cond_id = cond_ids.setdefault(id(cond), f"cond_{len(cond_ids) + 1}")
        out.conditionals[cond_id].placeholder_expression.CopyFrom(cond.predicate.encode(key_of))  # type: ignore[attr-defined]


def _set_outputs(node: Node, out: Message) -> None:
    for key, channel in node.outputs.items():
        spec = out.outputs[key].artifact_spec  # type: ignore[attr-defined]
        _set_type(channel.type, True, spec.type)
        if isinstance(node, Importer):
            properties: tuple[tuple[Mapping[str, int | float | str], Message], ...] = (
                (node.properties, spec.additional_properties),
                (node.custom_properties, spec.additional_custom_properties),
            )
            for values, target in properties:
                for name, value in values.items():
                    _set_value(value, target[name].field_value)  # type: ignore[index]


def _compile_node(pipeline: Pipeline, node: Node, out: Message) -> None:
    info = out.node_info  # type: ignore[attr-defined]
    info.type.name = node.TYPE
    if node.BASE_TYPE is not None:
        info.type.base_type = _mlmd.ExecutionType.SystemDefinedBaseType.Value(node.BASE_TYPE)
    info.id = node.id
    _add_contexts(pipeline, node.id, out.contexts.contexts)  # type: ignore[attr-defined]
    if isinstance(node, Resolver):
        _set_resolver_inputs(pipeline, node, out.inputs)  # type: ignore[attr-defined]
    else:
        for key, channel in node.inputs.items():
            spec = out.inputs.inputs[key]  # type: ignore[attr-defined]
            _set_channel(pipeline, channel, spec.channels.add())
            if key not in node.optional_inputs:
                spec.min_count = 1
        _set_outputs(node, out.outputs)  # type: ignore[attr-defined]
        for name, value in node.exec_properties.items():
            try:
                _set_property(value, out.parameters.parameters[name])  # type: ignore[attr-defined]
            except ValueError as error:
                raise ValueError(f"node {node.id}, parameter {name}: {error}") from None
    out.upstream_nodes.extend(sorted({up.id for up in node.upstream_nodes}))  # type: ignore[attr-defined]
    cache = node.enable_cache if node.enable_cache is not None else pipeline.enable_cache
    options = out.execution_options  # type: ignore[attr-defined]
    options.caching_options.enable_cache = cache
    if (given := node.execution_options) is not None:
        options.strategy = given.trigger_strategy
        if given.max_execution_retries is not None:
            options.max_execution_retries = given.max_execution_retries
        options.execution_timeout_sec = given.execution_timeout_sec


def _set_executable(pipeline: Pipeline, node: Node, deployment: Message) -> None:
    """What TFX's own runner would run for the node, and the engine looks up in its registry."""
    python = _executable.PythonClassExecutableSpec()
    if node.EXECUTOR is not None:
        python.class_path = node.EXECUTOR
        if node.EXECUTOR_FILE:
            python.extra_flags.append(f"--tfxm_executor_file={node.EXECUTOR_FILE}")
        target = deployment.executor_specs[node.id]  # type: ignore[attr-defined]
        if node.BEAM:
            beam = _executable.BeamExecutableSpec(python_executor_spec=python)
            for arg in pipeline.beam_pipeline_args + node.beam_pipeline_args:
                beam.beam_pipeline_args.append(arg)
                beam.beam_pipeline_args_placeholders.add().value.string_value = arg
            target.Pack(beam)
        else:
            target.Pack(python)
    if node.DRIVER is not None:
        python = _executable.PythonClassExecutableSpec(class_path=node.DRIVER)
        deployment.custom_driver_specs[node.id].Pack(python)  # type: ignore[attr-defined]
