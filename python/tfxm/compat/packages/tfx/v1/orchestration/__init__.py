# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.orchestration."""

from tfx.v1.orchestration import experimental, metadata  # noqa: F401
from tfxm.v1.orchestration import BeamDagRunner, LocalDagRunner  # noqa: F401
