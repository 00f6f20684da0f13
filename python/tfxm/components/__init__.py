# SPDX-License-Identifier: Apache-2.0
"""The components of a pipeline, with TFX's names and parameters; docs/components/ has a page for each.

What a component can do is the engine's: one that the engine does not have is an error when the pipeline is run, before
anything starts.
"""

from tfxm.components.data import (
    CsvExampleGen,
    DistributionValidator,
    ExampleDiff,
    ExampleValidator,
    ImageExampleGen,
    ImportExampleGen,
    ImportSchemaGen,
    JsonlExampleGen,
    ParquetExampleGen,
    SchemaGen,
    StatisticsGen,
)
from tfxm.components.model import BulkInferrer, Evaluator, ModelRewriter, Pusher
from tfxm.components.train import Trainer, Transform, Tuner

__all__ = [
    "BulkInferrer",
    "CsvExampleGen",
    "DistributionValidator",
    "Evaluator",
    "ExampleDiff",
    "ExampleValidator",
    "ImageExampleGen",
    "ImportExampleGen",
    "ImportSchemaGen",
    "JsonlExampleGen",
    "ModelRewriter",
    "ParquetExampleGen",
    "Pusher",
    "SchemaGen",
    "StatisticsGen",
    "Trainer",
    "Transform",
    "Tuner",
]
