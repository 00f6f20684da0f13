# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.components.base.base_component."""

from tfxm.dsl.class_components import BaseComponent  # noqa: F401
