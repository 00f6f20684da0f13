# SPDX-License-Identifier: Apache-2.0
"""tfx.types."""

from tfx.types import standard_artifacts
from tfxm.dsl.artifact import Artifact
from tfxm.dsl.channel import Channel
from tfxm.dsl.channel import Channel as BaseChannel

__all__ = ["Artifact", "BaseChannel", "Channel", "standard_artifacts"]
