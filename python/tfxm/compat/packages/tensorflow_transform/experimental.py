# SPDX-License-Identifier: Apache-2.0
"""tft.experimental: what can be had without Beam."""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from tensorflow_transform import analyzers, mappers
from tensorflow_transform.analyzers import get_vocabulary_size_by_name
from tensorflow_transform.mappers import document_frequency, idf
from tfxm import compat
from tfxm.runtime import trace

__all__ = [
    "annotate_sparse_output_shape", "annotate_true_sparse_output", "approximate_vocabulary", "compute_and_apply_approximate_vocabulary",
    "document_frequency", "get_vocabulary_size_by_name", "idf", "ptransform_analyzer",
]  # fmt: skip


def _filename(vocab_filename: str | None, store_frequency: bool, name: str) -> str:
    # TFT's prefixes, which say the opposite of what is in the file.
    return vocab_filename or analyzers.scope_filename("approx_vocab_" if store_frequency else "approx_vocab_frequency_", name)


def approximate_vocabulary(
    x: Any, top_k: int, *, vocab_filename: str | None = None, store_frequency: bool = False, name: str | None = None, **options: Any
) -> tf.Tensor:
    """The exact one: the engine counts all values."""
    name = name or "approximate_vocabulary"
    filename = _filename(vocab_filename, store_frequency, name)
    return analyzers.vocabulary(x, top_k=top_k, vocab_filename=filename, store_frequency=store_frequency, name=name, **options)


def compute_and_apply_approximate_vocabulary(
    x: Any, *, top_k: int | None = None, vocab_filename: str | None = None, store_frequency: bool = False, name: str | None = None,
    **options: Any
) -> Any:  # fmt: skip
    """That of the exact vocabulary."""
    with tf.name_scope(name or "compute_and_apply_approximate_vocabulary"):
        filename = _filename(vocab_filename, store_frequency, name or "approximate_vocabulary")
        return mappers.compute_and_apply_vocabulary(x, top_k=top_k, vocab_filename=filename, store_frequency=store_frequency, **options)


def annotate_sparse_output_shape(tensor: tf.SparseTensor, shape: Any) -> None:
    """The dense shape of an output, without the batch."""
    if isinstance(shape, tf.Tensor):
        sizes = tf.get_static_value(shape)
        sizes = [None] * (tensor.shape.rank - 1) if sizes is None else sizes.reshape(-1).tolist()
    else:
        sizes = list(shape)
        if len(sizes) != tensor.shape.rank - 1:
            raise ValueError(f"Annotated shape {shape} was expected to have rank {tensor.shape.rank - 1}")
        shape = tf.constant(sizes, tf.int64)
    shape = tf.reshape(tf.cast(shape, tf.int64), [-1])
    tensor._dense_shape = tf.concat([tensor.dense_shape[:1], shape], 0)  # As TFT does; there is no other way.
    trace.current().sparse_outputs[tensor.values.name] = sizes


def annotate_true_sparse_output(tensor: tf.SparseTensor) -> None:
    """Makes a sparse output of rank 2 the features NAME$sparse_values and NAME$sparse_indices_0, not the list of its values."""
    trace.current().sparse_outputs.setdefault(tensor.values.name, tensor.shape[1:].as_list())


def ptransform_analyzer(*arguments: Any, **options: Any) -> Any:
    raise NotImplementedError(
        "tft.experimental.ptransform_analyzer: the engine makes the passes over the data, there is no Beam to run a PTransform in; "
        "say it with tft.sum, tft.quantiles, tft.vocabulary and the other analyzers")  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in ("CacheablePTransformAnalyzer", "PTransformAnalyzerCacheCoder", "SimpleJsonPTransformAnalyzerCacheCoder"):
        raise AttributeError(f"tfxm has no tft.experimental.{name}: the engine makes the passes, there is no Beam")
    raise compat.missing("tft.experimental", name, globals())
