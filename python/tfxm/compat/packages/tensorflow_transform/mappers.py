# SPDX-License-Identifier: Apache-2.0
"""Transformations of a feature by statistics of all of it, with TFT's formulas (transform/mappers.h).

All take dense, sparse and ragged tensors and return the same kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from tensorflow_transform import analyzers
from tensorflow_transform.analyzers import not_done, values_of
from tfxm.runtime import trace


def _with_values(x: Any, values: tf.Tensor) -> Any:
    if isinstance(x, tf.SparseTensor):
        return tf.SparseTensor(x.indices, values, x.dense_shape)
    if isinstance(x, tf.RaggedTensor):
        return x.with_flat_values(values)
    return values


def _domain(values: tf.Tensor, low: Any, high: Any) -> None:
    """What the schema of the transformed data says if `values` become a feature: integers low…high, numbers or scalars that
    follow from analyzers."""
    limits = [tf.identity(tf.cast(limit, tf.int64)).name for limit in (low, high)]
    trace.current().domains.append({"tensor": values.name, "min": limits[0], "max": limits[1]})


def get_num_buckets_for_transformed_feature(transformed_feature: Any) -> tf.Tensor:
    """Of what bucketize, apply_buckets, compute_and_apply_vocabulary and apply_vocabulary return."""
    values = values_of(transformed_feature)
    for domain in trace.current().domains:
        if domain["tensor"] == values.name:
            return values.graph.get_tensor_by_name(domain["max"]) + 1
    raise ValueError(f"{values.name} is not the result of a function whose buckets are known (tft.bucketize, tft.apply_vocabulary, …)")


def _key_index(key: tf.Tensor, keys: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The places of the keys, the number of keys for one that is not among them; and whether it is."""
    count = tf.size(keys, tf.int64)
    table = tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, name="key_table")
    tf.raw_ops.LookupTableImportV2(table_handle=table, keys=keys, values=tf.range(count), name="fill_table")
    index = tf.raw_ops.LookupTableFindV2(table_handle=table, keys=key, default_value=tf.constant(-1, tf.int64))
    index = tf.ensure_shape(index, key.shape)
    return tf.where(index < 0, count, index), index >= 0


def _of_key(x: Any, key: Any, keys: tf.Tensor, tensors: list[tf.Tensor], reduce_instance_dims: bool) -> list[tf.Tensor]:
    """For each value its key's statistics, 0 for a key that was not seen."""
    index, _ = _key_index(analyzers.keys_of(x, key), keys)
    rank = values_of(x).shape.rank
    mapped = []
    for tensor in tensors:
        zero = tf.zeros(tf.concat([[1], tf.shape(tensor)[1:]], 0), tensor.dtype)
        value = tf.gather(tf.concat([tensor, zero], 0), index)
        for _ in range(rank - value.shape.rank if reduce_instance_dims and isinstance(x, tf.Tensor) else 0):
            value = tf.expand_dims(value, -1)
        mapped.append(value)
    return mapped


def _min_max_scaled(x: Any, low: tf.Tensor, high: tf.Tensor, output_min: float, output_max: float) -> Any:
    values = values_of(x)
    numerator = values - low
    # Where there is no range, a function that is increasing and between 0 and 1 takes its place.
    scaled = tf.where(_like(low < high, numerator), numerator / (high - low), tf.sigmoid(values))
    return _with_values(x, scaled * (output_max - output_min) + output_min)


def _z_score(x: Any, mean: tf.Tensor, var: tf.Tensor, output_dtype: Any) -> Any:
    numerator = tf.cast(values_of(x), mean.dtype) - mean
    denominator = tf.sqrt(var)
    result = tf.where(_like(tf.not_equal(denominator, 0), numerator), numerator / denominator, numerator)
    return _with_values(x, result if output_dtype is None else tf.cast(result, output_dtype))


def _like(condition: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.zeros_like(x) + tf.cast(condition, x.dtype), tf.bool)


def scale_by_min_max(
    x: Any, output_min: float = 0.0, output_max: float = 1.0, elementwise: bool = False, name: str | None = None
) -> Any:
    if output_min >= output_max:
        raise ValueError(f"tft.scale_by_min_max: output_min ({output_min}) must be less than output_max ({output_max})")
    with tf.name_scope(name or "scale_by_min_max"):
        x = _with_values(x, tf.cast(values_of(x), tf.float32))
        low, high = analyzers.min_and_max(x, not elementwise)
        return _min_max_scaled(x, low, high, output_min, output_max)


def scale_to_0_1(x: Any, elementwise: bool = False, name: str | None = None) -> Any:
    return scale_by_min_max(x, 0, 1, elementwise, name or "scale_to_0_1")


def scale_to_z_score(x: Any, elementwise: bool = False, name: str | None = None, output_dtype: Any = None) -> Any:
    with tf.name_scope(name or "scale_to_z_score"):
        mean, var = analyzers.mean_and_var(x, not elementwise)
        return _z_score(x, mean, var, output_dtype)


def scale_by_min_max_per_key(
    x: Any, key: Any, output_min: float = 0.0, output_max: float = 1.0, elementwise: bool = False,
    key_vocabulary_filename: str | None = None, name: str | None = None
) -> Any:  # fmt: skip
    """The keys' statistics are in the graph, with key_vocabulary_filename, too."""
    del key_vocabulary_filename
    if key is None:
        raise ValueError("key is None, call `tft.scale_by_min_max` instead")
    if output_min >= output_max:
        raise ValueError(f"tft.scale_by_min_max_per_key: output_min ({output_min}) must be less than output_max ({output_max})")
    with tf.name_scope(name or "scale_by_min_max_per_key"):
        x = _with_values(x, tf.cast(values_of(x), tf.float32))
        keys, *limits = analyzers.statistics_per_key("min_and_max", x, key, {"min": tf.float32, "max": tf.float32}, not elementwise)
        low, high = _of_key(x, key, keys, limits, not elementwise)
        return _min_max_scaled(x, low, high, output_min, output_max)


def scale_to_0_1_per_key(
    x: Any, key: Any, elementwise: bool = False, key_vocabulary_filename: str | None = None, name: str | None = None
) -> Any:
    return scale_by_min_max_per_key(x, key, 0, 1, elementwise, key_vocabulary_filename, name or "scale_to_0_1_per_key")


def scale_to_z_score_per_key(
    x: Any, key: Any, elementwise: bool = False, key_vocabulary_filename: str | None = None, name: str | None = None,
    output_dtype: Any = None
) -> Any:  # fmt: skip
    del key_vocabulary_filename
    if key is None:
        raise ValueError("key is None, call `tft.scale_to_z_score` instead")
    with tf.name_scope(name or "scale_to_z_score_per_key"):
        dtype = tf.float64 if values_of(x).dtype == tf.float64 else tf.float32
        keys, *moments = analyzers.statistics_per_key("mean_and_var", x, key, {"mean": dtype, "var": dtype}, not elementwise)
        mean, var = _of_key(x, key, keys, moments, not elementwise)
        return _z_score(x, mean, var, output_dtype)


def scale_to_gaussian(x: Any, elementwise: bool = False, name: str | None = None, output_dtype: Any = None) -> Any:
    """By the L-moments of all values, where TFT takes the mean of those of its batches."""
    with tf.name_scope(name or "scale_to_gaussian"):
        location, scale, left, right = analyzers.tukey_parameters(x, not elementwise, "tukey_parameters")
        var = analyzers.var(x, not elementwise)
        numerator = tf.cast(values_of(x), location.dtype) - location
        # Without heavy tails it is a z-score.
        denominator = tf.where(tf.logical_or(left > 0, right > 0), scale, tf.sqrt(var))
        scaled = tf.where(_like(tf.not_equal(denominator, 0), numerator), numerator / denominator, numerator)
        result = tf.where(scaled < 0, -_inverse_tukey(-scaled, left), _inverse_tukey(scaled, right))
        return _with_values(x, result if output_dtype is None else tf.cast(result, output_dtype))


def _inverse_tukey(x: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
    """u >= 0 of x = u * exp(h * u^2)."""
    h_x_square = h * tf.square(x)
    small = h_x_square < 1e-7
    return tf.where(small, x, tf.sqrt(_lambert_w(tf.where(small, tf.ones_like(x), h_x_square)) / tf.where(h > 0, h, tf.ones_like(h))))


def _lambert_w(x: tf.Tensor) -> tf.Tensor:
    """w of x = w * exp(w), for x > 0: eight steps of Newton's method."""
    slope = (math.e - 1) / (math.e**2 - 1)
    log_x = tf.math.log(x)
    w = tf.where(
        x < 1 / math.e, x,
        tf.where(x < math.e, slope * x + (1 - slope) / math.e, log_x + (1 / log_x - 1) * tf.math.log(log_x)))  # fmt: skip
    for _ in range(8):
        exp_w = tf.exp(w)
        w -= (w * exp_w - x) / (exp_w + w * exp_w)
    return w


def apply_buckets(x: Any, bucket_boundaries: Any, name: str | None = None) -> Any:
    with tf.name_scope(name or "apply_buckets"):
        boundaries = _boundaries(bucket_boundaries)
        values = tf.cast(values_of(x), boundaries.dtype)
        flat = tf.reshape(values, [1, -1])
        found = tf.raw_ops.UpperBound(sorted_inputs=boundaries, values=flat, out_type=tf.int64)
        # The search puts NaN first, where TFT has it last.
        found = tf.where(tf.not_equal(flat, flat), tf.size(boundaries, tf.int64), found)
        result = tf.ensure_shape(tf.reshape(found, tf.shape(values)), values.shape)
        if boundaries.shape[1] is not None:
            _domain(result, 0, boundaries.shape[1])
        else:
            _domain(result, 0, tf.shape(boundaries)[1])
        return _with_values(x, result)


def _boundaries(bucket_boundaries: Any) -> tf.Tensor:
    boundaries = tf.convert_to_tensor(bucket_boundaries)
    if boundaries.dtype.is_integer:
        boundaries = tf.cast(boundaries, tf.float32)
    if boundaries.shape.rank == 1:
        boundaries = boundaries[None]
    if boundaries.shape.rank != 2:
        raise ValueError(f"bucket_boundaries has the shape {boundaries.shape}; expected [1, n]")
    return boundaries


def bucketize(
    x: Any, num_buckets: int, epsilon: float | None = None, weights: Any = None, elementwise: bool = False, name: str | None = None
) -> Any:
    if not isinstance(num_buckets, int):
        raise TypeError(f"num_buckets must be an int, got {type(num_buckets).__name__}")
    if num_buckets < 1:
        raise ValueError(f"Invalid num_buckets {num_buckets}")
    with tf.name_scope(name or "bucketize"):
        if not elementwise:
            return apply_buckets(x, analyzers.quantiles(x, num_buckets, epsilon or 0.01, weights))
        boundaries = analyzers.quantiles(x, num_buckets, epsilon or 0.01, weights, reduce_instance_dims=False)
        shape = x.shape.as_list()[1:]
        count = math.prod(shape)
        columns, rows = tf.reshape(x, [-1, count]), tf.reshape(boundaries, [count, num_buckets - 1])
        result = tf.stack([apply_buckets(columns[:, i], rows[i][None]) for i in range(count)], 1)
        return tf.reshape(result, [-1, *shape])


def bucketize_per_key(
    x: Any, key: Any, num_buckets: int, epsilon: float | None = None, weights: Any = None, name: str | None = None
) -> Any:
    """-1 for a key that was not seen."""
    del epsilon
    if not isinstance(num_buckets, int):
        raise TypeError(f"num_buckets must be an int, got {type(num_buckets).__name__}")
    if num_buckets < 2:
        raise ValueError(f"Invalid num_buckets {num_buckets}: tft.bucketize_per_key needs two")
    with tf.name_scope(name or "bucketize_per_key"):
        keys, boundaries, scale, shift, actual = analyzers.quantiles_per_key(x, key, num_buckets, weights)
        index, known = _key_index(analyzers.keys_of(x, key), keys)
        values = tf.cast(values_of(x), tf.float32)
        shifted = values * tf.gather(scale, index) + tf.gather(shift, index)
        # Keys next to each other share a boundary.
        found = tf.searchsorted(boundaries, tf.reshape(shifted, [-1]), side="right", out_type=tf.int64)
        found = tf.reshape(found, tf.shape(shifted)) - (actual - 2) * index
        result = tf.where(known, tf.clip_by_value(found, 0, actual - 1), tf.constant(-1, tf.int64))
        result = tf.ensure_shape(result, values.shape)
        _domain(result, 0, actual - 1)
        return _with_values(x, result)


def apply_buckets_with_interpolation(x: Any, bucket_boundaries: Any, name: str | None = None) -> Any:
    """Where x lies between the boundaries, from 0 to 1: piecewise linear; outside 0 and 1, NaN is 0.5.

    At a boundary that is there several times, as quantiles of a frequent value are, it is the last of them.
    """
    with tf.name_scope(name or "buckets_with_interpolation"):
        boundaries = tf.cast(_boundaries(bucket_boundaries), tf.float32)[0]
        values = tf.cast(values_of(x), tf.float32)
        count = tf.size(boundaries)
        # The interval that x falls into, among those between two boundaries.
        flat = tf.reshape(values, [1, -1])
        bucket = tf.reshape(tf.raw_ops.UpperBound(sorted_inputs=boundaries[None], values=flat), [-1])
        bucket = tf.clip_by_value(bucket, 1, tf.maximum(count - 1, 1))
        low, high = tf.gather(boundaries, bucket - 1), tf.gather(boundaries, tf.minimum(bucket, count - 1))
        flat = tf.reshape(values, [-1])
        inside = tf.math.divide_no_nan(flat - low, high - low)
        position = (tf.cast(bucket - 1, tf.float32) + inside) / tf.cast(tf.maximum(count - 1, 1), tf.float32)
        # Below the first and above the last.
        position = tf.where(flat >= boundaries[-1], tf.ones_like(flat), position)
        position = tf.where(flat < boundaries[0], tf.zeros_like(flat), position)
        position = tf.where(tf.math.is_nan(flat), tf.fill(tf.shape(flat), 0.5), position)
        return _with_values(x, tf.ensure_shape(tf.reshape(position, tf.shape(values)), values.shape))


def apply_vocabulary(
    x: Any,
    deferred_vocab_filename_tensor: Any,
    *,
    default_value: Any = -1,
    num_oov_buckets: int = 0,
    lookup_fn: Callable[..., Any] | None = None,
    file_format: str = "text",
    store_frequency: bool = False,
    name: str | None = None,
) -> Any:
    with tf.name_scope(name or "apply_vocab"):
        file = deferred_vocab_filename_tensor
        if file is None:
            raise ValueError("`deferred_vocab_filename_tensor` must not be None.")
        file = tf.convert_to_tensor(file)
        values = values_of(x)
        if lookup_fn is not None:
            result = lookup_fn(values, file)
            return _with_values(x, result[0] if isinstance(result, tuple) else result)
        keys = values if values.dtype == tf.string else tf.strings.as_string(values)
        table = tf.raw_ops.HashTableV2(key_dtype=tf.string, value_dtype=tf.int64, name="vocabulary_table")
        records = trace.current().vocabulary_values.get(file.name)
        if records is not None:
            tf.raw_ops.LookupTableImportV2(
                table_handle=table, keys=records, values=tf.range(tf.size(records, tf.int64)), name="fill_table")  # fmt: skip
        elif file_format == "tfrecord_gzip":
            raise NotImplementedError("tft.apply_vocabulary: of file_format tfrecord_gzip tfxm takes what tft.vocabulary returned in this preprocessing_fn")
        else:
            # The key is the whole line, or what follows the frequency; the value the line's number.
            tf.raw_ops.InitializeTableFromTextFileV2(
                table_handle=table, filename=file, key_index=1 if store_frequency else -2, value_index=-1,
                delimiter=" " if store_frequency else "\t", name="fill_table")  # fmt: skip
        unknown = tf.constant(-1 if num_oov_buckets > 0 else default_value, tf.int64)
        ids = tf.raw_ops.LookupTableFindV2(table_handle=table, keys=keys, default_value=unknown)
        if num_oov_buckets > 0:
            bucket = tf.raw_ops.LookupTableSizeV2(table_handle=table)
            bucket += tf.strings.to_hash_bucket_fast(keys, num_oov_buckets)
            ids = tf.where(ids < 0, bucket, ids)
        ids = tf.ensure_shape(ids, keys.shape)
        last = tf.raw_ops.LookupTableSizeV2(table_handle=table) + (num_oov_buckets if num_oov_buckets > 0 else 0) - 1
        if num_oov_buckets > 0:
            _domain(ids, 0, last)
        else:
            _domain(ids, min(0, int(default_value)), tf.maximum(last, int(default_value)))
        return _with_values(x, ids)


def compute_and_apply_vocabulary(
    x: Any,
    *,
    default_value: Any = -1,
    top_k: int | None = None,
    frequency_threshold: int | None = None,
    num_oov_buckets: int = 0,
    vocab_filename: str | None = None,
    file_format: str = "text",
    store_frequency: bool = False,
    min_diff_from_avg: float | None = 0.0,  # Unlike vocabulary's.
    name: str | None = None,
    **options: Any,
) -> Any:
    """`options`: vocabulary's others."""
    with tf.name_scope(name or "compute_and_apply_vocabulary"):
        if store_frequency and file_format == "text" and values_of(x).dtype == tf.string:
            # As TFT does: a line ends its word at the next space.
            x = _with_values(x, tf.strings.regex_replace(values_of(x), " ", "__SPACE__"))
        file = analyzers.vocabulary(
            x, top_k=top_k, frequency_threshold=frequency_threshold, vocab_filename=vocab_filename,
            file_format=file_format, store_frequency=store_frequency, min_diff_from_avg=min_diff_from_avg, **options)  # fmt: skip
        return apply_vocabulary(
            x, file, default_value=default_value, num_oov_buckets=num_oov_buckets, file_format=file_format,
            store_frequency=store_frequency)  # fmt: skip


def hash_strings(strings: Any, hash_buckets: int, key: list[int] | None = None, name: str | None = None) -> Any:
    values = values_of(strings)
    if values.dtype != tf.string:
        raise TypeError(f"Input to hash_strings must be strings, not {values.dtype.name}")
    if key is None:
        return _with_values(strings, tf.strings.to_hash_bucket_fast(values, hash_buckets, name=name))
    return _with_values(strings, tf.strings.to_hash_bucket_strong(values, hash_buckets, key, name=name))


def fill_in_missing(x: Any, default_value: Any, name: str | None = None) -> Any:
    """tfxm's own: the first value of each example, or `default_value`; [batch, 1]."""
    if not isinstance(x, tf.SparseTensor):
        return x
    with tf.name_scope(name or "fill_in_missing"):
        size = tf.stack([x.dense_shape[0], 1])
        first = tf.sparse.slice(x, [0, 0], size)
        dense = tf.sparse.to_dense(
            tf.SparseTensor(first.indices, first.values, size), tf.constant(default_value, x.dtype))  # fmt: skip
        return tf.ensure_shape(dense, [None, 1])


def sparse_tensor_to_dense_with_shape(x: Any, shape: Any, default_value: Any = None, name: str | None = None) -> tf.Tensor:
    with tf.name_scope(name or "sparse_tensor_to_dense_with_shape"):
        if not isinstance(x, tf.SparseTensor):
            raise ValueError(f"expected a SparseTensor, got {type(x).__name__}")
        if default_value is None:
            default_value = "" if x.dtype == tf.string else 0
        sizes = [x.dense_shape[i] if size is None else tf.constant(size, tf.int64) for i, size in enumerate(shape)]
        dense_shape = tf.stack(sizes)
        # Values beyond the shape are dropped.
        kept = tf.reduce_all(x.indices < dense_shape, axis=1)
        x = tf.sparse.retain(x, kept)
        dense = tf.raw_ops.SparseToDense(
            sparse_indices=x.indices, output_shape=dense_shape, sparse_values=x.values,
            default_value=tf.cast(default_value, x.dtype) if x.dtype != tf.string else tf.constant(default_value),
            validate_indices=True)  # fmt: skip
        return tf.ensure_shape(dense, shape)


def sparse_tensor_left_align(sparse_tensor: tf.SparseTensor) -> tf.SparseTensor:
    """The values of each row moved to its beginning."""
    reordered = tf.sparse.reorder(sparse_tensor)
    transposed = tf.transpose(reordered.indices)
    row_counts = tf.math.bincount(tf.cast(transposed[0], tf.int32))
    columns = tf.expand_dims(tf.ragged.range(row_counts).flat_values, 0)
    rows = tf.expand_dims(transposed[0], 0)
    indices = tf.transpose(tf.concat([rows, tf.cast(columns, tf.int64)], 0))
    return tf.SparseTensor(indices, reordered.values, reordered.dense_shape)


def _rows(x: Any) -> tf.RaggedTensor:
    if isinstance(x, tf.RaggedTensor):
        return x
    return tf.RaggedTensor.from_value_rowids(x.values, x.indices[:, 0], nrows=x.dense_shape[0], validate=False)


def ngrams(tokens: Any, ngram_range: tuple[int, int], separator: str, name: str | None = None) -> tf.SparseTensor:
    """Of each row, all n-grams: at each place those of every size, then the next place."""
    low, high = ngram_range
    if not isinstance(low, int) or low < 1 or high < low:
        raise ValueError(f"Invalid ngram_range: {ngram_range}")
    with tf.name_scope(name or "ngrams"):
        rows = _rows(tokens)
        lengths = rows.row_lengths()
        places = tf.ragged.range(lengths).flat_values
        row_of = rows.value_rowids()
        left = tf.gather(lengths, row_of) - places  # How many tokens there are from here to the row's end.
        count = tf.size(rows.flat_values, tf.int64)
        position = tf.range(count)
        grams, valid = [], []
        text = rows.flat_values
        for n in range(1, high + 1):
            if n > 1:
                following = tf.gather(rows.flat_values, tf.minimum(position + n - 1, tf.maximum(count - 1, 0)))
                text = tf.strings.join([text, following], separator)
            if n >= low:
                grams.append(text)
                valid.append(left >= n)
        keep = tf.stack(valid, 1)
        values = tf.boolean_mask(tf.stack(grams, 1), keep)
        row_ids = tf.boolean_mask(tf.tile(row_of[:, None], [1, len(grams)]), keep)
        ragged = tf.RaggedTensor.from_value_rowids(values, row_ids, nrows=rows.nrows(), validate=False)
        return ragged.to_sparse()


def _unique_per_row(rows: tf.RaggedTensor) -> tf.RaggedTensor:
    """Of each row the different values, in the order of their first appearance."""
    row_ids = rows.value_rowids()
    keys = tf.strings.join([tf.strings.as_string(row_ids), rows.flat_values if rows.dtype == tf.string else tf.strings.as_string(rows.flat_values)], ":")  # fmt: skip
    unique, index = tf.unique(keys, tf.int64)
    first = tf.math.unsorted_segment_min(tf.range(tf.size(keys, tf.int64)), index, tf.size(unique, tf.int64))
    return tf.RaggedTensor.from_value_rowids(
        tf.gather(rows.flat_values, first), tf.gather(row_ids, first), nrows=rows.nrows(), validate=False)  # fmt: skip


def bag_of_words(tokens: Any, ngram_range: tuple[int, int], separator: str, name: str | None = None) -> tf.SparseTensor:
    with tf.name_scope(name or "bag_of_words"):
        return _unique_per_row(_rows(ngrams(tokens, ngram_range, separator))).to_sparse()


def deduplicate_tensor_per_row(input_tensor: Any, name: str | None = None) -> Any:
    with tf.name_scope(name or "deduplicate_per_row"):
        if isinstance(input_tensor, tf.Tensor):
            return _unique_per_row(tf.RaggedTensor.from_tensor(input_tensor)).to_sparse()
        unique = _unique_per_row(_rows(input_tensor))
        return unique if isinstance(input_tensor, tf.RaggedTensor) else unique.to_sparse()


def word_count(tokens: Any, name: str | None = None) -> tf.Tensor:
    """How many there are in each row, int64 [batch]."""
    with tf.name_scope(name or "word_count"):
        return tf.ensure_shape(tf.cast(_rows(tokens).row_lengths(), tf.int64), [None])


def segment_indices(segment_ids: tf.Tensor, name: str | None = None) -> tf.Tensor:
    """The place of each element in its segment; segment_ids: ascending."""
    if segment_ids.shape.rank not in (1, None):
        raise ValueError(f"segment_indices requires a 1-dimensional input. segment_indices has {segment_ids.shape.rank} dimensions.")
    with tf.name_scope(name or "segment_indices"):
        lengths = tf.math.segment_sum(tf.ones_like(segment_ids), segment_ids)
        starts = tf.gather(tf.concat([[0], tf.cumsum(lengths)], 0), segment_ids)
        return tf.range(tf.size(segment_ids, segment_ids.dtype)) - starts


def _words_of(function: str, x: Any, vocab_size: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """The values of x, made words of the vocabulary, and its size."""
    if not isinstance(x, tf.SparseTensor) or x.shape.rank != 2:
        raise ValueError(f"tft.{function} requires a 2D SparseTensor input. Input had {x.shape.rank} dimensions.")
    vocab_size = tf.cast(vocab_size, tf.int64)
    return tf.math.floormod(x.values, vocab_size), vocab_size


def _pairs(x: tf.SparseTensor, words: tf.Tensor, vocab_size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The different pairs of an example and a word, in their order, and how often each is there."""
    pairs, _, counts = tf.unique_with_counts(tf.sort(x.indices[:, 0] * vocab_size + words), tf.int64)
    return pairs // vocab_size, tf.math.floormod(pairs, vocab_size), counts


def _documents(word_of_pair: tf.Tensor, vocab_size: Any) -> tf.Tensor:
    """Of each word of the vocabulary the examples that have it: [1, vocab_size] or [vocab_size]."""
    size = tf.get_static_value(vocab_size) if isinstance(vocab_size, tf.Tensor) else vocab_size
    if size is not None:
        of_batch = tf.math.unsorted_segment_sum(tf.ones_like(word_of_pair), word_of_pair, int(size))
        return analyzers.sum(tf.reshape(of_batch, [1, int(size)]), reduce_instance_dims=False)
    keys, of_key = analyzers.count_per_key(word_of_pair)
    return tf.scatter_nd(keys[:, None], of_key, tf.cast(vocab_size, tf.int64)[None])


def _idf(documents: tf.Tensor, examples: tf.Tensor, smooth: bool, add_baseline: bool = True) -> tf.Tensor:
    more = 1.0 if smooth else 0.0
    idf = tf.math.log((tf.cast(examples, tf.float32) + more) / (tf.cast(documents, tf.float32) + more))
    return idf + 1.0 if add_baseline else idf


def tfidf(
    x: tf.SparseTensor, vocab_size: Any, smooth: bool = True, name: str | None = None
) -> tuple[tf.SparseTensor, tf.SparseTensor]:
    """Of each example the different words, and their frequency in it times 1 + log(examples / examples that have the word)."""
    with tf.name_scope(name or "tfidf"):
        words, size = _words_of("tfidf", x, vocab_size)
        rows = x.indices[:, 0]
        row, word, counts = _pairs(x, words, size)
        lengths = tf.math.unsorted_segment_sum(tf.ones_like(rows), rows, x.dense_shape[0])
        frequency = tf.cast(counts / tf.gather(lengths, row), tf.float32)
        idf = _idf(_documents(word, vocab_size), analyzers.sum(x.dense_shape[:1]), smooth)
        place = segment_indices(row)
        shape = tf.stack([x.dense_shape[0], tf.maximum(tf.reduce_max(place), -1) + 1])
        indices = tf.stack([row, place], 1)
        return tf.SparseTensor(indices, word, shape), tf.SparseTensor(indices, frequency * tf.gather(tf.reshape(idf, [-1]), word), shape)


def document_frequency(x: tf.SparseTensor, vocab_size: Any, name: str | None = None) -> tf.SparseTensor:
    """Of each word of x the number of examples that have it."""
    with tf.name_scope(name or "df"):
        words, size = _words_of("experimental.document_frequency", x, vocab_size)
        documents = _documents(_pairs(x, words, size)[1], vocab_size)
        return tf.SparseTensor(x.indices, tf.gather(tf.reshape(documents, [-1]), words), x.dense_shape)


def idf(x: tf.SparseTensor, vocab_size: Any, smooth: bool = True, add_baseline: bool = True, name: str | None = None) -> tf.SparseTensor:
    """Of each word of x log(examples / examples that have the word), and 1 more if `add_baseline`."""
    with tf.name_scope(name or "idf"):
        words, size = _words_of("experimental.idf", x, vocab_size)
        documents = _documents(_pairs(x, words, size)[1], vocab_size)
        of_words = _idf(documents, analyzers.sum(x.dense_shape[:1]), smooth, add_baseline)
        return tf.SparseTensor(x.indices, tf.gather(tf.reshape(of_words, [-1]), words), x.dense_shape)


def estimated_probability_density(x: tf.Tensor, boundaries: Any = None, categorical: bool = False, name: str | None = None) -> tf.Tensor:
    with tf.name_scope(name or "estimated_probability_density"):
        if not isinstance(x, tf.Tensor):
            raise NotImplementedError("estimated probability density does not support Composite Tensors")
        if x.shape.rank > 1 and x.shape[-1] > 1:
            raise NotImplementedError("estimated probability density does not support multiple dimensions")
        counts, edges = analyzers.histogram(x, boundaries, categorical)
        density = tf.cast(counts, tf.float32) / tf.cast(tf.reduce_sum(counts), tf.float32)
        flat = tf.reshape(x, [-1])
        if categorical:
            texts = [t if t.dtype == tf.string else tf.strings.as_string(t) for t in (flat, edges)]
            index, _ = _key_index(texts[0], texts[1])
            density = tf.concat([density, [0.0]], 0)
        else:
            density /= (edges[0, -1] - edges[0, 0]) / tf.cast(tf.size(density), tf.float32)
            index = tf.searchsorted(edges[0, 1:-1], tf.cast(flat, tf.float32), side="left", out_type=tf.int64)
        return tf.ensure_shape(tf.reshape(tf.gather(density, index), tf.shape(x)), x.shape)
