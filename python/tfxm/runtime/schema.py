# SPDX-License-Identifier: Apache-2.0
"""A schema as a feature spec, and back: what tf.io.parse_example takes."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfxm.runtime.errors import UserError

# FixedLenFeature, VarLenFeature, SparseFeature, RaggedFeature by name.
FeatureSpec = dict[str, Any]


def schema_pb2() -> Any:
    from tfxm import protos

    return protos.load("tensorflow_metadata/proto/v0/schema.proto")


def read(path: str) -> Any:
    """The Schema of a schema.pbtxt. UserError names the file."""
    from google.protobuf import text_format

    schema = schema_pb2().Schema()
    try:
        with open(path, encoding="utf-8") as f:
            return text_format.Parse(f.read(), schema)
    except (OSError, text_format.ParseError) as error:
        raise UserError(f"schema {path}: {error}") from None


def _dtype(feature: Any) -> tf.DType:
    pb = schema_pb2()
    try:
        return {pb.BYTES: tf.string, pb.INT: tf.int64, pb.FLOAT: tf.float32}[feature.type]
    except KeyError:
        raise ValueError(f'feature "{feature.name}" has no type that an example can hold') from None


def _default(dtype: tf.DType) -> Any:
    return {tf.string: b"", tf.int64: -1, tf.float32: 0.0}[dtype]


def as_feature_spec(schema: Any) -> FeatureSpec:
    """A feature with a shape is FixedLen, any other VarLen; deprecated and planned ones are left out.

    ValueError for what cannot be parsed (a struct) or a fixed shape that need not be there.
    """
    pb = schema_pb2()
    spec: FeatureSpec = {}
    in_sparse: set[str] = set()
    representations = schema.tensor_representation_group[""].tensor_representation if (
        "" in schema.tensor_representation_group
    ) else {}
    features = {feature.name: feature for feature in schema.feature}
    for name, representation in representations.items():
        kind = representation.WhichOneof("kind")
        if kind == "sparse_tensor":
            sparse = representation.sparse_tensor
            in_sparse.update([sparse.value_column_name, *sparse.index_column_names])
            spec[name] = tf.io.SparseFeature(
                list(sparse.index_column_names), sparse.value_column_name, _dtype(features[sparse.value_column_name]),
                [dim.size for dim in sparse.dense_shape.dim], sparse.already_sorted)  # fmt: skip
        elif kind == "ragged_tensor":
            ragged = representation.ragged_tensor
            value = ragged.feature_path.step[0]
            partitions = [
                tf.io.RaggedFeature.RowLengths(p.row_length) if p.WhichOneof("kind") == "row_length"
                else tf.io.RaggedFeature.UniformRowLength(p.uniform_row_length) for p in ragged.partition]  # fmt: skip
            in_sparse.update([value, *(p.row_length for p in ragged.partition if p.row_length)])
            spec[name] = tf.io.RaggedFeature(_dtype(features[value]), value, partitions, row_splits_dtype=tf.int64)
    for feature in schema.sparse_feature:
        values = features[feature.value_feature.name]
        index = [f.name for f in feature.index_feature]
        sizes = [features[f].int_domain.max + 1 for f in index]
        in_sparse.update([values.name, *index])
        spec[feature.name] = tf.io.SparseFeature(index, values.name, _dtype(values), sizes, feature.is_sorted)
    for feature in schema.feature:
        if feature.lifecycle_stage in (pb.DEPRECATED, pb.PLANNED, pb.DISABLED) or feature.name in in_sparse:
            continue
        dtype = _dtype(feature)
        if not feature.HasField("shape"):
            spec[feature.name] = tf.io.VarLenFeature(dtype)
            continue
        if feature.presence.min_fraction != 1:
            raise ValueError(
                f'feature "{feature.name}" has a shape, but may be missing: its presence.min_fraction is not 1; '
                "say that it is always there, or remove its shape")  # fmt: skip
        spec[feature.name] = tf.io.FixedLenFeature([dim.size for dim in feature.shape.dim], dtype)
    return spec


def from_feature_spec(spec: FeatureSpec, domains: dict[str, Any] | None = None) -> Any:
    """A Schema, features sorted by name. `domains`: IntDomain, FloatDomain or StringDomain by name."""
    pb = schema_pb2()
    schema = pb.Schema()
    types = {tf.string: pb.BYTES, tf.int64: pb.INT, tf.float32: pb.FLOAT}
    for name in sorted(spec):
        entry = spec[name]
        if not isinstance(entry, (tf.io.FixedLenFeature, tf.io.VarLenFeature)):
            raise ValueError(f'feature "{name}": {type(entry).__name__} has no place in a schema made of a feature spec')
        feature = schema.feature.add(name=name)
        try:
            feature.type = types[tf.as_dtype(entry.dtype)]
        except KeyError:
            raise ValueError(f'feature "{name}" is {entry.dtype}; examples hold float32, int64 and string') from None
        if isinstance(entry, tf.io.FixedLenFeature):
            feature.presence.min_fraction = 1.0
            feature.shape.SetInParent()
            for size in tf.TensorShape(entry.shape).as_list():
                feature.shape.dim.add(size=size)
        domain = (domains or {}).get(name)
        if domain is not None:
            getattr(feature, {"IntDomain": "int_domain", "FloatDomain": "float_domain"}.get(
                type(domain).__name__, "string_domain")).CopyFrom(domain)  # fmt: skip
    return schema
