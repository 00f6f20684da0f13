# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy."""

from tfxm.dsl.special_nodes import LatestBlessedModelStrategy  # noqa: F401
