# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.data_types."""

from tfxm.dsl.parameters import RuntimeParameter  # noqa: F401
