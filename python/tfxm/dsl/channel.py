# SPDX-License-Identifier: Apache-2.0
"""Channel: what a node puts out and others take in.

    Channel(type=standard_artifacts.Model)                                   # For a Resolver: any node's, of any run.
    Channel(type=standard_artifacts.Model, producer_component_id="Trainer")  # ... that one node has made.
    trainer.outputs["model"]                                                 # What a node puts out in this run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from tfxm.dsl.artifact import Artifact, check_type
from tfxm.dsl.conditional import Future
from tfxm.dsl.parameters import checked, without_effect

if TYPE_CHECKING:
    from tfxm.dsl.node import Node


class Channel:
    """Artifacts of a type, maybe only those of one node, for a Resolver to choose from."""

    @checked
    def __init__(
        self,
        type: type[Artifact],  # noqa: A002
        additional_properties: dict[str, object] | None = None,
        additional_custom_properties: dict[str, object] | None = None,
        producer_component_id: str | None = None,
        output_key: str | None = None,
    ) -> None:
        self.type = check_type("Channel(type=…)", type)
        if additional_properties or additional_custom_properties:
            without_effect("Channel(additional_properties=…)", "the engine looks at the type and the producer")
        self.producer_component_id = producer_component_id
        self.output_key = output_key

    @property
    def type_name(self) -> str:
        return self.type.TYPE_NAME

    def future(self) -> Future:
        """What its artifacts are while the pipeline runs, for the predicates of a Cond."""
        return Future(self)


class OutputChannel(Channel):
    """What `producer` puts out under `output_key`, in the same run."""

    def __init__(self, type: type[Artifact], producer: Node, output_key: str) -> None:  # noqa: A002
        super().__init__(type=type, output_key=output_key)
        self.producer = producer
        self._artifacts: list[Artifact] = []

    def get(self) -> list[Artifact]:
        """What has been put out, where an InteractiveContext has run the producer; else nothing yet."""
        return list(self._artifacts)

    def set(self, artifacts: Iterable[Artifact]) -> None:
        self._artifacts = list(artifacts)

    def __repr__(self) -> str:
        return f"{self.producer.id}.outputs[{self.output_key!r}]"


class Outputs(dict[str, OutputChannel]):
    """A node's outputs: `node.outputs["examples"]`; a KeyError says which there are."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self._node = node

    def __missing__(self, key: str) -> NoReturn:
        raise KeyError(f'{self._node.id} has no output "{key}"; it has {", ".join(self)}')
