# SPDX-License-Identifier: Apache-2.0
"""The TypeErrors of TFDV."""

from __future__ import annotations

from typing import Any

from tfxm import protos

statistics_pb2 = protos.load("tensorflow_metadata/proto/v0/statistics.proto")
schema_pb2 = protos.load("tensorflow_metadata/proto/v0/schema.proto")
anomalies_pb2 = protos.load("tensorflow_metadata/proto/v0/anomalies.proto")


def expect(name: str, value: Any, message: Any, article: str = "a") -> None:
    if getattr(type(value), "DESCRIPTOR", None) is not message.DESCRIPTOR:
        raise TypeError(f"{name} is of type {type(value).__name__}, should be {article} {message.DESCRIPTOR.name} proto.")


def expect_statistics(name: str, value: Any) -> None:
    expect(name, value, statistics_pb2.DatasetFeatureStatisticsList)


def expect_schema(value: Any) -> None:
    expect("schema", value, schema_pb2.Schema)
