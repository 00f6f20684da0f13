# SPDX-License-Identifier: Apache-2.0
"""ml_metadata.metadata_store."""

from ml_metadata.metadata_store.metadata_store import ListOptions, MetadataStore, OrderByField  # noqa: F401
