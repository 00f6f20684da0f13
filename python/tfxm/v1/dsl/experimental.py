# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl.experimental: strategies of a Resolver, and values that are given when the pipeline is run."""

from tfxm.dsl.parameters import RuntimeParameter
from tfxm.dsl.special_nodes import LatestArtifactStrategy, LatestBlessedModelStrategy, ResolverStrategy, SpanRangeStrategy

__all__ = ["LatestArtifactStrategy", "LatestBlessedModelStrategy", "ResolverStrategy", "RuntimeParameter", "SpanRangeStrategy"]
