# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.placeholder.placeholder: the predicates of a Cond."""

from tfxm.dsl.conditional import logical_and, logical_not, logical_or  # noqa: F401
