# SPDX-License-Identifier: Apache-2.0
"""What to compute statistics of, and how finely."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from tensorflow_data_validation.checks import schema_pb2
from tensorflow_data_validation.types import FeaturePath

# TFDV's arguments and defaults that the engine takes.
_OPTIONS: dict[str, Any] = {
    "schema": None, "label_feature": None, "weight_feature": None, "feature_allowlist": None, "sample_rate": None,
    "num_top_values": 20, "frequency_threshold": 1, "weighted_frequency_threshold": 1.0, "num_rank_histogram_buckets": 1000,
    "num_values_histogram_buckets": 10, "num_histogram_buckets": 10, "num_quantiles_histogram_buckets": 10,
    "infer_type_from_schema": False, "enable_semantic_domain_stats": False, "semantic_domain_stats_sample_rate": None,
    "per_feature_weight_override": None, "add_default_generators": True, "experimental_slice_sqls": None, "slicing_config": None,
}  # fmt: skip
# Of no consequence for what the engine computes: it is exact, and chooses its batches itself.
_WITHOUT_EFFECT = (
    "epsilon", "desired_batch_size", "experimental_use_sketch_based_topk_uniques", "use_sketch_based_topk_uniques",
    "experimental_result_partitions", "experimental_num_feature_partitions", "experimental_filter_read_paths",
)  # fmt: skip
_MISSING = ("generators", "slice_functions", "experimental_slice_functions", "vocab_paths", "per_feature_stats_config")


def _check_range(options: StatsOptions) -> None:
    for name, least in (("num_values_histogram_buckets", 2), ("num_rank_histogram_buckets", 1), ("num_histogram_buckets", 1),
                        ("num_quantiles_histogram_buckets", 1)):  # fmt: skip
        if getattr(options, name) < least:
            raise ValueError(f"Invalid {name} {getattr(options, name)}")
    for name in ("sample_rate", "semantic_domain_stats_sample_rate"):
        value = getattr(options, name)
        if value is not None and not 0 < value <= 1:
            raise ValueError(f"Invalid {name} {value:f}")


def _feature(feature: str | FeaturePath) -> Any:
    return list(feature.steps()) if isinstance(feature, FeaturePath) else feature


def _features(features: Iterable[str | FeaturePath]) -> list[Any]:
    return [_feature(feature) for feature in features]


class StatsOptions:
    """TFDV's arguments by name. NotImplementedError for one that the engine does not have, unless it is None."""

    def __init__(self, **options: Any) -> None:
        for name, value in options.items():
            if name in _MISSING:
                if value is not None:
                    raise NotImplementedError(f"StatsOptions({name}=…): tfxm does not have it")
            elif name not in _OPTIONS and name not in _WITHOUT_EFFECT:
                raise TypeError(f"StatsOptions.__init__() got an unexpected keyword argument '{name}'")
        for name, default in {**_OPTIONS, **dict.fromkeys(_WITHOUT_EFFECT), **dict.fromkeys(_MISSING)}.items():
            setattr(self, name, options.get(name, default))
        if self.schema is not None and getattr(type(self.schema), "DESCRIPTOR", None) is not schema_pb2.Schema.DESCRIPTOR:
            raise TypeError(f"schema is of type {type(self.schema).__name__}, should be a Schema proto.")
        if self.feature_allowlist is not None and not isinstance(self.feature_allowlist, list):
            raise TypeError(f"feature_allowlist is of type {type(self.feature_allowlist).__name__}, should be a list.")
        _check_range(self)

    def to_json(self) -> str:
        """For `tfxm stats --stats_options` and StatisticsGen; what is TFDV's default is left out."""
        given = {name: getattr(self, name) for name, default in _OPTIONS.items() if getattr(self, name) != default}
        for name in ("schema", "slicing_config"):
            if isinstance(given.get(name), Message):
                given[name] = json_format.MessageToDict(given[name], preserving_proto_field_name=True)
        if "feature_allowlist" in given:
            given["feature_allowlist"] = _features(given["feature_allowlist"])
        if "per_feature_weight_override" in given:
            weights = given["per_feature_weight_override"].items()
            given["per_feature_weight_override"] = {
                json.dumps(_feature(feature)) if isinstance(feature, FeaturePath) else feature: weight for feature, weight in weights
            }
        return json.dumps(given, sort_keys=True)

    def write(self, folder: str) -> str:
        """The name of a file below `folder` with to_json()."""
        path = os.path.join(folder, "stats_options.json")
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.to_json())
        return path
