# SPDX-License-Identifier: Apache-2.0
"""Which features a preprocessing_fn needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfxm.runtime import graph_dependencies, trace


def _needed(inputs: dict[str, Any], of: dict[str, Any]) -> list[str]:
    dependencies = graph_dependencies.of_outputs(inputs, of) if of else {}
    return [name for name in inputs if any(name in needed for needed in dependencies.values())]


def get_analyze_input_columns(preprocessing_fn: Callable[..., Any], specs: dict[str, Any], force_tf_compat_v1: bool = False) -> list[str]:
    """The features that its analyzers depend on. `specs`: a feature spec, or tf.TypeSpecs of batches by name."""
    del force_tf_compat_v1
    traced, inputs, _ = trace.trace_of_spec(preprocessing_fn, specs)
    names = [name for analyzer in traced.analyzers for name in analyzer["inputs"]]
    return _needed(inputs, {name: traced.graph.get_tensor_by_name(name) for name in names})


def get_transform_input_columns(preprocessing_fn: Callable[..., Any], specs: dict[str, Any], force_tf_compat_v1: bool = False) -> list[str]:
    """The features that its outputs depend on, once what its analyzers compute is known."""
    del force_tf_compat_v1
    _, inputs, outputs = trace.trace_of_spec(preprocessing_fn, specs)
    return _needed(inputs, outputs)
