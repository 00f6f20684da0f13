# SPDX-License-Identifier: Apache-2.0
"""tfx.types.channel_utils: channels of artifacts, as component classes make them for their outputs."""

from collections.abc import Iterable

from tfxm.dsl.artifact import Artifact
from tfxm.dsl.channel import Channel


def as_channel(artifacts: Iterable[Artifact]) -> Channel:
    given = list(artifacts)
    if not given:
        raise ValueError("Cannot convert empty artifact iterable into Channel")
    if not all(isinstance(artifact, Artifact) for artifact in given):
        raise ValueError(f"Invalid artifact iterable: {given}")
    return Channel(type=type(given[0]))


def get_individual_channels(input_channel: Channel) -> list[Channel]:
    return [input_channel]
