# SPDX-License-Identifier: Apache-2.0
"""TFX's standard artifact types."""

from __future__ import annotations

from tfxm.dsl.artifact import Artifact, Property, PropertyType

_SPAN = Property(type=PropertyType.INT)
_VERSION = Property(type=PropertyType.INT)
_SPLIT_NAMES = Property(type=PropertyType.STRING)


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


class String(Artifact):
    TYPE_NAME = "String"


class Bytes(Artifact):
    TYPE_NAME = "Bytes"


class Integer(Artifact):
    TYPE_NAME = "Integer"


class Float(Artifact):
    TYPE_NAME = "Float"


class Boolean(Artifact):
    TYPE_NAME = "Boolean"


class JsonValue(Artifact):
    TYPE_NAME = "JsonValue"
