# SPDX-License-Identifier: Apache-2.0
"""tf.data.Datasets of an Examples artifact: gzipped TFRecords of tf.Examples. What DataAccessor's factories are."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import tensorflow as tf

from tfxm.runtime import schema as schemas


class TensorFlowDatasetOptions(NamedTuple):
    """tfx_bsl's. The dataset is repeated for ever unless num_epochs says otherwise."""

    batch_size: int
    drop_final_batch: bool = False
    num_epochs: int | None = None
    shuffle: bool = True
    shuffle_buffer_size: int = 10000
    shuffle_seed: int | None = None
    prefetch_buffer_size: int | None = None
    reader_num_threads: int | None = None
    parser_num_threads: int | None = None
    sloppy_ordering: bool | None = None
    label_key: str | None = None


class RecordBatchesOptions(NamedTuple):
    """tfx_bsl's."""

    batch_size: int
    drop_final_batch: bool = False
    num_epochs: int | None = None
    label_key: str | None = None


def _files(file_pattern: Any) -> list[str]:
    patterns = [file_pattern] if isinstance(file_pattern, (str, bytes)) else list(file_pattern)
    files: list[str] = []
    for pattern in map(os.fsdecode, patterns):
        found = [pattern] if os.path.isfile(pattern) else sorted(filter(os.path.isfile, glob.glob(pattern)))
        if os.path.isdir(pattern):
            found = sorted(filter(os.path.isfile, glob.glob(os.path.join(glob.escape(pattern), "*"))))
        if not found:
            raise FileNotFoundError(f"no files match {pattern}")
        files += found
    return files


def _records(file_pattern: Any, options: Any) -> tf.data.Dataset:
    files = _files(file_pattern)
    compression = "GZIP" if files[0].endswith(".gz") else ""
    return tf.data.TFRecordDataset(files, compression_type=compression)


def parsing_spec(schema: Any) -> schemas.FeatureSpec:
    return schemas.as_feature_spec(schema)


def tf_dataset_factory(
    file_pattern: list[str], options: TensorFlowDatasetOptions, schema: Any | None = None
) -> tf.data.Dataset:
    """Batches of features by name; with options.label_key, pairs of them and the label."""
    if schema is None:
        raise ValueError("tf_dataset_factory needs a schema: tf_transform_output.transformed_metadata.schema, or fn_args.schema_path's")
    spec = parsing_spec(schema)
    label_key = options.label_key
    if label_key is not None and label_key not in spec:
        raise ValueError(f'label_key "{label_key}" is not a feature of the schema: {", ".join(sorted(spec))}')
    dataset = _records(file_pattern, options)
    if options.shuffle:
        dataset = dataset.shuffle(options.shuffle_buffer_size, options.shuffle_seed, reshuffle_each_iteration=True)
    dataset = dataset.repeat(options.num_epochs)
    dataset = dataset.batch(options.batch_size, drop_remainder=options.drop_final_batch)

    def parse(serialized: tf.Tensor) -> Any:
        features = tf.io.parse_example(serialized, spec)
        return features if label_key is None else (features, features.pop(label_key))

    dataset = dataset.map(parse, num_parallel_calls=options.parser_num_threads or tf.data.AUTOTUNE)
    return dataset.prefetch(options.prefetch_buffer_size or tf.data.AUTOTUNE)


def record_batch_factory(file_pattern: list[str], options: RecordBatchesOptions, schema: Any | None = None) -> Iterator[Any]:
    """pyarrow.RecordBatches, one list column a feature. ImportError unless pyarrow is installed."""
    import pyarrow as pa

    names: list[str] | None = None
    types: dict[str, Any] = {}
    if schema is not None:
        pb = schemas.schema_pb2()
        by_type = {pb.BYTES: pa.large_binary(), pb.INT: pa.int64(), pb.FLOAT: pa.float32()}
        types = {feature.name: by_type.get(feature.type) for feature in schema.feature}
        names = sorted(types)
    dataset = _records(file_pattern, options).repeat(options.num_epochs)
    for batch in dataset.batch(options.batch_size, drop_remainder=options.drop_final_batch):
        columns: dict[str, list[Any]] = {name: [] for name in names or []}
        for i, serialized in enumerate(batch.numpy()):
            features = tf.train.Example.FromString(serialized).features.feature
            for name in names if names is not None else sorted(set(columns) | set(features)):
                column = columns.setdefault(name, [None] * i)
                kind = features[name].WhichOneof("kind") if name in features else None
                column.append(list(getattr(features[name], kind).value) if kind else None)
        arrays = [pa.array(columns[n], pa.large_list(types[n]) if types.get(n) else None) for n in columns]
        yield pa.RecordBatch.from_arrays(arrays, list(columns))
