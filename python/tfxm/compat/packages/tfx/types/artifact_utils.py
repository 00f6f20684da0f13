# SPDX-License-Identifier: Apache-2.0
"""tfx.types.artifact_utils: what executors ask of their artifacts."""

import json
import os
from typing import Any


def get_single_instance(artifact_list: list[Any]) -> Any:
    if len(artifact_list) != 1:
        raise ValueError(f"expected list length of one but got {len(artifact_list)}")
    return artifact_list[0]


def get_single_uri(artifact_list: list[Any]) -> str:
    return get_single_instance(artifact_list).uri


def decode_split_names(split_names: str) -> list[str]:
    return json.loads(split_names) if split_names else []


def encode_split_names(splits: list[str]) -> str:
    return json.dumps(splits)


def get_split_uris(artifact_list: list[Any], split: str) -> list[str]:
    for artifact in artifact_list:
        if split not in decode_split_names(artifact.split_names):
            raise ValueError(f"there is no split {split} in {artifact.uri}")
    return [os.path.join(artifact.uri, f"Split-{split}") for artifact in artifact_list]


def get_split_uri(artifact_list: list[Any], split: str) -> str:
    uris = get_split_uris(artifact_list, split)
    if len(uris) != 1:
        raise ValueError(f"expected exactly one artifact with split {split}, got {len(uris)}")
    return uris[0]
