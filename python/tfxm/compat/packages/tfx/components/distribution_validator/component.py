# SPDX-License-Identifier: Apache-2.0
"""tfx.components.distribution_validator.component."""

from tfxm.components import DistributionValidator  # noqa: F401
