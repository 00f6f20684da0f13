# SPDX-License-Identifier: Apache-2.0
"""tfx.components.example_diff.component."""

from tfxm.components import ExampleDiff  # noqa: F401
