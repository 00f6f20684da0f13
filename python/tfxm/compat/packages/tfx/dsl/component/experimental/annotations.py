# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.component.experimental.annotations."""

from tfxm.dsl.function_components import BeamComponentParameter, InputArtifact, OutputArtifact, OutputDict, Parameter  # noqa: F401
