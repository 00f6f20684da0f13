# SPDX-License-Identifier: Apache-2.0
"""tfx.types.component_spec."""

from tfxm.dsl.class_components import ChannelParameter, ComponentSpec, ExecutionParameter  # noqa: F401
