# SPDX-License-Identifier: Apache-2.0
"""The nodes that run no executor: Resolver, which chooses among the artifacts of former runs, and Importer.

    baseline = Resolver(
        strategy_class=LatestBlessedModelStrategy,
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
    ).with_id("latest_blessed_model_resolver")
"""

from __future__ import annotations

from collections.abc import Mapping

from tfxm.dsl.artifact import Artifact, check_type
from tfxm.dsl.channel import Channel
from tfxm.dsl.node import Node

_Value = int | float | str


class ResolverStrategy:
    """How a Resolver chooses; the engine has those below."""

    OP_TYPE: str = ""


class LatestArtifactStrategy(ResolverStrategy):
    """The latest artifact of each channel."""

    OP_TYPE = "tfx.dsl.input_resolution.strategies.latest_artifact_strategy.LatestArtifactStrategy"


class LatestBlessedModelStrategy(ResolverStrategy):
    """The latest model that an Evaluator has blessed, with its blessing."""

    OP_TYPE = "tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy.LatestBlessedModelStrategy"


class SpanRangeStrategy(ResolverStrategy):
    """The examples of a range of spans: config={"range_config": RangeConfig(…)}."""

    OP_TYPE = "tfx.dsl.input_resolution.strategies.span_range_strategy.SpanRangeStrategy"


class Resolver(Node):
    """Outputs: one for each channel, maybe with no artifact."""

    TYPE = "tfx.dsl.components.common.resolver.Resolver"

    def __init__(
        self,
        strategy_class: type[ResolverStrategy] | None = None,
        config: Mapping[str, object] | None = None,
        **channels: Channel,
    ) -> None:
        super().__init__()
        if not (isinstance(strategy_class, type) and issubclass(strategy_class, ResolverStrategy) and strategy_class.OP_TYPE):
            raise TypeError("Resolver(strategy_class=…): expected LatestArtifactStrategy, LatestBlessedModelStrategy or SpanRangeStrategy")
        self.strategy_class = strategy_class
        self.config = dict(config or {})
        for key, channel in channels.items():
            if not isinstance(channel, Channel):
                raise TypeError(f"Resolver({key}=…): expected a Channel, got {type(channel).__name__}")
            self.inputs[key] = channel
            self._put(key, channel.type)


class Importer(Node):
    """Makes an artifact of what is at a uri already. Outputs: result, or what output_key says."""

    TYPE = "tfx.dsl.components.common.importer.Importer"

    def __init__(
        self,
        source_uri: str,
        artifact_type: type[Artifact],
        reimport: bool = False,
        properties: Mapping[str, _Value] | None = None,
        custom_properties: Mapping[str, _Value] | None = None,
        output_key: str | None = None,
    ) -> None:
        super().__init__()
        self.properties = dict(properties or {})
        self.custom_properties = dict(custom_properties or {})
        key = output_key or "result"
        self._set(artifact_uri=source_uri, output_key=key, reimport=int(reimport))
        self._put(key, check_type("Importer(artifact_type=…)", artifact_type))
