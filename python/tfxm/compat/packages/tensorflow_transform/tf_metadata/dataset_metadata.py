# SPDX-License-Identifier: Apache-2.0
from tfxm.runtime.tf_transform_output import DatasetMetadata

__all__ = ["DatasetMetadata"]
