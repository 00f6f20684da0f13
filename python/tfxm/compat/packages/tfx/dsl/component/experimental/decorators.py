# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.component.experimental.decorators."""

from tfxm.dsl.function_components import component  # noqa: F401
