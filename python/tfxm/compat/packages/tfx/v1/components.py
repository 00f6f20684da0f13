# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.components: as tfx.components."""

from tfx.components import __getattr__  # noqa: F401
