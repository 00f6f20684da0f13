# SPDX-License-Identifier: Apache-2.0
from tfxm.runtime.datasets import RecordBatchesOptions, TensorFlowDatasetOptions

__all__ = ["RecordBatchesOptions", "TensorFlowDatasetOptions"]
