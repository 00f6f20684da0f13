# SPDX-License-Identifier: Apache-2.0
"""Node: what all components, Resolver and Importer have in common.

    example_gen = ImportExampleGen(input_base="data").with_id("ImportExampleGen.train")
    trainer.add_upstream_node(example_gen)   # To run after it although nothing is taken from it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TypeVar

from tfxm.dsl.artifact import Artifact
from tfxm.dsl.conditional import Cond
from tfxm.dsl.channel import Channel, OutputChannel, Outputs
from tfxm.dsl.node_execution_options import NodeExecutionOptions
from tfxm.dsl.parameters import JsonParameter, RuntimeParameter, beam_args, checked, without_effect

PropertyValue = int | float | str | RuntimeParameter | JsonParameter
_Node = TypeVar("_Node", bound="Node")


class Node:
    """A subclass says what it is by these; its __init__ calls `_take` and `_put`.

    TYPE: the execution type in ML Metadata; BASE_TYPE: its base type, or none. EXECUTOR: the class that TFX's own
    runner would run, which is the name in the engine's registry; BEAM: whether it is a Beam executor. DRIVER: likewise.
    """

    TYPE: str = ""
    BASE_TYPE: str | None = None
    EXECUTOR: str | None = None
    EXECUTOR_FILE: str | None = None  # Of an executor in Python: where it is.
    BEAM: bool = False
    DRIVER: str | None = None

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "__init__" in cls.__dict__:
            cls.__init__ = checked(cls.__init__)  # type: ignore[method-assign]

    def __init__(self) -> None:
        self._id: str | None = None
        self.inputs: dict[str, Channel] = {}
        self.optional_inputs: set[str] = set()
        self.outputs = Outputs(self)
        self.exec_properties: dict[str, PropertyValue] = {}
        self.enable_cache: bool | None = None  # None: as the pipeline.
        self.execution_options: NodeExecutionOptions | None = None
        self.beam_pipeline_args: list[str] = []
        self._upstream: list[Node] = []
        self.conditions = Cond.active()

    # What subclasses call.

    def _take(self, key: str, channel: Channel | None, artifact_type: type[Artifact], optional: bool = False) -> None:
        where = f"{type(self).__name__}({key}=…)"
        if channel is None:
            if optional:
                return
            raise TypeError(f"{where} is missing: a channel of {artifact_type.TYPE_NAME}")
        if not isinstance(channel, Channel):
            hint = f"; take one of {channel.id}.outputs" if isinstance(channel, Node) else ""
            raise TypeError(f"{where}: expected a channel of {artifact_type.TYPE_NAME}, got {type(channel).__name__}{hint}")
        if channel.type.TYPE_NAME != artifact_type.TYPE_NAME:
            raise TypeError(f"{where}: expected a channel of {artifact_type.TYPE_NAME}, got one of {channel.type.TYPE_NAME}")
        self.inputs[key] = channel
        if optional:
            self.optional_inputs.add(key)

    def _put(self, key: str, artifact_type: type[Artifact]) -> None:
        self.outputs[key] = OutputChannel(artifact_type, self, key)

    def _set(self, **exec_properties: PropertyValue | None) -> None:
        for name, value in exec_properties.items():
            if value is not None:
                self.exec_properties[name] = value

    # What pipeline files call.

    @property
    def id(self) -> str:
        return self._id or type(self).__name__

    @id.setter
    def id(self, value: str) -> None:
        self._id = value

    def with_id(self: _Node, id: str) -> _Node:  # noqa: A002
        self._id = id
        return self

    def with_enable_cache(self: _Node, enable_cache: bool) -> _Node:
        """The engine's own: whether this node may take its results from the cache, whatever the pipeline says."""
        self.enable_cache = enable_cache
        return self

    def with_beam_pipeline_args(self: _Node, beam_pipeline_args: Iterable[object]) -> _Node:
        """Added to the pipeline's, for this node."""
        self.beam_pipeline_args += beam_args("with_beam_pipeline_args(…)", beam_pipeline_args)
        return self

    def with_platform_config(self: _Node, config: object) -> _Node:
        without_effect("with_platform_config(…)", "the engine runs on this machine")
        return self

    def with_node_execution_options(self: _Node, options: NodeExecutionOptions) -> _Node:
        if not isinstance(options, NodeExecutionOptions):
            raise TypeError(f"{self.id}.with_node_execution_options(…): expected NodeExecutionOptions, got {type(options).__name__}")
        self.execution_options = options
        return self

    def add_upstream_node(self, upstream_node: Node) -> None:
        self._upstream.append(upstream_node)

    def add_upstream_nodes(self, upstream_nodes: Iterable[Node]) -> None:
        self._upstream.extend(upstream_nodes)

    def add_downstream_node(self, downstream_node: Node) -> None:
        downstream_node.add_upstream_node(self)

    def add_downstream_nodes(self, downstream_nodes: Iterable[Node]) -> None:
        for node in downstream_nodes:
            node.add_upstream_node(self)

    @property
    def upstream_nodes(self) -> list[Node]:
        """Those whose outputs are taken or looked at and those that were added, each once."""
        looked_at = itertools.chain.from_iterable(cond.predicate.channels() for cond in self.conditions)
        channels = itertools.chain(self.inputs.values(), looked_at)
        producers = (channel.producer for channel in channels if isinstance(channel, OutputChannel))
        return list(dict.fromkeys(itertools.chain(producers, self._upstream)))
