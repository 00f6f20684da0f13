# SPDX-License-Identifier: Apache-2.0
"""Statistics, schemas and anomalies as files."""

from __future__ import annotations

import os
import struct
from typing import Any

from google.protobuf import text_format
from google.protobuf.message import DecodeError
from tensorflow_data_validation.checks import anomalies_pb2, expect, expect_schema, expect_statistics, schema_pb2, statistics_pb2
from tensorflow_data_validation.types import FeaturePath


def _write_text(message: Any, output_path: str) -> None:
    with open(output_path, "w", encoding="utf-8") as f:
        f.write(text_format.MessageToString(message))


def _read_text(input_path: str, message: Any) -> Any:
    with open(input_path, encoding="utf-8") as f:
        return text_format.Parse(f.read(), message)


def write_schema_text(schema: Any, output_path: str) -> None:
    expect_schema(schema)
    _write_text(schema, output_path)


def load_schema_text(input_path: str) -> Any:
    return _read_text(input_path, schema_pb2.Schema())


def write_stats_text(stats: Any, output_path: str) -> None:
    expect_statistics("stats", stats)
    _write_text(stats, output_path)


def load_stats_text(input_path: str) -> Any:
    return _read_text(input_path, statistics_pb2.DatasetFeatureStatisticsList())


def load_stats_binary(input_path: str) -> Any:
    with open(input_path, "rb") as f:
        return statistics_pb2.DatasetFeatureStatisticsList.FromString(f.read())


def write_anomalies_text(anomalies: Any, output_path: str) -> None:
    expect("anomalies", anomalies, anomalies_pb2.Anomalies, "an")
    _write_text(anomalies, output_path)


def load_anomalies_text(input_path: str) -> Any:
    return _read_text(input_path, anomalies_pb2.Anomalies())


def _single_record(data: bytes) -> bytes | None:
    """Of a TFRecord file with one record."""
    if len(data) < 16:
        return None
    (length,) = struct.unpack("<Q", data[:8])
    return data[12 : 12 + length] if length + 16 == len(data) else None


def load_statistics(input_path: str) -> Any:
    """A TFRecord file with one record, text, or (as TFX's FeatureStats.pb is) the message itself."""
    if not os.path.exists(input_path):
        raise OSError(f"Invalid input path {input_path}.")
    with open(input_path, "rb") as f:
        data = f.read()
    record = _single_record(data)
    if record is not None:
        return statistics_pb2.DatasetFeatureStatisticsList.FromString(record)
    try:
        return load_stats_text(input_path)
    except (text_format.ParseError, UnicodeDecodeError) as no_text:
        try:
            return statistics_pb2.DatasetFeatureStatisticsList.FromString(data)
        except DecodeError:
            raise no_text from None


def get_feature_stats(stats: Any, feature_path: FeaturePath) -> Any:
    expect("statistics", stats, statistics_pb2.DatasetFeatureStatistics)
    for feature in stats.features:
        if feature_path == FeaturePath.from_proto(feature.path):
            return feature
    raise ValueError(f"Feature {feature_path} not found in the dataset statistics.")


def get_slice_stats(stats: Any, slice_key: str) -> Any:
    for dataset in stats.datasets:
        if dataset.name == slice_key:
            return statistics_pb2.DatasetFeatureStatisticsList(datasets=[dataset])
    raise ValueError("Invalid slice key.")
