# SPDX-License-Identifier: Apache-2.0
"""A pipeline that transforms the last two spans, on the real engine: what is known of a span is not analyzed again."""

from __future__ import annotations

import glob
import os
import re
import textwrap

from support import tfrecords
from support.engine_test import EngineTest

from tfxm import protos

_MODULE = """
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_transform as tft
from tfx.components.transform import stats_options_util


def preprocessing_fn(inputs):
    ids = tft.compute_and_apply_vocabulary(inputs["company"], vocab_filename="companies")
    return {"fare_01": tft.scale_to_0_1(inputs["fare"]), "id_z": tft.scale_to_z_score(tf.cast(ids, tf.float32))}


def stats_options_updater_fn(stats_type, stats_options):
    if stats_type == stats_options_util.StatsType.POST_TRANSFORM:
        assert [f.name for f in stats_options.schema.feature] == ["fare_01", "id_z"], stats_options.schema
        stats_options.num_histogram_buckets = 7
    else:
        stats_options = tfdv.StatsOptions(schema=stats_options.schema, feature_allowlist=["fare"])
    return stats_options
"""

_SCHEMA = """
feature { name: "fare" type: FLOAT presence { min_fraction: 1 } shape {} }
feature { name: "company" type: BYTES presence { min_fraction: 1 } shape {} }
"""

_PIPELINE = """
import os
from tfxm import v1 as tfx

folder = os.path.dirname(os.path.abspath(__file__))
path = lambda name: os.path.join(folder, name)
split = lambda name: tfx.proto.Input.Split(name=name, pattern="span-{SPAN}/" + name + "*")
gen = tfx.components.ImportExampleGen(input_base=path("data"), input_config=tfx.proto.Input(splits=[split("train"), split("eval")]))
schema = tfx.components.ImportSchemaGen(schema_file=path("schema.pbtxt"))
spans = tfx.dsl.Resolver(
    strategy_class=tfx.dsl.experimental.SpanRangeStrategy,
    config={"range_config": tfx.proto.RangeConfig(rolling_range=tfx.proto.RollingRange(num_spans=2))},
    examples=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Examples, producer_component_id="ImportExampleGen"),
).with_id("spans")
spans.add_upstream_node(gen)
cache = tfx.dsl.Resolver(
    strategy_class=tfx.dsl.experimental.LatestArtifactStrategy,
    cache=tfx.dsl.Channel(type=tfx.types.standard_artifacts.TransformCache),
).with_id("cache")
transform = tfx.components.Transform(
    examples=spans.outputs["examples"], schema=schema.outputs["schema"], module_file=path("module.py"),
    analyzer_cache=cache.outputs["cache"])
tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
    pipeline_name="taxi", pipeline_root=path("root"), components=[gen, schema, spans, cache, transform], enable_cache=True,
    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(path("metadata.db"))))
"""


class TransformSpansTest(EngineTest):
    PACKAGES = ("tensorflow",)

    def _write(self, name: str, text: str) -> str:
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(textwrap.dedent(text))
        return path

    def _span(self, number: int, fares: list[float]) -> None:
        folder = os.path.join(self.folder, "data", f"span-{number}")
        os.makedirs(folder)
        for split in ("train", "eval"):
            examples = [{"fare": fare, "company": f"company {number if fare > 5 else 0}"} for fare in fares]
            tfrecords.write(os.path.join(folder, split + ".tfrecord"), examples)

    def _from_cache(self) -> tuple[int, int]:
        """Of the newest execution of Transform the shards from the cache, and all, in its first pass."""
        logs = glob.glob(os.path.join(self.folder, "root", "Transform", ".system", "executor_execution", "*", "executor.log"))
        with open(max(logs, key=os.path.getmtime), encoding="utf-8") as f:
            found = re.search(r"analyzer cache: pass 1: (\d+) of (\d+) shards come from the cache", f.read())
        assert found is not None
        return int(found[1]), int(found[2])

    def test_the_second_span_only_is_analyzed(self) -> None:
        self._write("module.py", _MODULE)
        self._write("schema.pbtxt", _SCHEMA)
        pipeline = self._write("pipeline.py", _PIPELINE)
        self._span(1, [1.0, 2.0, 9.0])
        self.tfxm("run", pipeline)
        self.assertEqual(self._from_cache(), (0, 2))
        self._span(2, [0.0, 21.0])
        self.tfxm("run", pipeline)
        self.assertEqual(self._from_cache(), (2, 4))
        newest = max(glob.glob(os.path.join(self.folder, "root", "Transform", "transformed_examples", "*")), key=lambda path: int(os.path.basename(path)))
        self.assertEqual(sorted(os.listdir(newest)), ["0", "1"])
        self.assertEqual(sorted(os.listdir(os.path.join(newest, "0"))), ["Split-eval", "Split-train"])
        # Of both spans, and as the module's stats_options_updater_fn wants them.
        statistics_pb2 = protos.load("tensorflow_metadata/proto/v0/statistics.proto")

        def statistics(key: str) -> list[object]:
            paths = glob.glob(os.path.join(self.folder, "root", "Transform", key, os.path.basename(newest), "FeatureStats.pb"))
            with open(paths[0], "rb") as f:
                return list(statistics_pb2.DatasetFeatureStatisticsList.FromString(f.read()).datasets[0].features)

        (fare,) = statistics("pre_transform_stats")
        self.assertEqual((fare.num_stats.min, fare.num_stats.max, fare.num_stats.common_stats.num_non_missing), (0.0, 21.0, 5))
        for feature in statistics("post_transform_stats"):
            self.assertEqual(len(feature.num_stats.histograms[0].buckets), 7)
        # The cache does not decide what is made: nothing is done again for its sake.
        self.assertRegex(self.tfxm("run", pipeline), r"Transform\S* +cached")
