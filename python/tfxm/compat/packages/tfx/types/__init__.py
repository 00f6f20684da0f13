# SPDX-License-Identifier: Apache-2.0
"""tfx.types."""

from tfx.types import standard_artifacts, standard_component_specs
from tfxm.dsl.artifact import Artifact
from tfxm.dsl.channel import Channel
from tfxm.dsl.channel import Channel as BaseChannel
from tfxm.dsl.class_components import BaseComponent, ComponentSpec
from tfxm.dsl.node import Node as BaseNode

__all__ = ["Artifact", "BaseChannel", "BaseComponent", "BaseNode", "Channel", "ComponentSpec", "standard_artifacts", "standard_component_specs"]
