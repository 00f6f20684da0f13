# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.experimental.node_execution_options.utils"""

from tfxm.dsl.node_execution_options import NodeExecutionOptions

__all__ = ["NodeExecutionOptions"]
