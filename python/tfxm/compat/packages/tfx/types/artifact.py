# SPDX-License-Identifier: Apache-2.0
"""tfx.types.artifact."""

from tfxm.dsl.artifact import Artifact, Property, PropertyType  # noqa: F401
