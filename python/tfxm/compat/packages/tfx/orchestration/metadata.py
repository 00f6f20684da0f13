# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.metadata."""

from __future__ import annotations

from typing import Any

from tfxm.dsl.pipeline import mysql_metadata_connection_config, sqlite_metadata_connection_config  # noqa: F401


class Metadata:
    """The store of a pipeline, to be read: `with Metadata(connection_config) as metadata: metadata.store.get_artifacts()`."""

    def __init__(self, connection_config: Any) -> None:
        self._config = connection_config
        self._store: Any = None

    def __enter__(self) -> Metadata:
        from ml_metadata.metadata_store import MetadataStore

        self._store = MetadataStore(self._config)
        return self

    def __exit__(self, *error: object) -> None:
        self._store.close()
        self._store = None

    @property
    def store(self) -> Any:
        if self._store is None:
            raise RuntimeError("Metadata is open in a with statement only: with Metadata(connection_config) as metadata: …")
        return self._store
