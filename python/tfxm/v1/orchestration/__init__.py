# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.orchestration: what runs a pipeline."""

from tfxm.orchestration.runner import BeamDagRunner, LocalDagRunner
from tfxm.v1.orchestration import experimental, metadata

__all__ = ["BeamDagRunner", "LocalDagRunner", "experimental", "metadata"]
