# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.input_resolution.strategies.span_range_strategy."""

from tfxm.dsl.special_nodes import SpanRangeStrategy  # noqa: F401
