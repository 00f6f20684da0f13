# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.input_resolution.strategies.latest_artifact_strategy."""

from tfxm.dsl.special_nodes import LatestArtifactStrategy  # noqa: F401
