# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner."""

from tfxm.orchestration.kubeflow import KubeflowV2DagRunner, KubeflowV2DagRunnerConfig  # noqa: F401
