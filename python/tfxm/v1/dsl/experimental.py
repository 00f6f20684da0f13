# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl.experimental: strategies of a Resolver, values that are given when the pipeline is run; and what TFX has elsewhere,
retries and time limits of a node."""

from tfxm.dsl.node_execution_options import NodeExecutionOptions
from tfxm.dsl.parameters import RuntimeParameter
from tfxm.dsl.special_nodes import LatestArtifactStrategy, LatestBlessedModelStrategy, ResolverStrategy, SpanRangeStrategy

__all__ = ["LatestArtifactStrategy", "LatestBlessedModelStrategy", "NodeExecutionOptions", "ResolverStrategy", "RuntimeParameter", "SpanRangeStrategy"]
