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
    kind: str, x: Any, outputs: dict[str, Any], name: str, reduce_instance_dims: bool = True,
    others: tuple[tf.Tensor, ...] = (), **options: Any
) -> list[tf.Tensor]:  # fmt: skip
    """`outputs`: types by name, or pairs of a type and a shape; `others`: the inputs after x (internal/trace.h)."""
    values = values_of(x)
    allowed = (*_FLOATS, *_INTEGERS, tf.float16)
    if kind == "vocabulary":
        allowed = (tf.string, tf.int64)
    if kind not in ("size", "count_per_key") and values.dtype not in allowed:
        raise TypeError(f"tft.{name}: values of type {values.dtype.name} cannot be analyzed by it; expected {', '.join(t.name for t in allowed)}")
    shape: list[int | None] = []
    if not reduce_instance_dims:
        shape = _example_shape(x, name)
        values = tf.ensure_shape(values, x.shape) if values.op.type != "Placeholder" else values
    shaped = {n: output if isinstance(output, tuple) else (output, shape) for n, output in outputs.items()}
    if values.dtype == tf.float16:  # The engine has no such numbers.
        wide = {n: (tf.float32 if dtype == tf.float16 else dtype, of_output) for n, (dtype, of_output) in shaped.items()}
        results = trace.current().analyze(
            kind, [tf.cast(values, tf.float32), *others], wide, name, reduce_instance_dims=reduce_instance_dims, **options)  # fmt: skip
        return [tf.cast(result, dtype) for result, (dtype, _) in zip(results, shaped.values())]
    return trace.current().analyze(kind, [values, *others], shaped, name, reduce_instance_dims=reduce_instance_dims, **options)


def _example_shape(x: Any, name: str) -> list[int | None]:
    if not isinstance(x, tf.Tensor):
        raise ValueError(f"tft.{name}: reduce_instance_dims=False takes a dense tensor; this is a {type(x).__name__}")
    if x.shape.rank is None or not x.shape[1:].is_fully_defined():
        raise ValueError(f"tft.{name}: reduce_instance_dims=False needs a known shape, this is {x.shape}")
    return x.shape[1:].as_list()


def rows_of(x: Any) -> tf.Tensor:
    """Of each value of a sparse or ragged tensor the example that it is of."""
    if isinstance(x, tf.SparseTensor):
        return x.indices[:, 0]
    row_ids = x.value_rowids()
    while isinstance(x.values, tf.RaggedTensor):
        x = x.values
        row_ids = tf.gather(row_ids, x.value_rowids())
    return row_ids


def keys_of(x: Any, key: Any) -> tf.Tensor:
    """A key for each value of x, or of a dense x one for each example."""
    if values_of(key).dtype != tf.string:
        raise ValueError("key must have type tf.string")
    if isinstance(x, tf.Tensor):
        if not isinstance(key, tf.Tensor):
            raise ValueError("A dense key is required if x is dense")
        if key.shape.rank not in (1, x.shape.rank):
            raise ValueError(f"a key of shape {key.shape} does not fit x of shape {x.shape}; expected [batch] or the same shape")
        return key
    if isinstance(key, tf.Tensor):
        return tf.gather(key, rows_of(x))
    if type(x) is not type(key):
        raise ValueError(f"a {type(key).__name__} as key does not fit a {type(x).__name__}")
    if isinstance(x, tf.SparseTensor):
        same = [tf.debugging.assert_equal(x.indices, key.indices, message="x and key are at different places")]
    else:
        same = [tf.debugging.assert_equal(a, b) for a, b in zip(x.nested_row_splits, key.nested_row_splits)]
    with tf.control_dependencies([s for s in same if s is not None]):
        return tf.identity(values_of(key))


def _cast(value: tf.Tensor, dtype: Any) -> tf.Tensor:
    return value if dtype is None else tf.cast(value, dtype)


def min_and_max(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tuple[tf.Tensor, tf.Tensor]:
    dtype = values_of(x).dtype
    low, high = _analyze("min_and_max", x, {"min": dtype, "max": dtype}, name or "min_and_max", reduce_instance_dims)
    return low, high


def mean_and_var(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tuple[tf.Tensor, tf.Tensor]:
    dtype = values_of(x).dtype
    dtype = dtype if dtype in (tf.float16, tf.float64) else tf.float32
    mean_, var_ = _analyze("mean_and_var", x, {"mean": dtype, "var": dtype}, name or "mean_and_var", reduce_instance_dims)
    return mean_, var_


def min(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tf.Tensor:  # noqa: A001
    return min_and_max(x, reduce_instance_dims, name or "min")[0]


def max(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tf.Tensor:  # noqa: A001
    return min_and_max(x, reduce_instance_dims, name or "max")[1]


def sum(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tf.Tensor:  # noqa: A001
    dtype = values_of(x).dtype
    dtype = tf.float32 if dtype == tf.float16 else dtype if dtype in _FLOATS else tf.int64
    return _analyze("sum", x, {"sum": dtype}, name or "sum", reduce_instance_dims)[0]


def size(x: Any, reduce_instance_dims: bool = True, name: str | None = None) -> tf.Tensor:
    return _analyze("size", x, {"size": tf.int64}, name or "size", reduce_instance_dims)[0]


def mean(x: Any, reduce_instance_dims: bool = True, name: str | None = None, output_dtype: Any = None) -> tf.Tensor:
    return _cast(mean_and_var(x, reduce_instance_dims, name or "mean")[0], output_dtype)


def var(x: Any, reduce_instance_dims: bool = True, name: str | None = None, output_dtype: Any = None) -> tf.Tensor:
    return _cast(mean_and_var(x, reduce_instance_dims, name or "var")[1], output_dtype)


def _weights(function: str, x: Any, weights: Any) -> tuple[tf.Tensor, ...]:
    if weights is None:
        return ()
    values = values_of(weights)
    if not (values.dtype.is_floating or values.dtype.is_integer):
        raise TypeError(f"tft.{function}: weights of type {values.dtype.name}; expected numbers")
    return (tf.cast(values, tf.float32) if values.dtype not in _FLOATS else tf.identity(values),)


def quantiles(
    x: Any, num_buckets: int, epsilon: float = 0.01, weights: Any = None, reduce_instance_dims: bool = True, name: str | None = None
) -> tf.Tensor:
    """`epsilon` is accepted: tfxm's are exact up to 65,536 different values, else within 0.1 % of the ranks."""
    del epsilon
    if not isinstance(num_buckets, int) or num_buckets < 1:
        raise ValueError(f"tft.quantiles: num_buckets is {num_buckets!r}, must be an integer >= 1")
    shape = [1] if reduce_instance_dims else _example_shape(x, "quantiles") or [1]
    return _analyze(
        "quantiles", x, {"boundaries": (tf.float32, [*shape, num_buckets - 1])}, name or "quantiles", reduce_instance_dims,
        _weights("quantiles", x, weights), num_buckets=num_buckets, weighted=weights is not None)[0]  # fmt: skip


def covariance(x: tf.Tensor, dtype: tf.DType, name: str | None = None) -> tf.Tensor:
    shape = _matrix_shape("covariance", x, dtype)
    return _analyze("covariance", x, {"covariance": (dtype, shape * 2)}, name or "covariance", False)[0]


def pca(x: tf.Tensor, output_dim: int, dtype: tf.DType, name: str | None = None) -> tf.Tensor:
    """Of a component and its negative, the one whose element of largest magnitude is positive."""
    shape = _matrix_shape("pca", x, dtype)
    if not 1 <= output_dim <= shape[0]:
        raise ValueError(f"tft.pca: output_dim is {output_dim}, the examples have {shape[0]} elements")
    return _analyze("pca", x, {"components": (dtype, [*shape, output_dim])}, name or "pca", False, output_dim=output_dim)[0]


def _matrix_shape(function: str, x: Any, dtype: tf.DType) -> list[Any]:
    if not isinstance(x, tf.Tensor):
        raise TypeError(f"tft.{function}: expected a Tensor, got {type(x).__name__}")
    x.shape.assert_has_rank(2)
    if dtype not in _FLOATS:
        raise TypeError(f"tft.{function}: dtype is {dtype!r}; expected tf.float32 or tf.float64")
    return _example_shape(x, function)


def tukey_parameters(x: Any, reduce_instance_dims: bool, name: str) -> list[tf.Tensor]:
    dtype = tf.float64 if values_of(x).dtype == tf.float64 else tf.float32
    outputs = dict.fromkeys(("location", "scale", "left", "right"), dtype)
    return _analyze("tukey_parameters", x, outputs, name, reduce_instance_dims)


def tukey_location(x: Any, reduce_instance_dims: bool | None = True, output_dtype: Any = None, name: str | None = None) -> tf.Tensor:
    return _cast(tukey_parameters(x, bool(reduce_instance_dims), name or "tukey_location")[0], output_dtype)


def tukey_scale(x: Any, reduce_instance_dims: bool | None = True, output_dtype: Any = None, name: str | None = None) -> tf.Tensor:
    return _cast(tukey_parameters(x, bool(reduce_instance_dims), name or "tukey_scale")[1], output_dtype)


def tukey_h_params(
    x: Any, reduce_instance_dims: bool = True, output_dtype: Any = None, name: str | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    _, _, left, right = tukey_parameters(x, reduce_instance_dims, name or "tukey_h_params")
    return _cast(left, output_dtype), _cast(right, output_dtype)


def count_per_key(key: Any, key_vocabulary_filename: str | None = None, name: str | None = None) -> tuple[tf.Tensor, tf.Tensor]:
    not_done("count_per_key", key_vocabulary_filename=(key_vocabulary_filename, None))
    values = values_of(key)
    dtype = values.dtype
    texts = tf.reshape(values if dtype == tf.string else tf.strings.as_string(values), [-1])
    outputs = {"keys": (tf.string, [None]), "counts": (tf.int64, [None])}
    keys, counts = _analyze("count_per_key", texts, outputs, name or "count_per_key", others=(texts,))
    return (keys if dtype == tf.string else tf.strings.to_number(keys, dtype)), counts


def statistics_per_key(kind: str, x: Any, key: Any, outputs: dict[str, tf.DType], reduce_instance_dims: bool = True) -> list[tf.Tensor]:
    """The keys, and of each output a row for each of them."""
    if not reduce_instance_dims and not isinstance(x, tf.Tensor):
        raise NotImplementedError("Per-key elementwise reduction of Composite Tensors not supported")
    shape = [None] if reduce_instance_dims else [None, *_example_shape(x, kind)]
    shaped = {"keys": (tf.string, [None]), **{n: (dtype, shape) for n, dtype in outputs.items()}}
    return _analyze(kind, x, shaped, kind + "_per_key", reduce_instance_dims, (keys_of(x, key),), per_key=True)


def quantiles_per_key(x: Any, key: Any, num_buckets: int, weights: Any) -> list[tf.Tensor]:
    outputs = {"keys": (tf.string, [None]), **dict.fromkeys(("boundaries", "scale", "shift"), (tf.float32, [None]))}
    return _analyze(
        "quantiles", x, {**outputs, "num_buckets": (tf.int64, [])}, "quantiles_per_key",
        others=(*_weights("bucketize_per_key", x, weights), keys_of(x, key)), num_buckets=num_buckets,
        weighted=weights is not None, per_key=True)  # fmt: skip


def histogram(
    x: Any, boundaries: Any = None, categorical: bool | None = False, name: str | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    with tf.name_scope(name or "histogram"):
        values = tf.reshape(values_of(x), [-1])
        if categorical:
            elements, counts = count_per_key(values)
            return counts, elements if values.dtype == tf.string else tf.cast(elements, tf.int64)
        if boundaries is None:
            boundaries = tf.range(11, dtype=tf.float32) / 10.0
        elif isinstance(boundaries, int) or (isinstance(boundaries, tf.Tensor) and boundaries.shape.rank == 0):
            low, high = min_and_max(values)
            boundaries = tf.linspace(tf.cast(low, tf.float32), tf.cast(high, tf.float32), boundaries)
        # Shifted a little, as in TFT, which looks a value up among all but the first and the last.
        edges = tf.reshape(tf.cast(boundaries, tf.float32), [-1]) - 0.0001
        if edges.shape[0] is None:
            raise NotImplementedError("tft.histogram: the number of boundaries must be known")
        bucket = tf.searchsorted(edges[1:-1], tf.cast(values, tf.float32), side="left", out_type=tf.int32)
        bins = edges.shape[0] - 1
        of_batch = tf.math.bincount(bucket, minlength=bins, maxlength=bins, dtype=tf.int64)
        return sum(tf.reshape(of_batch, [1, bins]), reduce_instance_dims=False), edges[None]


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
    del input_is_sorted  # How TFT distributes the work.
    if (coverage_top_k or coverage_frequency_threshold) and not key_fn:
        raise ValueError("You must specify `key_fn` if you specify `coverage_top_k` or `coverage_frequency_threshold` in `vocabulary`.")
    if key_fn and not (coverage_top_k or coverage_frequency_threshold):
        raise ValueError("You must specify `coverage_top_k` or `coverage_frequency_threshold` if you specify `key_fn` in `vocabulary`.")
    limits = {"top_k": top_k, "frequency_threshold": frequency_threshold, "coverage_top_k": coverage_top_k,
              "coverage_frequency_threshold": coverage_frequency_threshold}  # fmt: skip
    for option, value in limits.items():
        if value is not None and value < 0:
            raise ValueError(f"tft.vocabulary: {option} is {value}, must be >= 0")
    if file_format not in ("text", "tfrecord_gzip"):
        raise ValueError(f'"{file_format}" is not an accepted file_format. It should be one of: text, tfrecord_gzip')
    filename = vocab_filename or scope_filename("vocab_frequency_" if store_frequency else "vocab_", name or "vocabulary")
    values = values_of(x)
    current = trace.current()
    for other in current.analyzers:
        if other.get("vocab_filename") == filename and other["inputs"][0] != values.name:
            raise ValueError(f'tft.vocabulary: two vocabularies have the vocab_filename "{filename}"')
    outputs: dict[str, Any] = {"vocab_file": tf.string, "vocab_size": tf.int64}
    if file_format == "tfrecord_gzip":
        outputs["vocab_values"] = (tf.string, [None])  # No table can be filled from the file.
    file, size, *records = _analyze(
        "vocabulary", x, outputs, name or "vocabulary",
        others=_vocabulary_inputs(x, weights, labels), top_k=None if top_k is None else int(top_k),
        frequency_threshold=None if frequency_threshold is None else float(frequency_threshold),
        coverage_top_k=None if coverage_top_k is None else int(coverage_top_k),
        coverage_frequency_threshold=None if coverage_frequency_threshold is None else float(coverage_frequency_threshold),
        has_key_fn=key_fn is not None, vocab_filename=filename,
        store_frequency=bool(store_frequency), reserved_tokens=_reserved(reserved_tokens), file_format=file_format,
        fingerprint_shuffle=bool(fingerprint_shuffle), use_adjusted_mutual_info=bool(use_adjusted_mutual_info),
        min_diff_from_avg=min_diff_from_avg, weighted=weights is not None, labeled=labels is not None)  # fmt: skip
    if key_fn is not None:
        current.key_fns[len(current.analyzers) - 1] = key_fn
    if records:
        current.vocabulary_values[file.name] = records[0]
    if file_format == "tfrecord_gzip":
        current.assets.setdefault(filename, filename + ".tfrecord.gz")
    current.vocabulary_sizes[filename] = size
    return file


def scope_filename(prefix: str, name: str) -> str:
    """TFT's, after the scope that the analyzer is in."""
    scope = tf.compat.v1.get_default_graph().unique_name(name, mark_as_used=False)
    return "".join(c if c.isalnum() or c in "_-" else "_" for c in prefix + scope)


def _reserved(tokens: Any) -> list[str]:
    if tokens is None:
        return []
    if isinstance(tokens, tf.Tensor):
        value = tf.get_static_value(tokens)
        if value is None:
            raise NotImplementedError("tft.vocabulary: reserved_tokens must be a list or a constant")
        tokens = value.tolist()
    return [tf.compat.as_str_any(token) for token in tokens]


def _vocabulary_inputs(x: Any, weights: Any, labels: Any) -> tuple[tf.Tensor, ...]:
    """Weights and labels of the values; labels and weights of the examples."""
    of_values = _weights("vocabulary", x, weights)
    if labels is None:
        return of_values
    if not isinstance(labels, tf.Tensor):
        raise NotImplementedError("tft.vocabulary: labels must be a dense tensor, one label for each example")
    if not labels.dtype.is_integer:
        raise ValueError(f"expected integer labels but got {labels.dtype!r}")
    labels = tf.cast(tf.reshape(labels, [-1]), tf.int64)
    if isinstance(x, tf.Tensor):
        rest = tf.ones([tf.rank(x) - 1], tf.int32)
        of_each = tf.broadcast_to(tf.reshape(labels, tf.concat([tf.shape(labels), rest], 0)), tf.shape(x))
    else:
        of_each = tf.gather(labels, rows_of(x))
    return (*of_values, of_each, labels, *of_values)


def annotate_asset(asset_key: str, asset_filename: str) -> None:
    """TFTransformOutput.vocabulary_file_by_name(asset_key) finds the asset of that file name."""
    trace.current().assets[asset_key] = builtins.str(asset_filename)


def annotate_vocab_size(vocab_filename: str, vocab_size: tf.Tensor) -> None:
    """get_vocabulary_size_by_name(vocab_filename) returns it."""
    trace.current().vocabulary_sizes[vocab_filename] = vocab_size


def get_vocabulary_size_by_name(vocab_filename: str) -> tf.Tensor:
    """The number of values of a vocabulary of this preprocessing_fn, without buckets for others."""
    sizes = trace.current().vocabulary_sizes
    if vocab_filename not in sizes:
        raise ValueError(
            f"Vocabulary size not found for {vocab_filename}. If this vocabulary was created using `tft.vocabulary`, "
            "this should be the same as the `vocab_filename` argument passed to it.")  # fmt: skip
    return sizes[vocab_filename]
