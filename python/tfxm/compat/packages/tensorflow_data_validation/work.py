# SPDX-License-Identifier: Apache-2.0
"""What the engine computes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

from tensorflow_data_validation.checks import expect_schema, expect_statistics
from tensorflow_data_validation.stats_options import StatsOptions

from tfxm import library
from tfxm.library import sources


def _generate(data: dict[str, Any], stats_options: StatsOptions, output_path: Any, folder: str) -> Any:
    from tfxm.library import engine_call
    from tensorflow_data_validation.files import load_stats_binary

    path = f"{folder}/FeatureStats.pb"
    engine_call.call("stats", **data, stats_options=stats_options.write(folder), output=path)
    statistics = load_stats_binary(path)
    if output_path is not None:
        _write_record(statistics.SerializeToString(), output_path)
    return statistics


def _write_record(data: bytes, path: Any) -> None:
    """A TFRecord file of one record, as TFDV writes them."""
    from tfxm.library.tfrecord import write_record

    with open(path, "wb") as f:
        write_record(f, data)


def generate_statistics_from_tfrecord(
    data_location: str, output_path: Any = None, stats_options: StatsOptions | None = None, pipeline_options: object = None
) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        return _generate({"data": data_location}, stats_options or StatsOptions(), output_path, folder)


def generate_statistics_from_csv(
    data_location: str,
    column_names: list[str] | None = None,
    delimiter: str = ",",
    output_path: Any = None,
    stats_options: StatsOptions | None = None,
    pipeline_options: object = None,
    compression_type: object = None,
) -> Any:
    data = {"csv": data_location, "delimiter": "tab" if delimiter == "\t" else delimiter, "column_names": ",".join(column_names or []) or None}
    with tempfile.TemporaryDirectory() as folder:
        return _generate(data, stats_options or StatsOptions(), output_path, folder)


def generate_statistics_from_dataframe(dataframe: Any, stats_options: StatsOptions | None = None, n_jobs: int = 1) -> Any:
    if not sources.is_data_frame(dataframe):
        raise TypeError(f"dataframe argument is of type {type(dataframe).__name__}. Must be a pandas DataFrame.")
    if n_jobs < -1 or n_jobs == 0:
        raise ValueError(f"Invalid n_jobs parameter {n_jobs}. Should be either  -1 or >= 1.")
    with tempfile.TemporaryDirectory() as folder:
        return _generate(sources.source(dataframe, folder), stats_options or StatsOptions(), None, folder)


def infer_schema(
    statistics: Any,
    infer_feature_shape: bool = True,
    max_string_domain_size: int = 100,
    schema_transformations: list[Callable[[Any, Any], Any]] | None = None,
) -> Any:
    expect_statistics("statistics", statistics)
    schema = library.infer_schema(library.Statistics(statistics), infer_feature_shape, max_string_domain_size).proto
    for transformation in schema_transformations or []:
        schema = transformation(schema, statistics.datasets[0])
    return schema


def update_schema(schema: Any, statistics: Any, infer_feature_shape: bool = True, max_string_domain_size: int = 100) -> Any:
    expect_schema(schema)
    expect_statistics("statistics", statistics)
    return library.infer_schema(
        library.Statistics(statistics), max_string_domain_size=max_string_domain_size, update=library.Schema(schema)
    ).proto


def validate_statistics(
    statistics: Any,
    schema: Any,
    environment: str | None = None,
    previous_statistics: Any = None,
    serving_statistics: Any = None,
    custom_validation_config: object = None,
) -> Any:
    expect_statistics("statistics", statistics)
    expect_schema(schema)
    if environment is not None and environment not in schema.default_environment:
        raise ValueError(f"Environment {environment} not found in the schema.")
    if custom_validation_config is not None:
        raise NotImplementedError("validate_statistics(custom_validation_config=…): tfxm does not have it")
    given = {}
    for argument, name, other in (
        ("previous_statistics", "previous_span", previous_statistics),
        ("serving_statistics", "serving", serving_statistics),
    ):
        if other is not None:
            expect_statistics(argument, other)
            given[name] = library.Statistics(other)
    return library.validate(library.Statistics(statistics), library.Schema(schema), environment, **given).proto
