# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.orchestration.experimental: Kubeflow, notebooks."""

from tfxm.orchestration.kubeflow import (
    KubeflowDagRunner,
    KubeflowDagRunnerConfig,
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
    get_default_kubeflow_metadata_config,
)

__all__ = [
    "KubeflowDagRunner", "KubeflowDagRunnerConfig", "KubeflowV2DagRunner", "KubeflowV2DagRunnerConfig", "get_default_kubeflow_metadata_config",
]  # fmt: skip
