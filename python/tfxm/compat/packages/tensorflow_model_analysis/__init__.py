# SPDX-License-Identifier: Apache-2.0
"""tensorflow_model_analysis: the configuration of an evaluation, and its results. What is evaluated is the engine's."""

from typing import Any

from tensorflow_model_analysis import view
from tensorflow_model_analysis.constants import DATA_CENTRIC_MODE, MODEL_CENTRIC_MODE
from tensorflow_model_analysis.results import (
    load_attributions,
    load_eval_result,
    load_eval_results,
    load_metrics,
    load_plots,
    load_validation_result,
    make_eval_results,
)
from tensorflow_model_analysis.run import EvalSharedModel, default_eval_shared_model, run_model_analysis
from tensorflow_model_analysis.view_types import EvalResult, SubKey

from tfxm import protos

_config = protos.load("tensorflow_model_analysis/proto/config.proto")
_metrics = protos.load("tensorflow_model_analysis/proto/metrics_for_slice.proto")
_validation = protos.load("tensorflow_model_analysis/proto/validation_result.proto")

# Every message of config.proto under its own name: EvalConfig, ModelSpec, SlicingSpec, MetricsSpec, MetricThreshold, …
globals().update({name: getattr(_config, name) for name in [*_config.DESCRIPTOR.message_types_by_name, *_config.DESCRIPTOR.enum_types_by_name]})
MetricsForSlice, PlotsForSlice, AttributionsForSlice = _metrics.MetricsForSlice, _metrics.PlotsForSlice, _metrics.AttributionsForSlice
ValidationResult = _validation.ValidationResult
__version__ = "0.46.0"  # Whose behaviour it is.


def __getattr__(name: str) -> Any:
    from tfxm import compat

    raise compat.missing(__name__, name, globals())
