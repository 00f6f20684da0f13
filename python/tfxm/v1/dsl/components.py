# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.dsl.components: @component and its annotations."""

from tfxm.dsl.function_components import BeamComponentParameter, InputArtifact, OutputArtifact, OutputDict, Parameter, component

__all__ = ["BeamComponentParameter", "InputArtifact", "OutputArtifact", "OutputDict", "Parameter", "component"]
