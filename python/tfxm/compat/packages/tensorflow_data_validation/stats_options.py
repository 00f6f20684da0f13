# SPDX-License-Identifier: Apache-2.0
"""What to compute statistics of, and how finely."""

from __future__ import annotations

import os
from typing import Any

from google.protobuf import text_format
from tensorflow_data_validation.checks import schema_pb2

# What the engine takes as flags under these names, with TFDV's defaults.
_FLAGS = {
    "num_top_values": 20,
    "num_rank_histogram_buckets": 1000,
    "num_values_histogram_buckets": 10,
    "num_histogram_buckets": 10,
    "num_quantiles_histogram_buckets": 10,
}
# Of no consequence for what the engine computes: it is exact, and chooses its batches itself.
_WITHOUT_EFFECT = (
    "label_feature", "epsilon", "desired_batch_size", "experimental_use_sketch_based_topk_uniques", "use_sketch_based_topk_uniques",
    "experimental_result_partitions", "experimental_num_feature_partitions", "experimental_filter_read_paths",
)  # fmt: skip
_MISSING = {
    "generators": None, "slice_functions": None, "frequency_threshold": 1, "weighted_frequency_threshold": 1.0,
    "enable_semantic_domain_stats": False, "semantic_domain_stats_sample_rate": None, "per_feature_weight_override": None, "vocab_paths": None,
    "add_default_generators": True, "experimental_slice_functions": None, "experimental_slice_sqls": None, "slicing_config": None,
    "per_feature_stats_config": None,
}  # fmt: skip


class StatsOptions:
    """TFDV's arguments by name. NotImplementedError for one that the engine does not have, if it is not TFDV's default."""

    def __init__(
        self,
        *,
        schema: Any = None,
        weight_feature: str | None = None,
        sample_rate: float | None = None,
        infer_type_from_schema: bool = False,
        feature_allowlist: list[Any] | None = None,
        **others: Any,
    ) -> None:
        for name, value in others.items():
            if name in _MISSING and value != _MISSING[name]:
                raise NotImplementedError(f"StatsOptions({name}=…): tfxm does not have it")
            if name not in _MISSING and name not in _FLAGS and name not in _WITHOUT_EFFECT:
                raise TypeError(f"StatsOptions.__init__() got an unexpected keyword argument '{name}'")
        if schema is not None and getattr(type(schema), "DESCRIPTOR", None) is not schema_pb2.Schema.DESCRIPTOR:
            raise TypeError(f"schema is of type {type(schema).__name__}, should be a Schema proto.")
        if sample_rate is not None and not 0 < sample_rate <= 1:
            raise ValueError("Invalid sample_rate %f" % sample_rate)
        for name in ("num_values_histogram_buckets",):
            if others.get(name, _FLAGS[name]) <= 1:
                raise ValueError(f"Invalid {name} {others[name]}")
        for name in ("num_rank_histogram_buckets", "num_histogram_buckets", "num_quantiles_histogram_buckets"):
            if others.get(name, _FLAGS[name]) < 1:
                raise ValueError(f"Invalid {name} {others[name]}")
        if feature_allowlist is not None and not isinstance(feature_allowlist, list):
            raise TypeError(f"feature_allowlist is of type {type(feature_allowlist).__name__}, should be a list.")
        self.schema = schema
        self.weight_feature = weight_feature
        self.sample_rate = sample_rate
        self.infer_type_from_schema = infer_type_from_schema
        self.feature_allowlist = feature_allowlist
        for name, default in {**_FLAGS, **_MISSING, **dict.fromkeys(_WITHOUT_EFFECT)}.items():
            setattr(self, name, others.get(name, default))

    def flags(self, folder: str, csv: bool) -> dict[str, Any]:
        """For `tfxm stats`; the schema is written below `folder`."""
        flags: dict[str, Any] = {name: getattr(self, name) for name in _FLAGS}
        flags.update(weight_feature=self.weight_feature, sample_rate=self.sample_rate)
        if self.feature_allowlist:
            flags["features"] = ",".join(map(str, self.feature_allowlist))
        if self.schema is not None:
            flags["categorical"] = os.path.join(folder, "stats_options_schema.pbtxt")
            with open(flags["categorical"], "w", encoding="utf-8") as f:
                f.write(text_format.MessageToString(self.schema))
            if csv and self.infer_type_from_schema:
                flags["csv_schema"] = flags["categorical"]
        return flags
