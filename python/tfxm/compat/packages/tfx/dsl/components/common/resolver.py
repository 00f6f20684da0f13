# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.components.common.resolver."""

from tfxm.dsl.special_nodes import Resolver, ResolverStrategy  # noqa: F401
