# SPDX-License-Identifier: Apache-2.0
"""tensorflow_data_validation, tensorflow_model_analysis and ml_metadata of tfxm.compat, on the engine."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sqlite3
import tempfile
import unittest
from typing import Any

from support import needs, tfrecords
from support.engine_test import EngineTest
from support.pipelines import ROOT

from tfxm import compat
from tfxm.v1.orchestration.metadata import sqlite_metadata_connection_config


class ServedTest(unittest.TestCase):
    def setUp(self) -> None:
        needs.engine()
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        compat.install()
        self.addCleanup(compat.uninstall)

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)


class DataValidationTest(ServedTest):
    def setUp(self) -> None:
        super().setUp()
        with open(self.path("data.csv"), "w", encoding="utf-8") as f:
            f.write("miles,kind\n" + "".join(f"{i * 1.5},{'ab'[i % 2]}\n" for i in range(40)))

    def test_statistics_schema_and_anomalies(self) -> None:
        import tensorflow_data_validation as tfdv

        options = tfdv.StatsOptions(num_top_values=1, feature_allowlist=["kind"])
        few = tfdv.generate_statistics_from_csv(self.path("data.csv"), stats_options=options)
        self.assertEqual([len(feature.string_stats.top_values) for feature in few.datasets[0].features], [1])
        config = {"slicing_specs": [{"feature_keys": ["kind"]}]}
        options = tfdv.StatsOptions(feature_allowlist=[tfdv.FeaturePath(["miles"])], slicing_config=config)
        sliced = tfdv.generate_statistics_from_csv(self.path("data.csv"), stats_options=options)
        self.assertEqual([(d.name, d.num_examples, len(d.features)) for d in sliced.datasets],
                         [("All Examples", 40, 1), ("kind_a", 20, 1), ("kind_b", 20, 1)])  # fmt: skip
        statistics = tfdv.generate_statistics_from_csv(self.path("data.csv"), output_path=self.path("stats.tfrecord"))
        self.assertEqual(tfdv.load_statistics(self.path("stats.tfrecord")), statistics)
        schema = tfdv.infer_schema(statistics)
        tfdv.write_schema_text(schema, self.path("schema.pbtxt"))
        self.assertEqual(tfdv.load_schema_text(self.path("schema.pbtxt")), schema)
        self.assertEqual(list(tfdv.get_domain(schema, "kind").value), ["a", "b"])
        self.assertFalse(tfdv.validate_statistics(statistics, schema).anomaly_info)
        tfdv.get_domain(schema, "kind").value.remove("b")
        self.assertEqual(list(tfdv.validate_statistics(statistics, schema).anomaly_info), ["kind"])
        self.assertEqual(list(tfdv.get_domain(tfdv.update_schema(schema, statistics), "kind").value), ["a", "b"])
        page = tfdv.get_statistics_html(statistics, few, lhs_name="all", rhs_name="few")
        self.assertTrue(page.startswith("<iframe srcdoc="), page[:80])
        for text in ("miles", "&quot;name&quot;:&quot;few&quot;"):
            self.assertIn(text, page)

    def test_errors_are_tfdvs(self) -> None:
        import tensorflow_data_validation as tfdv

        schema = tfdv.infer_schema(tfdv.generate_statistics_from_csv(self.path("data.csv")))
        with self.assertRaisesRegex(ValueError, "Feature miles has no domain associated with it."):
            tfdv.get_domain(schema, "miles")
        with self.assertRaisesRegex(ValueError, "Feature x not found in the schema."):
            tfdv.get_feature(schema, "x")
        with self.assertRaisesRegex(TypeError, "statistics is of type int, should be a DatasetFeatureStatisticsList proto."):
            tfdv.infer_schema(3)
        with self.assertRaisesRegex(NotImplementedError, r"StatsOptions\(vocab_paths=…\)"):
            tfdv.StatsOptions(vocab_paths={"v": "f"})
        with self.assertRaisesRegex(AttributeError, "did you mean infer_schema"):
            tfdv.infer_shema  # noqa: B018


class ModelAnalysisTest(ServedTest):
    def test_results_are_as_tfma_loads_them(self) -> None:
        import tensorflow_model_analysis as tfma

        folder = os.path.join(ROOT, "tfxm", "report", "testdata", "thresholds-per-slice")
        result = tfma.load_eval_result(folder)
        self.assertEqual(result.get_metrics_for_slice()["auc"], {"doubleValue": 0.7206373181526149})
        self.assertIn((("device", "phone"),), result.get_slice_names())
        self.assertFalse(tfma.load_validation_result(folder).validation_ok)
        small = tfma.load_eval_result(os.path.join(ROOT, "tfxm", "report", "testdata", "slicing-min-size"))
        self.assertIn("__ERROR__", small.get_metric_names())
        self.assertIn("<iframe", tfma.view.render_slicing_metrics(result)._repr_html_())
        with self.assertRaisesRegex(ValueError, "none"):
            tfma.view.render_slicing_metrics(result, slicing_column="none")

    def test_run_model_analysis(self) -> None:
        import tensorflow_model_analysis as tfma

        tfrecords.write(self.path("data"), [{"label": float(i), "prediction": i + 0.5} for i in range(10)])
        config = tfma.EvalConfig(
            model_specs=[tfma.ModelSpec(label_key="label", prediction_key="prediction")],
            slicing_specs=[tfma.SlicingSpec()],
            metrics_specs=[tfma.MetricsSpec(metrics=[tfma.MetricConfig(class_name="MeanAbsoluteError")])],
        )
        result = tfma.run_model_analysis(eval_config=config, data_location=self.path("data"), output_path=self.path("out"))
        self.assertAlmostEqual(result.get_metrics_for_slice()["mean_absolute_error"]["doubleValue"], 0.5)
        with self.assertRaisesRegex(NotImplementedError, "extractors"):
            tfma.run_model_analysis(eval_config=config, data_location=self.path("data"), extractors=[1])


_PIPELINE = """
from tfx import v1 as tfx
example_gen = tfx.components.ImportExampleGen(input_base="data")
statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"])
schema_gen = tfx.components.SchemaGen(statistics=statistics_gen.outputs["statistics"])
tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
    pipeline_name="p", pipeline_root="root", components=[example_gen, statistics_gen, schema_gen], enable_cache=True,
    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config("m.db")))
"""


class MetadataStoreTest(EngineTest):
    """And what TFX's own notebooks do with the store. The other witness is `tfxm lineage`, the engine's own reader."""

    def setUp(self) -> None:
        super().setUp()
        os.makedirs(os.path.join(self.folder, "data"))
        tfrecords.write(os.path.join(self.folder, "data", "x.tfrecord"), [{"label": float(i)} for i in range(20)])
        with open(os.path.join(self.folder, "p.py"), "w", encoding="utf-8") as f:
            f.write(_PIPELINE)
        self.tfxm("run", "p.py")
        self.tfxm("run", "p.py")  # From the cache: executions of their own.
        compat.install()
        self.addCleanup(compat.uninstall)
        self.config = sqlite_metadata_connection_config(os.path.join(self.folder, "m.db"))

    def store(self) -> Any:
        import ml_metadata

        store = ml_metadata.MetadataStore(self.config)
        self.addCleanup(store.close)
        return store

    def test_it_has_what_the_engine_reads(self) -> None:
        from ml_metadata.proto import metadata_store_pb2

        store = self.store()
        lineage = json.loads(self.tfxm("lineage", "m.db", "--format=json"))
        self.assertEqual(len(store.get_executions()), 6)
        for theirs, ours in ((lineage["artifacts"], store.get_artifacts()), (lineage["executions"], store.get_executions())):
            self.assertEqual([node["id"] for node in theirs], [node.id for node in ours])
            self.assertEqual([node["type"] for node in theirs], [node.type for node in ours])
        for theirs, ours in zip(lineage["artifacts"], store.get_artifacts()):
            self.assertEqual(theirs["uri"], ours.uri)
            self.assertEqual(theirs["properties"], {name: getattr(value, value.WhichOneof("value")) for name, value in ours.properties.items()})
        events = store.get_events_by_execution_ids(e.id for e in store.get_executions())
        self.assertEqual(
            sorted((e["artifact"], e["execution"], e["type"], e["key"]) for e in lineage["events"]),
            sorted((e.artifact_id, e.execution_id, metadata_store_pb2.Event.Type.Name(e.type), e.path.steps[0].key) for e in events),
        )
        self.assertEqual(events, sorted(store.get_events_by_artifact_ids(a.id for a in store.get_artifacts()), key=lambda e: events.index(e)))

    def test_by_type_name_uri_and_context(self) -> None:
        import ml_metadata

        store = self.store()
        (schema,) = store.get_artifacts_by_type("Schema")
        self.assertEqual(store.get_artifacts_by_uri(schema.uri), [schema])
        self.assertEqual(store.get_artifacts_by_type("Model"), [])
        self.assertEqual(store.get_artifact_type("Examples").base_type, ml_metadata.proto.ArtifactType.DATASET)
        self.assertLessEqual({"pipeline", "pipeline_run", "node"}, {t.name for t in store.get_context_types()})
        node = store.get_context_by_type_and_name("node", "p.SchemaGen")
        executions = store.get_executions_by_context(node.id)
        self.assertEqual([e.last_known_state for e in executions], [ml_metadata.proto.Execution.COMPLETE, ml_metadata.proto.Execution.CACHED])
        self.assertIn(node, store.get_contexts_by_execution(executions[0].id))
        self.assertEqual([a.type for a in store.get_artifacts_by_context(node.id)], ["ExampleStatistics", "Schema"], "what it took, too")
        latest = ml_metadata.ListOptions(limit=1, order_by=ml_metadata.OrderByField.ID, is_asc=False)
        self.assertEqual(store.get_executions_by_context(node.id, latest), executions[1:])
        self.assertIsNone(store.get_context_by_type_and_name("node", "p.Nobody"))
        with self.assertRaisesRegex(ml_metadata.errors.NotFoundError, "No type found for query, name: `Nothing`"):
            store.get_artifact_type("Nothing")

    def test_what_it_does_not_do_is_said(self) -> None:
        import ml_metadata

        with self.assertRaisesRegex(ml_metadata.errors.UnimplementedError, "put_artifacts is not there: the engine writes"):
            self.store().put_artifacts([])
        with self.assertRaisesRegex(ml_metadata.errors.NotFoundError, "there is no metadata store .*nowhere"):
            ml_metadata.MetadataStore(sqlite_metadata_connection_config("nowhere"))
        for name, content in (("text", b"none"), ("other.db", None)):
            path = os.path.join(self.folder, name)
            if content is None:
                with contextlib.closing(sqlite3.connect(path)) as other:
                    other.execute("CREATE TABLE MLMDEnv (schema_version INTEGER)")
                    other.execute("INSERT INTO MLMDEnv VALUES (6)")
                    other.commit()
            else:
                with open(path, "wb") as f:
                    f.write(content)
            with self.assertRaisesRegex(ml_metadata.errors.InvalidArgumentError, f"{path}.*(no metadata store|expected schema version 10, found .6.)"):
                ml_metadata.MetadataStore(sqlite_metadata_connection_config(path))

    def test_as_tfx_notebooks_look_at_what_a_node_made(self) -> None:
        from tfx.orchestration.experimental.interactive import standard_visualizations, visualizations
        from tfx.orchestration.metadata import Metadata
        from tfx.orchestration.portable.mlmd import execution_lib
        from tfx.types import standard_component_specs

        standard_visualizations.register_standard_visualizations()
        with Metadata(self.config) as metadata:
            context = metadata.store.get_context_by_type_and_name("node", "p.StatisticsGen")
            latest = max(metadata.store.get_executions_by_context(context.id), key=lambda e: e.last_update_time_since_epoch)
            outputs = execution_lib.get_output_artifacts(metadata, latest.id)
            inputs = execution_lib.get_input_artifacts(metadata, latest.id)
        (statistics,) = outputs[standard_component_specs.STATISTICS_KEY]
        self.assertEqual(statistics.split_names, '["train", "eval"]')
        self.assertEqual([a.type_name for a in inputs[standard_component_specs.EXAMPLES_KEY]], ["Examples"])
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            visualizations.get_registry().get_visualization(statistics.type_name).display(statistics)
        self.assertIn("Split-train", said.getvalue())
        self.assertIn("label", said.getvalue())


if __name__ == "__main__":
    unittest.main()
