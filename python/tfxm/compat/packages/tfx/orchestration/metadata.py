# SPDX-License-Identifier: Apache-2.0
"""tfx.orchestration.metadata."""

from tfxm.dsl.pipeline import mysql_metadata_connection_config, sqlite_metadata_connection_config  # noqa: F401
