# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.experimental.interactive.visualizations: how a notebook shows an artifact, by its type."""

from __future__ import annotations

from typing import Any

from tfxm.library import artifacts
from tfxm.orchestration.interactive import display


class ArtifactVisualization:
    """Shows what InteractiveContext.show shows; a subclass with an ARTIFACT_TYPE, once registered, shows its own."""

    ARTIFACT_TYPE: Any = None

    def display(self, artifact: Any) -> None:
        for part, content in artifacts.contents(artifact):
            if part:
                display(artifacts.Heading(part))
            display(content)


class ArtifactVisualizationRegistry:
    def __init__(self) -> None:
        self._of_type: dict[str, ArtifactVisualization] = {}

    def register(self, visualization_class: type[ArtifactVisualization]) -> None:
        self._of_type[visualization_class.ARTIFACT_TYPE.TYPE_NAME] = visualization_class()

    def get_visualization(self, artifact_type_name: str) -> ArtifactVisualization:
        return self._of_type.get(artifact_type_name) or ArtifactVisualization()


_registry = ArtifactVisualizationRegistry()


def get_registry() -> ArtifactVisualizationRegistry:
    return _registry
