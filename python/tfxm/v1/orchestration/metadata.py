# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.orchestration.metadata: where it is written down what ran."""

from tfxm.dsl.pipeline import mysql_metadata_connection_config, sqlite_metadata_connection_config

__all__ = ["mysql_metadata_connection_config", "sqlite_metadata_connection_config"]
