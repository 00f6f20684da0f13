# SPDX-License-Identifier: Apache-2.0
"""Types of artifacts. A pipeline file names classes; instances exist only in an executor.

    class Tokenizer(Artifact):
        TYPE_NAME = "Tokenizer"
        PROPERTIES = {"vocabulary_size": Property(type=PropertyType.INT)}
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class PropertyType(enum.Enum):
    """ML Metadata's names of what a property holds."""

    INT = "INT"
    FLOAT = "DOUBLE"
    STRING = "STRING"


class Property:
    """A property that artifacts of a type may have; all others are custom properties."""

    def __init__(self, type: PropertyType) -> None:
        self.type = type


class Artifact:
    """The base of all artifact types."""

    TYPE_NAME: str = ""
    # ML Metadata's kind of artifact: "DATASET", "MODEL", "METRICS", "STATISTICS", or nothing.
    TYPE_ANNOTATION: str | None = None
    PROPERTIES: Mapping[str, Property] = {}


def check_type(where: str, artifact_type: object) -> type[Artifact]:
    """TypeError unless it is a class of artifacts with a name."""
    if not (isinstance(artifact_type, type) and issubclass(artifact_type, Artifact) and artifact_type.TYPE_NAME):
        raise TypeError(f"{where}: expected a class of artifacts such as standard_artifacts.Model, got {artifact_type!r}")
    return artifact_type
