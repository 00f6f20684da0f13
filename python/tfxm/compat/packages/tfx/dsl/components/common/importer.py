# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.components.common.importer."""

from tfxm.dsl.special_nodes import Importer  # noqa: F401
