# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.kubeflow.kubeflow_dag_runner."""

from tfxm.orchestration.kubeflow import KubeflowDagRunner, KubeflowDagRunnerConfig, get_default_kubeflow_metadata_config  # noqa: F401
