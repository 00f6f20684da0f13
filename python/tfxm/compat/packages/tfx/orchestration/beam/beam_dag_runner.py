# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.beam.beam_dag_runner."""

from tfxm.orchestration.runner import BeamDagRunner  # noqa: F401
