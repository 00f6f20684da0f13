# SPDX-License-Identifier: Apache-2.0
"""tensorflow_model_analysis: the configuration of an evaluation. What is evaluated is the engine's."""

from typing import Any

from tfxm import protos

_config = protos.load("tensorflow_model_analysis/proto/config.proto")

# Every message of config.proto under its own name: EvalConfig, ModelSpec, SlicingSpec, MetricsSpec, MetricThreshold, …
globals().update({name: getattr(_config, name) for name in [*_config.DESCRIPTOR.message_types_by_name, *_config.DESCRIPTOR.enum_types_by_name]})


def __getattr__(name: str) -> Any:
    from tfxm import compat

    raise compat.missing(__name__, name, globals())
