# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any, NamedTuple

from tfxm.runtime import schema as schemas


class SchemaAsFeatureSpecResult(NamedTuple):
    feature_spec: dict[str, Any]
    domains: dict[str, Any]


def schema_as_feature_spec(schema_proto: Any) -> SchemaAsFeatureSpecResult:
    return SchemaAsFeatureSpecResult(schemas.as_feature_spec(schema_proto), schemas.domains(schema_proto))


def schema_from_feature_spec(feature_spec: dict[str, Any], domains: dict[str, Any] | None = None) -> Any:
    return schemas.from_feature_spec(feature_spec, domains)
