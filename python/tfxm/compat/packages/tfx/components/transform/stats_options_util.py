# SPDX-License-Identifier: Apache-2.0
"""Which statistics a module's stats_options_updater_fn is asked about."""

import enum


class StatsType(enum.Enum):
    UNKNOWN = 0
    PRE_TRANSFORM = 1
    POST_TRANSFORM = 2
