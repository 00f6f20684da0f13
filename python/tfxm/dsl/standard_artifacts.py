# SPDX-License-Identifier: Apache-2.0
"""TFX's standard artifact types."""

from __future__ import annotations

import json
import math
from typing import Any

from tfxm.dsl.artifact import Artifact, Property, PropertyType, ValueArtifact

_SPAN = Property(type=PropertyType.INT)
_VERSION = Property(type=PropertyType.INT)
_SPLIT_NAMES = Property(type=PropertyType.STRING)


def _checked(value: Any, expected: type) -> Any:
    if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
        raise TypeError(f"expected a value of type {expected.__name__}, got {value!r} of type {type(value).__name__}")
    return value


class Examples(Artifact):
    TYPE_NAME = "Examples"
    TYPE_ANNOTATION = "DATASET"
    PROPERTIES = {"span": _SPAN, "version": _VERSION, "split_names": _SPLIT_NAMES}


class ExampleStatistics(Artifact):
    TYPE_NAME = "ExampleStatistics"
    TYPE_ANNOTATION = "STATISTICS"
    PROPERTIES = {"span": _SPAN, "split_names": _SPLIT_NAMES}


class ExampleAnomalies(Artifact):
    TYPE_NAME = "ExampleAnomalies"
    PROPERTIES = {"span": _SPAN, "split_names": _SPLIT_NAMES}


class ExamplesDiff(Artifact):
    TYPE_NAME = "ExamplesDiff"


class Schema(Artifact):
    TYPE_NAME = "Schema"


class TransformGraph(Artifact):
    TYPE_NAME = "TransformGraph"


class TransformCache(Artifact):
    TYPE_NAME = "TransformCache"


class Model(Artifact):
    TYPE_NAME = "Model"
    TYPE_ANNOTATION = "MODEL"


class ModelRun(Artifact):
    TYPE_NAME = "ModelRun"


class ModelEvaluation(Artifact):
    TYPE_NAME = "ModelEvaluation"


class ModelBlessing(Artifact):
    TYPE_NAME = "ModelBlessing"


class InfraBlessing(Artifact):
    TYPE_NAME = "InfraBlessing"


class PushedModel(Artifact):
    TYPE_NAME = "PushedModel"
    TYPE_ANNOTATION = "MODEL"


class InferenceResult(Artifact):
    TYPE_NAME = "InferenceResult"


class HyperParameters(Artifact):
    TYPE_NAME = "HyperParameters"


class TunerResults(Artifact):
    TYPE_NAME = "TunerResults"


class String(ValueArtifact):
    TYPE_NAME = "String"

    def encode(self, value: Any) -> bytes:
        return _checked(value, str).encode()

    def decode(self, serialized_value: bytes) -> str:
        return serialized_value.decode()


class Bytes(ValueArtifact):
    TYPE_NAME = "Bytes"

    def encode(self, value: Any) -> bytes:
        return _checked(value, bytes)

    def decode(self, serialized_value: bytes) -> bytes:
        return serialized_value


class Integer(ValueArtifact):
    TYPE_NAME = "Integer"

    def encode(self, value: Any) -> bytes:
        return str(_checked(value, int)).encode()

    def decode(self, serialized_value: bytes) -> int:
        return int(serialized_value)


class Float(ValueArtifact):
    """NaN and infinities are spelled as TFX spells them."""

    TYPE_NAME = "Float"
    _SPECIAL = {math.inf: b"Infinity", -math.inf: b"-Infinity"}

    def encode(self, value: Any) -> bytes:
        value = _checked(value, float)
        return b"NaN" if math.isnan(value) else self._SPECIAL.get(value, str(value).encode())

    def decode(self, serialized_value: bytes) -> float:
        return float(serialized_value)


class Boolean(ValueArtifact):
    TYPE_NAME = "Boolean"

    def encode(self, value: Any) -> bytes:
        return b"1" if _checked(value, bool) else b"0"

    def decode(self, serialized_value: bytes) -> bool:
        return int(serialized_value) != 0


class JsonValue(ValueArtifact):
    TYPE_NAME = "JsonValue"

    def encode(self, value: Any) -> bytes:
        return json.dumps(value, sort_keys=True).encode()

    def decode(self, serialized_value: bytes) -> Any:
        return json.loads(serialized_value)
