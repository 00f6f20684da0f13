# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.utils."""

from tfxm.v1.utils import parse_pbtxt_file  # noqa: F401
