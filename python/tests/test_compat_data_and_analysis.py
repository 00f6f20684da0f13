# SPDX-License-Identifier: Apache-2.0
"""tensorflow_data_validation and tensorflow_model_analysis of tfxm.compat, on the engine."""

from __future__ import annotations

import os
import tempfile
import unittest

from support import needs, tfrecords
from support.pipelines import ROOT

from tfxm import compat


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


if __name__ == "__main__":
    unittest.main()
