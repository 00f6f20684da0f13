# SPDX-License-Identifier: Apache-2.0
"""tfx.v1.proto: the messages that components take."""

from __future__ import annotations

from tfxm import protos

_bulk_inferrer = protos.load("tfx/proto/bulk_inferrer.proto")
_distribution_validator = protos.load("tfx/proto/distribution_validator.proto")
_example_diff = protos.load("tfx/proto/example_diff.proto")
_example_gen = protos.load("tfx/proto/example_gen.proto")
_pusher = protos.load("tfx/proto/pusher.proto")
_range_config = protos.load("tfx/proto/range_config.proto")
_trainer = protos.load("tfx/proto/trainer.proto")
_transform = protos.load("tfx/proto/transform.proto")
_tuner = protos.load("tfx/proto/tuner.proto")

ModelSpec = _bulk_inferrer.ModelSpec
DataSpec = _bulk_inferrer.DataSpec
OutputExampleSpec = _bulk_inferrer.OutputExampleSpec
OutputColumnsSpec = _bulk_inferrer.OutputColumnsSpec
ClassifyOutput = _bulk_inferrer.ClassifyOutput
RegressOutput = _bulk_inferrer.RegressOutput
PredictOutput = _bulk_inferrer.PredictOutput
PredictOutputCol = _bulk_inferrer.PredictOutputCol

CustomConfig = _example_gen.CustomConfig
Input = _example_gen.Input
Output = _example_gen.Output
SplitConfig = _example_gen.SplitConfig
PayloadFormat = _example_gen.PayloadFormat

PushDestination = _pusher.PushDestination
Versioning = _pusher.Versioning
Filesystem = _pusher.PushDestination.Filesystem

RangeConfig = _range_config.RangeConfig
RollingRange = _range_config.RollingRange
StaticRange = _range_config.StaticRange

TrainArgs = _trainer.TrainArgs
EvalArgs = _trainer.EvalArgs
SplitsConfig = _transform.SplitsConfig
TuneArgs = _tuner.TuneArgs
ExampleDiffConfig = _example_diff.ExampleDiffConfig
PairedExampleSkew = _example_diff.PairedExampleSkew
DistributionValidatorConfig = _distribution_validator.DistributionValidatorConfig
FeatureComparator = _distribution_validator.FeatureComparator
