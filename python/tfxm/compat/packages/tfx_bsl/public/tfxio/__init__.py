# SPDX-License-Identifier: Apache-2.0
from tfxm import compat
from tfxm.runtime.datasets import RecordBatchesOptions, TensorFlowDatasetOptions

__all__ = ["RecordBatchesOptions", "TensorFlowDatasetOptions"]


def __getattr__(name: str):
    raise compat.missing(__name__, name, globals())
