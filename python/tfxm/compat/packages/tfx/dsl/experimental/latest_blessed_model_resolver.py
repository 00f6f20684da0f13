# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.experimental.latest_blessed_model_resolver: an older name."""

from tfxm.dsl.special_nodes import LatestBlessedModelStrategy

LatestBlessedModelResolver = LatestBlessedModelStrategy
