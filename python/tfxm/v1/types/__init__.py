# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.types."""

from tfxm.v1.types import standard_artifacts
from tfxm.dsl.channel import Channel as BaseChannel
from tfxm.dsl.class_components import BaseComponent
from tfxm.dsl.node import Node as BaseNode

__all__ = ["BaseChannel", "BaseComponent", "BaseNode", "standard_artifacts"]
