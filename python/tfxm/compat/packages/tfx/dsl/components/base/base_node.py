# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.components.base.base_node."""

from tfxm.dsl.node import Node as BaseNode  # noqa: F401
