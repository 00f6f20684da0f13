# SPDX-License-Identifier: Apache-2.0
"""Statistics of a tensor over all examples: placeholders, until the engine has made its pass (transform/analyzers.h)."""

from __future__ import annotations

import builtins
from typing import Any

import tensorflow as tf

from tfxm.runtime import trace

_FLOATS = (tf.float32, tf.float64)
_INTEGERS = (tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16)


def values_of(x: Any) -> tf.Tensor:
    """Of a sparse or ragged tensor those that are there."""
    if isinstance(x, tf.SparseTensor):
        return x.values
    if isinstance(x, tf.RaggedTensor):
        return x.flat_values
    return tf.convert_to_tensor(x)


def _analyze(
    kind: str, x: Any, outputs: dict[str, tf.DType], name: str, reduce_instance_dims: bool = True, **options: Any
) -> list[tf.Tensor]:
    values = values_of(x)
    allowed = _FLOATS + _INTEGERS
    if kind == "vocabulary":
        allowed = (tf.string, tf.int64)
    if kind != "size" and values.dtype not in allowed:
        raise TypeError(f"tft.{name}: values of type {values.dtype.name} cannot be analyzed by it; expected {', '.join(t.name for t in allowed)}")
    shape: list[int | None] = []
    if not reduce_instance_dims:
        if not isinstance(x, tf.Tensor):
            raise ValueError(f"tft.{name}: reduce_instance_dims=False takes a dense tensor; this is a {type(x).__name__}")
        if x.shape.rank is None or not x.shape[1:].is_fully_defined():
            raise ValueError(f"tft.{name}: reduce_instance_dims=False needs a known shape, this is {x.shape}")
        shape = x.shape[1:].as_list()
        values = tf.ensure_shape(values, x.shape) if values.op.type != "Placeholder" else values
    if kind == "quantiles":
        shape = [1, options["num_buckets"] - 1]
    return trace.current().analyze(
        kind, values, {n: (dtype, shape) for n, dtype in outputs.items()}, name,
        reduce_instance_dims=reduce_instance_dims, **options)  # fmt: skip


def _cast(value: tf.Tensor, dtype: Any) -> tf.Tensor:
    return value if dtype is None else tf.cast(value, dtype)


def min_and_max(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tuple[tf.Tensor, tf.Tensor]:
    dtype = values_of(x).dtype
    low, high = _analyze("min_and_max", x, {"min": dtype, "max": dtype}, name or "min_and_max", reduce_instance_dims)
    return low, high


def mean_and_var(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tuple[tf.Tensor, tf.Tensor]:
    dtype = tf.float64 if values_of(x).dtype == tf.float64 else tf.float32
    mean_, var_ = _analyze("mean_and_var", x, {"mean": dtype, "var": dtype}, name or "mean_and_var", reduce_instance_dims)
    return mean_, var_


def min(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tf.Tensor:  # noqa: A001
    return min_and_max(x, reduce_instance_dims, name or "min")[0]


def max(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tf.Tensor:  # noqa: A001
    return min_and_max(x, reduce_instance_dims, name or "max")[1]


def sum(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tf.Tensor:  # noqa: A001
    dtype = values_of(x).dtype
    return _analyze("sum", x, {"sum": dtype if dtype in _FLOATS else tf.int64}, name or "sum", reduce_instance_dims)[0]


def size(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tf.Tensor:
    return _analyze("size", x, {"size": tf.int64}, name or "size", reduce_instance_dims)[0]


def mean(x: Any, reduce_instance_dims: bool = True, name: str | None = None, output_dtype: Any = None) -> tf.Tensor:
    return _cast(mean_and_var(x, reduce_instance_dims, name or "mean")[0], output_dtype)


def var(x: Any, reduce_instance_dims: bool = True, name: str | None = None, output_dtype: Any = None) -> tf.Tensor:
    return _cast(mean_and_var(x, reduce_instance_dims, name or "var")[1], output_dtype)


def quantiles(
    x: Any, num_buckets: int, epsilon: float = 0.01, weights: Any = None, reduce_instance_dims: bool = True, name: str | None = None
) -> tf.Tensor:
    """`epsilon` is accepted: tfxm's are exact up to 65,536 different values, else within 0.1 % of the ranks."""
    del epsilon
    not_done("quantiles", weights=(weights, None), reduce_instance_dims=(reduce_instance_dims, True))
    if not isinstance(num_buckets, int) or num_buckets < 1:
        raise ValueError(f"tft.quantiles: num_buckets is {num_buckets!r}, must be an integer >= 1")
    return _analyze("quantiles", x, {"boundaries": tf.float32}, name or "quantiles", num_buckets=num_buckets)[0]


def not_done(function: str, **arguments: tuple[Any, Any]) -> None:
    """NotImplementedError for an argument, given with its default, that the engine does not know."""
    for name, (value, default) in arguments.items():
        if value is not default and not (isinstance(value, (int, str, bool)) and value == default):
            raise NotImplementedError(f"tft.{function}: tfxm does not have {name} yet; leave it at {default!r}")


def vocabulary(
    x: Any,
    *,
    top_k: int | None = None,
    frequency_threshold: int | None = None,
    vocab_filename: str | None = None,
    store_frequency: bool = False,
    reserved_tokens: Any = None,
    weights: Any = None,
    labels: Any = None,
    use_adjusted_mutual_info: bool = False,
    min_diff_from_avg: int | None = None,
    coverage_top_k: int | None = None,
    coverage_frequency_threshold: int | None = None,
    key_fn: Any = None,
    fingerprint_shuffle: bool = False,
    file_format: str = "text",
    input_is_sorted: bool = False,
    name: str | None = None,
) -> tf.Tensor:
    """The name of a file with the different values, the most frequent first, one a line."""
    del fingerprint_shuffle, input_is_sorted  # How TFT distributes the work.
    not_done(
        "vocabulary", store_frequency=(store_frequency, False), reserved_tokens=(reserved_tokens, None),
        weights=(weights, None), labels=(labels, None), use_adjusted_mutual_info=(use_adjusted_mutual_info, False),
        min_diff_from_avg=(min_diff_from_avg, None), coverage_top_k=(coverage_top_k, None),
        coverage_frequency_threshold=(coverage_frequency_threshold, None), key_fn=(key_fn, None),
        file_format=(file_format, "text"))  # fmt: skip
    if top_k is not None and int(top_k) < 0:
        raise ValueError(f"tft.vocabulary: top_k is {top_k}, must be >= 0")
    filename = vocab_filename or ""
    values = values_of(x)
    for other in trace.current().analyzers:
        if filename and other.get("vocab_filename") == filename and other["input"] != values.name:
            raise ValueError(f'tft.vocabulary: two vocabularies have the vocab_filename "{filename}"')
    return _analyze(
        "vocabulary", x, {"vocab_file": tf.string}, name or "vocabulary", top_k=None if top_k is None else int(top_k),
        frequency_threshold=int(frequency_threshold or 0), vocab_filename=filename)[0]  # fmt: skip


def annotate_asset(asset_key: str, asset_filename: str) -> None:
    """TFTransformOutput.vocabulary_file_by_name(asset_key) finds the asset of that file name."""
    trace.current().assets[asset_key] = builtins.str(asset_filename)
