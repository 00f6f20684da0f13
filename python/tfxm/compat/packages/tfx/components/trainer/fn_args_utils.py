# SPDX-License-Identifier: Apache-2.0
from tfxm.runtime.fn_args import DataAccessor, FnArgs

__all__ = ["DataAccessor", "FnArgs"]
