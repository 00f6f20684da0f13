# SPDX-License-Identifier: Apache-2.0
"""ml_metadata: the store of a pipeline, read (metadata_store/metadata_store.py), and its messages."""

from ml_metadata import errors, proto  # noqa: F401
from ml_metadata.metadata_store import ListOptions, MetadataStore, OrderByField  # noqa: F401

__version__ = "1.15.0"  # Whose surface this is.
