# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl.placeholders: what joins the predicates of a Cond."""

from tfxm.dsl.conditional import logical_and, logical_not, logical_or

__all__ = ["logical_and", "logical_not", "logical_or"]
