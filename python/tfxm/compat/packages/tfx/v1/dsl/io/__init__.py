# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl.io."""

from tfx.dsl.io import fileio  # noqa: F401
