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


SEQUENCE = "##SEQUENCE##"  # The struct of a tf.SequenceExample's feature lists, as tfx_bsl calls it.


def _served(feature: Any) -> bool:
    pb = schema_pb2()
    left_out = (pb.DEPRECATED, pb.DISABLED, pb.PLANNED, pb.ALPHA, pb.DEBUG_ONLY, pb.VALIDATION_DERIVED)
    return not (feature.deprecated or feature.lifecycle_stage in left_out)


def _sources(representation: Any) -> list[str]:
    """The features that a tensor is made of; one of a sequence as "##SEQUENCE##.NAME"."""
    kind = representation.WhichOneof("kind")
    if kind is None:
        raise ValueError("it is of no kind")
    of_kind = getattr(representation, kind)
    if kind in ("dense_tensor", "varlen_sparse_tensor"):
        return [of_kind.column_name]
    if kind == "sparse_tensor":
        return [of_kind.value_column_name, *of_kind.index_column_names]
    steps = list(of_kind.feature_path.step)
    if len(steps) not in (1, 2):
        raise ValueError(f"its feature_path has {len(steps)} steps; expected the name of a feature, or of one in {SEQUENCE}")
    return [".".join(steps), *(p.row_length for p in of_kind.partition if p.row_length)]


def tensor_representations(schema: Any) -> dict[str, Any]:
    """What tensors there are, by name: those of the schema's group "", and what follows from its other features."""
    pb = schema_pb2()
    found: dict[str, Any] = {}
    if "" in schema.tensor_representation_group:
        found.update(schema.tensor_representation_group[""].tensor_representation)
    taken = {source for representation in found.values() for source in _sources(representation)}
    inferred: dict[str, Any] = {}
    features = {feature.name: feature for feature in schema.feature}
    for sparse in filter(_served, schema.sparse_feature):
        representation = pb.TensorRepresentation()
        tensor = representation.sparse_tensor
        tensor.value_column_name = sparse.value_feature.name
        if sparse.is_sorted:
            tensor.already_sorted = True
        for index in sparse.index_feature:
            if index.name not in features:
                raise ValueError(f'sparse_feature "{sparse.name}": there is no index feature "{index.name}"')
            tensor.index_column_names.append(index.name)
            domain = features[index.name].int_domain if features[index.name].HasField("int_domain") else None
            if domain is not None and (domain.min != 0 or not domain.HasField("max")):
                raise ValueError(f'sparse_feature "{sparse.name}": the int_domain of "{index.name}" must be from 0 to a maximum')
            tensor.dense_shape.dim.add(size=-1 if domain is None else domain.max + 1)
        inferred[sparse.name] = representation
        taken.update(_sources(representation))
    for feature in filter(_served, schema.feature):
        if feature.name in taken or feature.name in found:
            continue
        if feature.type == pb.STRUCT and feature.name == SEQUENCE:
            for child in feature.struct_domain.feature:
                name = f"{SEQUENCE}.{child.name}"
                if name not in taken:
                    inferred[name] = pb.TensorRepresentation()
                    inferred[name].ragged_tensor.feature_path.step.extend([SEQUENCE, child.name])
            continue
        _dtype(feature)
        representation = inferred[feature.name] = pb.TensorRepresentation()
        if feature.HasField("shape"):
            if feature.presence.min_fraction != 1:
                raise ValueError(
                    f'feature "{feature.name}" has a shape, but may be missing: its presence.min_fraction is not 1; '
                    "say that it is always there, or remove its shape")  # fmt: skip
            representation.dense_tensor.column_name = feature.name
            representation.dense_tensor.shape.CopyFrom(feature.shape)
        elif schema.represent_variable_length_as_ragged:
            representation.ragged_tensor.feature_path.step.append(feature.name)
        else:
            representation.varlen_sparse_tensor.column_name = feature.name
    return {**{name: r for name, r in inferred.items() if name not in found}, **found}


def _types(schema: Any) -> dict[str, Any]:
    """Features by name, those of a sequence as "##SEQUENCE##.NAME"."""
    found = {}
    for feature in schema.feature:
        found[feature.name] = feature
        for child in feature.struct_domain.feature if feature.name == SEQUENCE else ():
            found[f"{SEQUENCE}.{child.name}"] = child
    return found


def _each(schema: Any) -> Any:
    """(name, representation, type of its values) of all tensors."""
    features = _types(schema)
    for name, representation in tensor_representations(schema).items():
        source = _sources(representation)[0]
        if source not in features:
            raise ValueError(f'tensor_representation "{name}" reads the feature "{source}", which the schema does not have')
        yield name, representation, _dtype(features[source])


def _default(tensor: Any, dtype: tf.DType) -> Any:
    """One value for all elements, as a list; None: there is none."""
    if not tensor.HasField("default_value"):
        return None
    kind = tensor.default_value.WhichOneof("kind")
    expected = {tf.string: "bytes_value", tf.int64: "int_value", tf.float32: "float_value"}[dtype]
    if kind != expected:
        raise ValueError(f'the default_value of "{tensor.column_name}" must be {expected}')
    count = 1
    for dim in tensor.shape.dim:
        count *= dim.size
    value = getattr(tensor.default_value, kind)
    return value if count == 1 else [value] * count


def as_feature_spec(schema: Any) -> FeatureSpec:
    """The tensors of the schema's tensor_representation_group and sparse_feature; of the features that these are not made of,
    each with a shape is FixedLen, any other VarLen; deprecated and planned ones are left out.

    ValueError for what cannot be parsed (a struct) or a fixed shape that need not be there.
    """
    spec: FeatureSpec = {}
    for name, representation, dtype in _each(schema):
        kind = representation.WhichOneof("kind")
        tensor = getattr(representation, kind)
        if kind == "dense_tensor":
            spec[name] = tf.io.FixedLenFeature([dim.size for dim in tensor.shape.dim], dtype, _default(tensor, dtype))
        elif kind == "varlen_sparse_tensor":
            spec[name] = tf.io.VarLenFeature(dtype)
        elif kind == "sparse_tensor":
            spec[name] = tf.io.SparseFeature(
                list(tensor.index_column_names), tensor.value_column_name, dtype,
                [dim.size for dim in tensor.dense_shape.dim], tensor.already_sorted)  # fmt: skip
        else:
            partitions = [
                tf.io.RaggedFeature.RowLengths(p.row_length) if p.row_length else tf.io.RaggedFeature.UniformRowLength(p.uniform_row_length)
                for p in tensor.partition]  # fmt: skip
            spec[name] = tf.io.RaggedFeature(
                dtype, tensor.feature_path.step[-1], partitions, row_splits_dtype=_splits_dtype(tensor))  # fmt: skip
    return spec


def _splits_dtype(ragged: Any) -> tf.DType:
    return tf.int32 if ragged.row_partition_dtype == schema_pb2().TensorRepresentation.INT32 else tf.int64


def as_type_specs(schema: Any) -> dict[str, Any]:
    """What a preprocessing_fn gets of the schema's data: tf.TypeSpecs of batches."""
    specs = {}
    for name, representation, dtype in _each(schema):
        kind = representation.WhichOneof("kind")
        tensor = getattr(representation, kind)
        if kind == "dense_tensor":
            specs[name] = tf.TensorSpec([None, *(dim.size for dim in tensor.shape.dim)], dtype)
        elif kind == "varlen_sparse_tensor":
            specs[name] = tf.SparseTensorSpec([None, None], dtype)
        elif kind == "sparse_tensor":
            specs[name] = tf.SparseTensorSpec([None, *(None if dim.size < 0 else dim.size for dim in tensor.dense_shape.dim)], dtype)
        else:
            partitions = list(tensor.partition)
            inner: list[int] = []  # The last ones, if uniform, are dimensions of the values.
            while partitions and not partitions[-1].row_length:
                inner.insert(0, partitions.pop().uniform_row_length)
            rank = len(partitions) + len(tensor.feature_path.step)
            specs[name] = tf.RaggedTensorSpec([None] * (1 + rank) + inner, dtype, rank, _splits_dtype(tensor))
    return specs


def domains(schema: Any) -> dict[str, Any]:
    """IntDomain, FloatDomain or StringDomain of the tensors that have one, by name."""
    strings = {domain.name: domain for domain in schema.string_domain}
    features = _types(schema)
    found = {}
    for name, representation, _ in _each(schema):
        feature = features[_sources(representation)[0]]
        kind = feature.WhichOneof("domain_info")
        if kind == "domain" and feature.domain in strings:
            found[name] = strings[feature.domain]
        elif kind in ("int_domain", "float_domain", "string_domain"):
            found[name] = getattr(feature, kind)
    return found


def from_feature_spec(spec: FeatureSpec, domains: dict[str, Any] | None = None) -> Any:
    """A Schema, features sorted by name. `domains`: IntDomain, FloatDomain or StringDomain by name."""
    schema = schema_pb2().Schema()
    for name in sorted(spec):
        entry = spec[name]
        domain = (domains or {}).get(name)
        if isinstance(entry, tf.io.SparseFeature):
            _add_sparse(schema, name, entry, domain)
        elif isinstance(entry, tf.io.RaggedFeature):
            _add_ragged(schema, name, entry, domain)
        elif isinstance(entry, tf.io.FixedLenFeature):
            if entry.default_value is not None:
                raise ValueError(f'feature "{name}" has a default_value, which a schema made of a feature spec has no place for')
            feature = _add_feature(schema, name, entry.dtype, domain)
            feature.presence.min_fraction = 1.0
            feature.shape.SetInParent()
            for size in tf.TensorShape(entry.shape).as_list():
                feature.shape.dim.add(size=size)
        elif isinstance(entry, tf.io.VarLenFeature):
            _add_feature(schema, name, entry.dtype, domain)
        else:
            raise ValueError(f'feature "{name}": {type(entry).__name__} has no place in a schema made of a feature spec')
    return schema


def _add_feature(schema: Any, name: str, dtype: Any, domain: Any = None) -> Any:
    pb = schema_pb2()
    types = {tf.string: pb.BYTES, tf.int64: pb.INT, tf.float32: pb.FLOAT}
    feature = schema.feature.add(name=name)
    try:
        feature.type = types[tf.as_dtype(dtype)]
    except KeyError:
        raise ValueError(f'feature "{name}" is {dtype}; examples hold float32, int64 and string') from None
    if domain is not None:
        getattr(feature, {"IntDomain": "int_domain", "FloatDomain": "float_domain"}.get(
            type(domain).__name__, "string_domain")).CopyFrom(domain)  # fmt: skip
    return feature


def _add_sparse(schema: Any, name: str, entry: Any, domain: Any) -> None:
    keys = entry.index_key if isinstance(entry.index_key, (list, tuple)) else [entry.index_key]
    sizes = tf.TensorShape([None if s in (-1, None) else s for s in (
        entry.size if isinstance(entry.size, (list, tuple, tf.TensorShape)) else [entry.size])]).as_list()  # fmt: skip
    for key, size in zip(keys, sizes, strict=True):
        index = _add_feature(schema, key, tf.int64)
        if size is not None:
            index.int_domain.min, index.int_domain.max = 0, size - 1
    _add_feature(schema, entry.value_key, entry.dtype, domain)
    sparse = schema.sparse_feature.add(name=name)
    if entry.already_sorted:
        sparse.is_sorted = True
    for key in keys:
        sparse.index_feature.add(name=key)
    sparse.value_feature.name = entry.value_key


def _add_ragged(schema: Any, name: str, entry: Any, domain: Any) -> None:
    key = entry.value_key or name
    _add_feature(schema, key, entry.dtype, domain)
    ragged = schema.tensor_representation_group[""].tensor_representation[name].ragged_tensor
    ragged.feature_path.step.append(key)
    for partition in entry.partitions:
        if isinstance(partition, tf.io.RaggedFeature.UniformRowLength):
            ragged.partition.add(uniform_row_length=partition.length)
        elif isinstance(partition, tf.io.RaggedFeature.RowLengths):
            ragged.partition.add(row_length=partition.key)
            _add_feature(schema, partition.key, tf.int64)
        else:
            raise ValueError(f'feature "{name}": a RaggedFeature in a schema has UniformRowLength and RowLengths partitions only')
