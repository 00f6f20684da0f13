# SPDX-License-Identifier: Apache-2.0
"""Statistics of data, a schema of them, and what does not conform to it.

    statistics = tfxm.statistics("people.csv")      # Displayed as a table.
    schema = tfxm.infer_schema(statistics)
    tfxm.validate("new_people.csv", schema)         # An Anomalies: false in `if` where there are none.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from typing import Any, TypeVar

from google.protobuf import text_format

from tfxm import protos
from tfxm.library import engine_call, html_tables
from tfxm.library.sources import Data, is_data_frame, paths, source

_statistics = protos.load("tensorflow_metadata/proto/v0/statistics.proto")
_schema = protos.load("tensorflow_metadata/proto/v0/schema.proto")
_anomalies = protos.load("tensorflow_metadata/proto/v0/anomalies.proto")


_Kept = TypeVar("_Kept", bound="_BinaryFile")


class _BinaryFile:
    """A message, `proto`, that is kept in a binary file, as the engine and TFX keep it."""

    MESSAGE: Any

    def __init__(self, proto: Any) -> None:
        self.proto = proto

    def save(self, path: str | os.PathLike[str]) -> None:
        with open(path, "wb") as f:
            f.write(self.proto.SerializeToString())

    @classmethod
    def load(cls: type[_Kept], path: str | os.PathLike[str]) -> _Kept:
        with open(path, "rb") as f:
            return cls(cls.MESSAGE.FromString(f.read()))


class Statistics(_BinaryFile):
    """TFDV's statistics: `proto` is the DatasetFeatureStatisticsList; a file of them is what `tfdv.load_stats_binary` and every
    `--stats=FILE` read."""

    MESSAGE = _statistics.DatasetFeatureStatisticsList

    COLUMNS = ("dataset", "feature", "type", "examples", "missing", "mean", "std_dev", "min", "median", "max", "zeros", "unique", "top")

    def rows(self) -> list[tuple[Any, ...]]:
        return [row[:-1] for row in self._rows()]

    def _rows(self) -> list[tuple[Any, ...]]:
        rows = []
        for dataset in self.proto.datasets:
            for feature in dataset.features:
                rows.append((dataset.name, *_feature_row(feature, dataset.num_examples)))
        return rows

    def to_pandas(self) -> Any:
        return html_tables.data_frame(self.COLUMNS, self.rows())

    def _repr_html_(self) -> str:
        single = len(self.proto.datasets) == 1
        rows = [row[1:] if single else row for row in self._rows()]
        examples = ", ".join(f"{dataset.name or 'all'}: {int(dataset.num_examples)}" for dataset in self.proto.datasets)
        return html_tables.table([*self.COLUMNS[single:], "histogram"], rows, f"examples: {examples}")

    def __repr__(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "FeatureStats.pb")
            self.save(path)
            return engine_call.call("stats", stats=path).output.rstrip()


def _feature_row(feature: Any, num_examples: float) -> tuple[Any, ...]:
    kind = _statistics.FeatureNameStatistics.Type.Name(feature.type)
    name = feature.name or ".".join(feature.path.step)
    common = next((getattr(feature, f"{which}_stats").common_stats for which in ("num", "string", "bytes", "struct")
                   if feature.HasField(f"{which}_stats")), _statistics.CommonStatistics())  # fmt: skip
    missing = int(num_examples) - int(common.num_non_missing)
    if feature.HasField("num_stats"):
        numbers = feature.num_stats
        histogram = next((h for h in numbers.histograms if h.type == _statistics.Histogram.STANDARD), None)
        drawn = html_tables.bars(
            [b.sample_count for b in histogram.buckets], [f"{b.low_value:.6g} to {b.high_value:.6g}" for b in histogram.buckets]
        ) if histogram else ""  # fmt: skip
        return (name, kind, int(common.num_non_missing), missing, numbers.mean, numbers.std_dev, numbers.min, numbers.median,
                numbers.max, int(numbers.num_zeros), None, None, drawn)  # fmt: skip
    strings = feature.string_stats
    top = ", ".join(f"{v.value} ({int(v.frequency)})" for v in strings.top_values[:3])
    ranks = strings.rank_histogram.buckets[:10]
    drawn = html_tables.bars([b.sample_count for b in ranks], [b.label for b in ranks])
    unique = int(strings.unique) if feature.HasField("string_stats") else None
    return (name, kind, int(common.num_non_missing), missing, None, None, None, None, None, None, unique, top, drawn)


class Schema:
    """A tensorflow.metadata.v0.Schema, which is `proto`: change it there, and save it."""

    COLUMNS = ("feature", "type", "presence", "valency", "domain")

    def __init__(self, proto: Any) -> None:
        self.proto = proto

    def save(self, path: str | os.PathLike[str]) -> None:
        """schema.pbtxt, as `tfdv.write_schema_text` writes it."""
        with open(path, "w", encoding="utf-8") as f:
            f.write(text_format.MessageToString(self.proto))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Schema:
        with open(path, encoding="utf-8") as f:
            return cls(text_format.Parse(f.read(), _schema.Schema()))

    def rows(self) -> list[tuple[Any, ...]]:
        return [_schema_row(feature) for feature in self.proto.feature]

    def domains(self) -> list[tuple[str, str]]:
        named = [*self.proto.string_domain]
        named += [f.string_domain for f in self.proto.feature if f.HasField("string_domain")]
        return [(domain.name, ", ".join(domain.value)) for domain in named]

    def to_pandas(self) -> Any:
        return html_tables.data_frame(self.COLUMNS, self.rows(), "feature")

    def _repr_html_(self) -> str:
        domains = self.domains()
        return html_tables.table(self.COLUMNS, self.rows()) + (html_tables.table(("domain", "values"), domains) if domains else "")

    def __repr__(self) -> str:
        return "\n".join("  ".join(map(str, row)) for row in self.rows())


def _schema_row(feature: Any) -> tuple[Any, ...]:
    presence = ""
    if feature.HasField("presence"):
        presence = "required" if feature.presence.min_fraction == 1 else "optional"
    counts = feature.value_count
    valency = ""
    if feature.HasField("value_count"):
        valency = "single" if (counts.min, counts.max) == (1, 1) else f"{counts.min} to {counts.max or 'any number'}"
    elif feature.HasField("shape"):
        valency = "×".join(str(dim.size) for dim in feature.shape.dim) or "single"
    which = feature.WhichOneof("domain_info")
    domain: Any = ""
    if which == "domain":
        domain = feature.domain
    elif which in ("int_domain", "float_domain"):
        limits = getattr(feature, which)
        domain = ", ".join(f"{name}: {getattr(limits, name)}" for name in ("min", "max") if limits.HasField(name))
    elif which is not None:
        domain = getattr(feature, which).name or which
    kind = _schema.FeatureType.Name(feature.type)
    return (feature.name, "STRING" if which in ("domain", "string_domain") else kind, presence, valency, domain)


class Anomalies(_BinaryFile):
    """What does not conform; `proto` is the tensorflow.metadata.v0.Anomalies, a file of them SchemaDiff.pb, as an
    ExampleValidator leaves it. False if there is nothing."""

    MESSAGE = _anomalies.Anomalies

    COLUMNS = ("feature", "severity", "anomaly", "description")

    def __bool__(self) -> bool:
        return bool(self.proto.anomaly_info) or self.proto.HasField("dataset_anomaly_info") or self.proto.data_missing

    def rows(self) -> list[tuple[str, str, str, str]]:
        found = [(name, self.proto.anomaly_info[name]) for name in sorted(self.proto.anomaly_info)]
        if self.proto.HasField("dataset_anomaly_info"):
            found.append(("[dataset anomaly]", self.proto.dataset_anomaly_info))
        rows = []
        for name, info in found:
            short = info.short_description or "; ".join(reason.short_description for reason in info.reason)
            long = info.description or "; ".join(reason.description for reason in info.reason)
            rows.append((name, _anomalies.AnomalyInfo.Severity.Name(info.severity), short, long))
        if self.proto.data_missing:
            rows.append(("[dataset anomaly]", "ERROR", "No examples", "There are no examples at all."))
        return rows

    def to_pandas(self) -> Any:
        return html_tables.data_frame(self.COLUMNS, self.rows(), "feature")

    def _repr_html_(self) -> str:
        return html_tables.table(self.COLUMNS, self.rows()) if self else "<h4 style='color:green'>No anomalies found.</h4>"

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {short}: {long}" for name, _, short, long in self.rows()) or "No anomalies found."


def statistics(data: Data, weight_feature: str | None = None, stats_options: dict[str, Any] | None = None, **flags: Any) -> Statistics:
    """Of CSV files, TFRecords of tf.Examples (a glob, a folder or a list of them), or a DataFrame.

    `stats_options` are TFDV's StatsOptions: {"num_top_values": 50, "slices": ["country"]}. `flags` are those of `tfxm stats`:
    features="a,b", sample_rate=0.1, delimiter=";", encoding="cp932", …
    """
    if stats_options is not None:
        flags["stats_options"] = json.dumps(stats_options)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "FeatureStats.pb")
        engine_call.call("stats", **{**source(data, folder), **flags}, weight_feature=weight_feature, output=path)
        return Statistics.load(path)


def _statistics_of(data: Statistics | Data, folder: str, name: str, flags: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(data, Statistics):
        return {**source(data, folder), **flags}
    path = os.path.join(folder, name)
    data.save(path)
    return {"stats": path, **flags}


def infer_schema(
    data: Statistics | Data, infer_feature_shape: bool = True, max_string_domain_size: int = 100, *, update: Schema | str | os.PathLike[str] | None = None, **flags: Any
) -> Schema:
    """As TFDV infers it, of statistics or of data. `update`: a schema, which is widened to fit."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "schema.pbtxt")
        if isinstance(update, Schema):
            flags["update"] = os.path.join(folder, "old.pbtxt")
            update.save(flags["update"])
        elif update is not None:
            flags["update"] = os.fspath(update)
        engine_call.call("schema", **_statistics_of(data, folder, "FeatureStats.pb", flags), output=path,
                         infer_feature_shape=infer_feature_shape, max_string_domain_size=max_string_domain_size)  # fmt: skip
        return Schema.load(path)


def validate(
    data: Statistics | Data,
    schema: Schema | str | os.PathLike[str],
    environment: str | None = None,
    *,
    previous_span: Statistics | Data | None = None,
    previous_version: Statistics | Data | None = None,
    serving: Statistics | Data | None = None,
    **flags: Any,
) -> Anomalies:
    """What of the data, or of their statistics, does not conform. The other data are what drift and skew are measured to: as `data`,
    or files of statistics."""
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(schema, Schema):
            schema_path = os.path.join(folder, "schema.pbtxt")
            schema.save(schema_path)
        else:
            schema_path = os.fspath(schema)
        for name, other in (("previous_span", previous_span), ("previous_version", previous_version), ("serving", serving)):
            if other is None:
                continue
            if is_data_frame(other):
                other = statistics(other)
            if isinstance(other, Statistics):
                flags[name] = os.path.join(folder, name + ".pb")
                other.save(flags[name])
            else:
                flags[name] = ",".join(paths(other))
        path = os.path.join(folder, "SchemaDiff.pb")
        engine_call.call("validate", **_statistics_of(data, folder, "FeatureStats.pb", flags), schema=schema_path,
                         environment=environment, output=path)  # fmt: skip
        return Anomalies.load(path)


__all__: Sequence[str] = ("Anomalies", "Schema", "Statistics", "infer_schema", "statistics", "validate")
