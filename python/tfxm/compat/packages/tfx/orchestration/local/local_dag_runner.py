# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.local.local_dag_runner."""

from tfxm.orchestration.runner import LocalDagRunner  # noqa: F401
