# SPDX-License-Identifier: Apache-2.0
"""From files to examples, statistics, a schema and its anomalies."""

from __future__ import annotations

import json

from google.protobuf.message import Message

from tfxm import protos
from tfxm.dsl import standard_artifacts as artifacts
from tfxm.dsl.channel import Channel
from tfxm.dsl.node import Node
from tfxm.dsl.parameters import RuntimeParameter, message_json, to_json

_Config = Message | dict[str, object] | str | RuntimeParameter | None

_example_gen = protos.load("tfx/proto/example_gen.proto")
_range_config = protos.load("tfx/proto/range_config.proto")
_distribution_validator = protos.load("tfx/proto/distribution_validator.proto")
_example_diff = protos.load("tfx/proto/example_diff.proto")


class _FileBasedExampleGen(Node):
    """Outputs: examples."""

    BEAM = True
    DRIVER = "tfx.components.example_gen.driver.FileBasedDriver"

    def _configure(
        self,
        input_base: str | RuntimeParameter | None,
        input_config: _Config,
        output_config: _Config,
        range_config: _Config,
        custom_config: _Config,
        payload_format: int,
        allow_empty_splits: bool,
    ) -> None:
        name = type(self).__name__
        if input_base is None:
            raise TypeError(f"{name}(input_base=…) is missing: the folder of the data")
        single_split = input_config is None or (isinstance(input_config, Message) and len(input_config.splits) < 2)  # type: ignore[attr-defined]
        if input_config is None:
            input_config = _example_gen.Input(splits=[_example_gen.Input.Split(name="single_split", pattern="*")])
        if output_config is None:
            splits = [_example_gen.SplitConfig.Split(name=n, hash_buckets=b) for n, b in (("train", 2), ("eval", 1))]
            output_config = _example_gen.Output(split_config={"splits": splits} if single_split else None)
        self._set(
            input_base=input_base,
            input_config=message_json(f"{name}(input_config=…)", input_config, _example_gen.Input),
            output_config=message_json(f"{name}(output_config=…)", output_config, _example_gen.Output),
            output_data_format=payload_format,
            output_file_format=_example_gen.FORMAT_TFRECORDS_GZIP,
        )
        if range_config is not None:
            self._set(range_config=message_json(f"{name}(range_config=…)", range_config, _range_config.RangeConfig))
        if custom_config is not None:
            self._set(custom_config=message_json(f"{name}(custom_config=…)", custom_config, _example_gen.CustomConfig))
        if allow_empty_splits:
            self._set(allow_empty_splits=1)
        self._put("examples", artifacts.Examples)


class ImportExampleGen(_FileBasedExampleGen):
    """Reads TFRecord files of tf.Examples, or with FORMAT_TF_SEQUENCE_EXAMPLE of tf.SequenceExamples. Outputs: examples.

    By default all files below input_base are one split, of which two thirds become train and a third eval.
    `allow_empty_splits` is the engine's own: without it a split without an example is an error.
    """

    TYPE = "tfx.components.example_gen.import_example_gen.component.ImportExampleGen"
    EXECUTOR = "tfx.components.example_gen.import_example_gen.executor.Executor"

    def __init__(
        self,
        input_base: str | RuntimeParameter | None = None,
        input_config: _Config = None,
        output_config: _Config = None,
        range_config: _Config = None,
        payload_format: int = _example_gen.FORMAT_TF_EXAMPLE,
        *,
        allow_empty_splits: bool = False,
    ) -> None:
        super().__init__()
        if payload_format not in (_example_gen.FORMAT_TF_EXAMPLE, _example_gen.FORMAT_TF_SEQUENCE_EXAMPLE):
            raise NotImplementedError(
                "ImportExampleGen(payload_format=…): the engine reads FORMAT_TF_EXAMPLE and FORMAT_TF_SEQUENCE_EXAMPLE"
            )
        self._configure(input_base, input_config, output_config, range_config, None, payload_format, allow_empty_splits)


class CsvExampleGen(_FileBasedExampleGen):
    """Reads CSV files with a line of names; a feature of each column. Outputs: examples.

    The engine's own, beyond TFX's: `delimiter`, one character or "tab"; `encoding`; `bad_rows`, "error", "skip" or
    "keep"; `schema_file`, whose types are taken.
    """

    TYPE = "tfx.components.example_gen.csv_example_gen.component.CsvExampleGen"
    EXECUTOR = "tfx.components.example_gen.csv_example_gen.executor.Executor"

    def __init__(
        self,
        input_base: str | RuntimeParameter | None = None,
        input_config: _Config = None,
        output_config: _Config = None,
        range_config: _Config = None,
        *,
        custom_config: _Config = None,
        allow_empty_splits: bool = False,
        delimiter: str | None = None,
        encoding: str | None = None,
        bad_rows: str | None = None,
        schema_file: str | None = None,
    ) -> None:
        super().__init__()
        self._configure(
            input_base, input_config, output_config, range_config, custom_config, _example_gen.FORMAT_TF_EXAMPLE, allow_empty_splits
        )
        self._set(delimiter=delimiter, encoding=encoding, bad_rows=bad_rows, schema_file=schema_file)


class ParquetExampleGen(_FileBasedExampleGen):
    """Reads Parquet files; a feature of each column, or only of `columns`. Outputs: examples."""

    TYPE = "tfx.components.example_gen.component.FileBasedExampleGen"
    EXECUTOR = "tfx.components.example_gen.custom_executors.parquet_executor.Executor"

    def __init__(
        self,
        input_base: str | RuntimeParameter | None = None,
        input_config: _Config = None,
        output_config: _Config = None,
        range_config: _Config = None,
        *,
        columns: list[str] | None = None,
        allow_empty_splits: bool = False,
    ) -> None:
        super().__init__()
        self._configure(
            input_base, input_config, output_config, range_config, None, _example_gen.FORMAT_TF_EXAMPLE, allow_empty_splits
        )
        self._set(columns=",".join(columns) if columns else None)


class JsonlExampleGen(_FileBasedExampleGen):
    """The engine's own: reads files with a JSON object on each line. Outputs: examples."""

    TYPE = "tfxm.components.example_gen.jsonl_example_gen.component.JsonlExampleGen"
    EXECUTOR = "tfxm.components.example_gen.jsonl_example_gen.executor.Executor"

    def __init__(
        self,
        input_base: str | RuntimeParameter | None = None,
        input_config: _Config = None,
        output_config: _Config = None,
        range_config: _Config = None,
        *,
        allow_empty_splits: bool = False,
    ) -> None:
        super().__init__()
        self._configure(
            input_base, input_config, output_config, range_config, None, _example_gen.FORMAT_TF_EXAMPLE, allow_empty_splits
        )


class ImageExampleGen(_FileBasedExampleGen):
    """The engine's own: reads PNG and JPEG files, CLASS/FILE or as `labels_file` says. Outputs: examples."""

    TYPE = "tfxm.components.example_gen.image_example_gen.component.ImageExampleGen"
    EXECUTOR = "tfxm.components.example_gen.image_example_gen.executor.Executor"

    def __init__(
        self,
        input_base: str | RuntimeParameter | None = None,
        input_config: _Config = None,
        output_config: _Config = None,
        range_config: _Config = None,
        *,
        labels_file: str | None = None,
        allow_empty_splits: bool = False,
    ) -> None:
        super().__init__()
        if input_config is None and labels_file is None:
            input_config = _example_gen.Input(splits=[_example_gen.Input.Split(name="single_split", pattern="*/*")])
        self._configure(
            input_base, input_config, output_config, range_config, None, _example_gen.FORMAT_TF_EXAMPLE, allow_empty_splits
        )
        self._set(labels_file=labels_file)


class StatisticsGen(Node):
    """Statistics over the examples of each split. Outputs: statistics."""

    TYPE = "tfx.components.statistics_gen.component.StatisticsGen"
    BASE_TYPE = "PROCESS"
    EXECUTOR = "tfx.components.statistics_gen.executor.Executor"
    BEAM = True

    def __init__(
        self,
        examples: Channel | None = None,
        schema: Channel | None = None,
        stats_options: object | None = None,
        exclude_splits: list[str] | None = None,
    ) -> None:
        super().__init__()
        self._take("examples", examples, artifacts.Examples)
        self._take("schema", schema, artifacts.Schema, optional=True)
        if stats_options is not None:
            # A tfdv.StatsOptions, or a dict of its constructor's names.
            to_stats_json = getattr(stats_options, "to_json", None)
            self._set(stats_options_json=to_stats_json() if to_stats_json else json.dumps(stats_options, sort_keys=True))
        self._set(exclude_splits=to_json(exclude_splits or []))
        self._put("statistics", artifacts.ExampleStatistics)


class SchemaGen(Node):
    """Infers a schema from statistics. Outputs: schema."""

    TYPE = "tfx.components.schema_gen.component.SchemaGen"
    BASE_TYPE = "PROCESS"
    EXECUTOR = "tfx.components.schema_gen.executor.Executor"

    def __init__(
        self,
        statistics: Channel | None = None,
        infer_feature_shape: bool | RuntimeParameter | None = True,
        exclude_splits: list[str] | None = None,
    ) -> None:
        super().__init__()
        self._take("statistics", statistics, artifacts.ExampleStatistics)
        self._set(
            infer_feature_shape=int(infer_feature_shape) if isinstance(infer_feature_shape, bool) else infer_feature_shape,
            exclude_splits=to_json(exclude_splits or []),
        )
        self._put("schema", artifacts.Schema)


class ImportSchemaGen(Node):
    """Takes a schema that someone has curated. Outputs: schema."""

    TYPE = "tfx.components.schema_gen.import_schema_gen.component.ImportSchemaGen"
    EXECUTOR = "tfx.components.schema_gen.import_schema_gen.executor.Executor"

    def __init__(self, schema_file: str | RuntimeParameter | None = None) -> None:
        super().__init__()
        if not schema_file:
            raise TypeError("ImportSchemaGen(schema_file=…) is missing: the path of a schema.pbtxt")
        self._set(schema_file=schema_file)
        self._put("schema", artifacts.Schema)


class ExampleValidator(Node):
    """Looks for anomalies. Outputs: anomalies.

    The engine's own, beyond TFX's: what the schema's comparators compare with, `previous_span_statistics`,
    `previous_version_statistics` and `serving_statistics`; and `validation_options`, a dict with the names of
    tfdv.ValidationOptions: {"environment": "TRAINING", "severity_overrides": {"SCHEMA_NEW_COLUMN": "WARNING"}}.
    """

    TYPE = "tfx.components.example_validator.component.ExampleValidator"
    EXECUTOR = "tfx.components.example_validator.executor.Executor"

    def __init__(
        self,
        statistics: Channel | None = None,
        schema: Channel | None = None,
        exclude_splits: list[str] | None = None,
        custom_validation_config: object | None = None,
        *,
        previous_span_statistics: Channel | None = None,
        previous_version_statistics: Channel | None = None,
        serving_statistics: Channel | None = None,
        validation_options: dict[str, object] | None = None,
    ) -> None:
        super().__init__()
        if custom_validation_config is not None:
            raise NotImplementedError("ExampleValidator(custom_validation_config=…): the engine does not take one yet")
        self._take("statistics", statistics, artifacts.ExampleStatistics)
        self._take("schema", schema, artifacts.Schema)
        self._take("previous_span_statistics", previous_span_statistics, artifacts.ExampleStatistics, optional=True)
        self._take("previous_version_statistics", previous_version_statistics, artifacts.ExampleStatistics, optional=True)
        self._take("serving_statistics", serving_statistics, artifacts.ExampleStatistics, optional=True)
        if validation_options is not None:
            self._set(validation_options_json=json.dumps(validation_options, sort_keys=True))
        self._set(exclude_splits=to_json(exclude_splits or []))
        self._put("anomalies", artifacts.ExampleAnomalies)


class DistributionValidator(Node):
    """Looks for a shift between the data that two statistics are of. Outputs: anomalies.

    `config` is a tfx.proto.DistributionValidatorConfig; `include_split_pairs` are pairs of splits, of statistics and of
    baseline_statistics, by default those of one name.
    """

    TYPE = "tfx.components.distribution_validator.component.DistributionValidator"
    BASE_TYPE = "PROCESS"
    EXECUTOR = "tfx.components.distribution_validator.executor.Executor"

    def __init__(
        self,
        statistics: Channel | None = None,
        baseline_statistics: Channel | None = None,
        config: _Config = None,
        include_split_pairs: list[tuple[str, str]] | None = None,
        custom_validation_config: object | None = None,
    ) -> None:
        super().__init__()
        if config is None:
            raise TypeError("DistributionValidator(config=…) is missing: a DistributionValidatorConfig, with the features to compare")
        if custom_validation_config is not None:
            raise NotImplementedError("DistributionValidator(custom_validation_config=…): the engine has no validations by SQL")
        self._take("statistics", statistics, artifacts.ExampleStatistics)
        # It must be given, but may have no artifact.
        self._take(
            "baseline_statistics", baseline_statistics, artifacts.ExampleStatistics, optional=baseline_statistics is not None
        )
        self._set(
            distribution_validator_config=message_json(
                "DistributionValidator(config=…)", config, _distribution_validator.DistributionValidatorConfig
            ),
            include_split_pairs=to_json(include_split_pairs),
        )
        self._put("anomalies", artifacts.ExampleAnomalies)


class ExampleDiff(Node):
    """Pairs the examples of two data sets and counts how their features differ. Outputs: example_diff_result.

    `config` is a tfx.proto.ExampleDiffConfig; `include_split_pairs` are pairs of splits, of examples_test and of
    examples_base, by default all.
    """

    TYPE = "tfx.components.example_diff.component.ExampleDiff"
    BASE_TYPE = "PROCESS"
    EXECUTOR = "tfx.components.example_diff.executor.Executor"
    BEAM = True

    def __init__(
        self,
        examples_test: Channel | None = None,
        examples_base: Channel | None = None,
        config: _Config = None,
        include_split_pairs: list[tuple[str, str]] | None = None,
    ) -> None:
        super().__init__()
        if config is None:
            raise TypeError("ExampleDiff(config=…) is missing: an ExampleDiffConfig, with the features that identify an example")
        self._take("examples", examples_test, artifacts.Examples)
        self._take("baseline_examples", examples_base, artifacts.Examples)
        self._set(
            example_diff_config=message_json("ExampleDiff(config=…)", config, _example_diff.ExampleDiffConfig),
            include_split_pairs=to_json(include_split_pairs),
        )
        self._put("example_diff_result", artifacts.ExamplesDiff)
