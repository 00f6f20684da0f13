# SPDX-License-Identifier: Apache-2.0
"""Types of artifacts, and the artifacts. A pipeline file names classes; instances exist only where an executor in Python
or a @component runs.

    class Tokenizer(Artifact):
        TYPE_NAME = "Tokenizer"
        PROPERTIES = {"vocabulary_size": Property(type=PropertyType.INT)}

    tokenizer.vocabulary_size = 1000                        # In an executor that makes one.
    tokenizer.set_string_custom_property("language", "ja")
"""

from __future__ import annotations

import abc
import enum
import os
from collections.abc import Mapping
from typing import Any


class PropertyType(enum.Enum):
    """ML Metadata's names of what a property holds."""

    INT = "INT"
    FLOAT = "DOUBLE"
    STRING = "STRING"


class Property:
    """A property that artifacts of a type may have; all others are custom properties."""

    def __init__(self, type: PropertyType) -> None:
        self.type = type


_EMPTY: dict[PropertyType, Any] = {PropertyType.INT: 0, PropertyType.FLOAT: 0.0, PropertyType.STRING: ""}


class Artifact:
    """The base of all artifact types. Those of a type's properties that are not set are 0 or empty."""

    TYPE_NAME: str = ""
    # ML Metadata's kind of artifact: "DATASET", "MODEL", "METRICS", "STATISTICS", or nothing.
    TYPE_ANNOTATION: str | None = None
    PROPERTIES: Mapping[str, Property] = {}

    def __init__(self) -> None:
        self.id, self.name, self.uri = 0, "", ""
        self.properties: dict[str, int | float | str] = {}
        self.custom_properties: dict[str, int | float | str] = {}

    @property
    def type_name(self) -> str:
        return self.TYPE_NAME

    def __getattr__(self, name: str) -> Any:
        declared = type(self).PROPERTIES.get(name)
        if declared is None:
            raise AttributeError(f"{type(self).__name__} has no property {name}")
        return self.properties.get(name, _EMPTY[declared.type])

    def __setattr__(self, name: str, value: Any) -> None:
        if name in type(self).PROPERTIES:
            self.properties[name] = value
        else:
            object.__setattr__(self, name, value)

    def has_custom_property(self, key: str) -> bool:
        return key in self.custom_properties

    def set_string_custom_property(self, key: str, value: str) -> None:
        self.custom_properties[key] = value

    def set_int_custom_property(self, key: str, value: int) -> None:
        self.custom_properties[key] = int(value)

    def set_float_custom_property(self, key: str, value: float) -> None:
        self.custom_properties[key] = float(value)

    def get_string_custom_property(self, key: str) -> str:
        return str(self.custom_properties.get(key, ""))

    def get_int_custom_property(self, key: str) -> int:
        return int(self.custom_properties.get(key, 0))

    def get_float_custom_property(self, key: str) -> float:
        return float(self.custom_properties.get(key, 0.0))

    def get_custom_property(self, key: str) -> int | float | str | None:
        return self.custom_properties.get(key)


class ValueArtifact(Artifact):
    """A value in a file: that of its uri, or `value` below it."""

    _IS_NULL = "__is_null__"

    @abc.abstractmethod
    def encode(self, value: Any) -> bytes:
        """TypeError if the value is of another type."""

    @abc.abstractmethod
    def decode(self, serialized_value: bytes) -> Any: ...

    def _path(self) -> str:
        return os.path.join(self.uri, "value") if os.path.isdir(self.uri) else self.uri

    def read(self) -> Any:
        if self.get_int_custom_property(self._IS_NULL):
            return None
        with open(self._path(), "rb") as f:
            return self.decode(f.read())

    def write(self, value: Any) -> None:
        self.set_int_custom_property(self._IS_NULL, int(value is None))
        serialized = b"" if value is None else self.encode(value)
        with open(self._path(), "wb") as f:
            f.write(serialized)

    @property
    def value(self) -> Any:
        return self.read()

    @value.setter
    def value(self, value: Any) -> None:
        self.write(value)


def check_type(where: str, artifact_type: object) -> type[Artifact]:
    """TypeError unless it is a class of artifacts with a name."""
    if not (isinstance(artifact_type, type) and issubclass(artifact_type, Artifact) and artifact_type.TYPE_NAME):
        raise TypeError(f"{where}: expected a class of artifacts such as standard_artifacts.Model, got {artifact_type!r}")
    return artifact_type
