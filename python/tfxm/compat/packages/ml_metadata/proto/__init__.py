# SPDX-License-Identifier: Apache-2.0
"""ml_metadata.proto: the messages, as `ml_metadata.proto.Event` and in `metadata_store_pb2`."""

from typing import Any

from ml_metadata.proto import metadata_store_pb2


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return getattr(metadata_store_pb2, name)
