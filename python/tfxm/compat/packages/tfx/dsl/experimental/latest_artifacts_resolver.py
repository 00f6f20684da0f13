# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.experimental.latest_artifacts_resolver: an older name."""

from tfxm.dsl.special_nodes import LatestArtifactStrategy

LatestArtifactsResolver = LatestArtifactStrategy
