# SPDX-License-Identifier: Apache-2.0
"""tfx.types.channel."""

from tfxm.dsl.channel import Channel, OutputChannel  # noqa: F401
from tfxm.dsl.channel import Channel as BaseChannel  # noqa: F401
