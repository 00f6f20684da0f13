# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.portable.mlmd.execution_lib: what an execution took and made."""

from __future__ import annotations

from typing import Any

from ml_metadata.metadata_store.metadata_store import artifacts_of
from ml_metadata.proto import metadata_store_pb2
from tfxm.dsl import standard_artifacts
from tfxm.dsl.artifact import Artifact


def get_output_artifacts(metadata_handle: Any, execution_id: int) -> dict[str, list[Artifact]]:
    return _artifacts(metadata_handle, execution_id, (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.DECLARED_OUTPUT))


def get_input_artifacts(metadata_handle: Any, execution_id: int) -> dict[str, list[Artifact]]:
    return _artifacts(metadata_handle, execution_id, (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT))


def _artifacts(metadata_handle: Any, execution_id: int, event_types: tuple[int, ...]) -> dict[str, list[Artifact]]:
    found = artifacts_of(metadata_handle.store, execution_id, event_types)
    return {key: [_to_artifact(stored) for stored in artifacts] for key, artifacts in found.items()}


def _to_artifact(stored: Any) -> Artifact:
    """Of the class of its type; one of another type has what the store says and no more."""
    classes = {c.TYPE_NAME: c for c in vars(standard_artifacts).values() if isinstance(c, type) and issubclass(c, Artifact)}
    artifact = classes.get(stored.type) or type(stored.type, (Artifact,), {"TYPE_NAME": stored.type})
    out = artifact()
    out.id, out.name, out.uri = stored.id, stored.name, stored.uri
    for values, target in ((stored.properties, out.properties), (stored.custom_properties, out.custom_properties)):
        for name, value in values.items():
            target[name] = getattr(value, value.WhichOneof("value"))
    return out
