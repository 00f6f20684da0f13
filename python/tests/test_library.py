# SPDX-License-Identifier: Apache-2.0
"""tfxm.evaluate and its family, on the engine."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
import unittest

from support import tfrecords
from support.engine_test import EngineTest
from support.pipelines import ROOT

import tfxm


class LibraryTest(EngineTest):
    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(textwrap.dedent(text))
        return path

    def csv(self, name: str = "people.csv", more: str = "") -> str:
        rows = "".join(f"{i * 1.5},{'' if i % 4 == 0 else 'ab'[i % 2]},{i % 3}\n" for i in range(40))
        return self.write(name, "miles,kind,label\n" + rows + more)

    def test_statistics_are_displayed_and_saved(self) -> None:
        statistics = tfxm.statistics(self.csv())
        rows = {row[1]: row for row in statistics.rows()}
        self.assertEqual(rows["miles"][2:5], ("FLOAT", 40, 0))
        self.assertAlmostEqual(rows["miles"][5], 29.25)
        self.assertEqual(rows["kind"][2:5], ("STRING", 30, 10))
        self.assertIn("examples: all: 40", statistics._repr_html_())
        self.assertIn("miles", repr(statistics))
        path = os.path.join(self.folder, "FeatureStats.pb")
        statistics.save(path)
        self.assertEqual(tfxm.Statistics.load(path).proto, statistics.proto)

    def test_what_does_not_conform_is_named(self) -> None:
        schema = tfxm.infer_schema(self.csv())
        self.assertFalse(tfxm.validate(self.csv(), schema))
        statistics, saved = tfxm.statistics(self.csv()), os.path.join(self.folder, "FeatureStats.pb")
        statistics.save(saved)
        self.assertFalse(tfxm.validate(self.csv(), schema, previous_span=self.csv(), previous_version=saved, serving=statistics))
        anomalies = tfxm.validate(self.csv("new.csv", "1,zzz,2\n"), schema)
        self.assertTrue(anomalies)
        self.assertEqual([row[:2] for row in anomalies.rows()], [("kind", "ERROR")])
        self.assertIn("zzz", anomalies._repr_html_())
        widened = tfxm.infer_schema(self.csv("new.csv", "1,zzz,2\n"), update=schema)
        self.assertFalse(tfxm.validate(self.csv("new.csv", "1,zzz,2\n"), widened))

    def test_a_page_of_statistics(self) -> None:
        train, schema = tfxm.statistics(self.csv()), tfxm.infer_schema(self.csv())
        page = tfxm.visualize_statistics({"train": train, "a/b=c": self.csv("new.csv", "1,zzz,2\n")}, schema=schema, title="People")
        path = os.path.join(self.folder, "page.html")
        page.save(path)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.assertIn("<title>People</title>", text)
        data = json.loads(text.split('id="data">')[1].split("</script>")[0])
        self.assertEqual([d["name"] for d in data["datasets"]], ["train", "a b c"])
        self.assertEqual([d["checked"] for d in data["datasets"]], [True, True])
        self.assertEqual([f["name"] for f in data["features"] if "anomalies" in f], ["kind"])
        self.assertIn("<iframe srcdoc=", page._repr_html_())
        found = tfxm.validate(self.csv("new.csv", "1,zzz,2\n"), schema)
        self.assertIn("zzz", tfxm.visualize_statistics(train, anomalies=found).html)
        with self.assertRaisesRegex(ValueError, "got none"):
            tfxm.visualize_statistics({})

    def test_names_and_values_are_escaped(self) -> None:
        statistics = tfxm.statistics(self.write("x.csv", "<b>,k\n" + "<script>,1\n" * 20))
        self.assertNotIn("<script>", statistics._repr_html_())
        self.assertNotIn("<b>", statistics._repr_html_())

    def test_an_error_is_the_engines_message(self) -> None:
        with self.assertRaisesRegex(tfxm.EngineError, "not a TFLite file") as caught:
            tfxm.inspect(self.csv())
        self.assertEqual(caught.exception.status, 3)
        with self.assertRaisesRegex(TypeError, "data: expected files"):
            tfxm.statistics(3)
        with self.assertRaisesRegex(ValueError, "label=.*or eval_config"):
            tfxm.evaluate("model", self.csv())
        with self.assertRaisesRegex(AttributeError, "has no attribute 'evalute'"):
            tfxm.evalute  # noqa: B018

    def test_an_interrupt_ends_the_engine_first(self) -> None:
        engine = self.write("engine", """\
            #!/bin/sh
            trap 'echo cleaned > "$TFXM_TEST_FOLDER/ended"; exit 130' INT
            echo $$ > "$TFXM_TEST_FOLDER/started"
            while true; do sleep 0.1; done
        """)  # fmt: skip
        os.chmod(engine, 0o755)
        code = "import tfxm\ntry:\n  tfxm.inspect('x')\nexcept KeyboardInterrupt:\n  print('interrupted')\n"
        env = {**os.environ, "TFXM_ENGINE": engine, "TFXM_TEST_FOLDER": self.folder, "PYTHONPATH": os.path.join(ROOT, "python")}
        env["PYTHONPATH"] = os.pathsep.join([os.path.dirname(os.path.dirname(tfxm.__file__)), env["PYTHONPATH"]])
        child = subprocess.Popen([sys.executable, "-c", code], env=env, stdout=subprocess.PIPE, text=True)
        while not os.path.exists(os.path.join(self.folder, "started")):
            self.assertIsNone(child.poll())
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.communicate()[0], "interrupted\n")
        self.assertTrue(os.path.exists(os.path.join(self.folder, "ended")))

    def test_an_evaluation(self) -> None:
        config = {
            "model_specs": [{"name": "m", "label_key": "label", "prediction_key": "prediction"}],
            "slicing_specs": [{}],
            "metrics_specs": [{"metrics": [{"class_name": "MeanAbsoluteError", "threshold": {"value_threshold": {"upper_bound": {"value": -1}}}}]}],
        }
        path = os.path.join(self.folder, "examples.tfrecord")
        tfrecords.write(path, [{"label": float(i), "prediction": i + 0.5} for i in range(10)])
        evaluation = tfxm.evaluate({}, path, eval_config=config)
        self.assertFalse(evaluation.passed)
        self.assertIn("NOT blessed", evaluation.message)
        self.assertAlmostEqual(evaluation.metrics()["mean_absolute_error"], 0.5)
        self.assertEqual(evaluation.rows()[0]["slice"], "")
        self.assertIn("<iframe srcdoc=", evaluation._repr_html_())
        self.assertFalse(tfxm.load_evaluation(evaluation.directory).passed)
        with self.assertRaises(KeyError):
            evaluation.metrics(slice="device: none")


@unittest.skipIf(importlib.util.find_spec("pandas") is None, "needs pandas")
class PandasTest(EngineTest):
    def test_data_frames(self) -> None:
        import pandas

        frame = pandas.DataFrame({"x": [1.5, None, 2.0], "zip": ["007", "008", None], "yes": [True, False, True]})
        rows = {row[1]: row for row in tfxm.statistics(frame).rows()}
        self.assertEqual(rows["x"][2:5], ("FLOAT", 2, 1))
        self.assertEqual(rows["zip"][2:5], ("STRING", 2, 1))
        self.assertEqual(rows["yes"][2], "INT")
        self.assertEqual(list(tfxm.statistics(frame).to_pandas()["feature"]), ["x", "yes", "zip"])

    def test_the_types_of_columns(self) -> None:
        import pandas

        columns = {
            "Int64": (pandas.array([1, None, 3], dtype="Int64"), ("INT", 2, 1)),
            "Float64": (pandas.array([1.5, None, 3], dtype="Float64"), ("FLOAT", 2, 1)),
            "boolean": (pandas.array([True, None, False], dtype="boolean"), ("INT", 2, 1)),
            "string": (pandas.array(["a,b", None, 'c"\n'], dtype="string"), ("STRING", 2, 1)),
            "category": (pandas.Categorical(["a", None, "b"]), ("STRING", 2, 1)),
            "category_of_ints": (pandas.Categorical([7, None, 8]), ("INT", 2, 1)),
            "uint8": (pandas.array([1, 2, 3], dtype="uint8"), ("INT", 3, 0)),
            "ints": (pandas.Series([1, None, 3], dtype=object), ("INT", 2, 1)),
            "bools": (pandas.Series([True, None, False], dtype=object), ("INT", 2, 1)),
            "bytes": ([b"a", None, b"b"], ("STRING", 2, 1)),
            "mixed": ([1, "a", None], ("STRING", 2, 1)),
            "infinite": ([1.0, float("inf"), 2.0], ("FLOAT", 3, 0)),
        }
        frame = pandas.DataFrame({name: values for name, (values, _) in columns.items()})
        rows = {row[1]: row for row in tfxm.statistics(frame).rows()}
        for name, (_, expected) in columns.items():
            self.assertEqual(rows[name][2:5], expected, name)

        frame = pandas.DataFrame({1: [1, 2], "when": pandas.date_range("2026-01-01", periods=2), "list": [[1], [2, 3]]})
        with self.assertWarnsRegex(UserWarning, "column when is left out: datetime64"):
            statistics = tfxm.statistics(frame)
        self.assertEqual([row[1] for row in statistics.rows()], ["1"])
        with self.assertWarnsRegex(UserWarning, "column photo is left out: its bytes in row 1 are not text"):
            statistics = tfxm.statistics(pandas.DataFrame({"photo": [b"a", b"\xff", None], "x": [1, 2, 3]}))
        self.assertEqual([row[1] for row in statistics.rows()], ["x"])
        with self.assertRaisesRegex(ValueError, "no column of numbers or text"), self.assertWarns(UserWarning):
            tfxm.statistics(frame[["when"]])
        with self.assertRaisesRegex(ValueError, "two columns called a"):
            tfxm.statistics(pandas.DataFrame([[1, 2]], columns=["a", "a"]))
        with self.assertRaisesRegex(ValueError, "columns have several levels"):
            tfxm.statistics(pandas.DataFrame({("a", "b"): [1]}))

    def test_a_schema_of_a_data_frame(self) -> None:
        import pandas

        frame = pandas.DataFrame({"x": [1.5, 2.0] * 20, "kind": pandas.Categorical(["a", "b"] * 20)})
        schema = tfxm.infer_schema(frame)
        self.assertEqual(schema.to_pandas().loc["kind", "type"], "STRING")
        self.assertTrue(tfxm.validate(frame, schema).to_pandas().empty)
        anomalies = tfxm.validate(pandas.DataFrame({"x": [1.0] * 40, "kind": ["c"] * 40}), schema)
        self.assertEqual(list(anomalies.to_pandas().index), ["kind"])

    def test_an_evaluation_of_a_data_frame(self) -> None:
        import pandas

        frame = pandas.DataFrame({"label": [0.0, 1.0, 2.0], "prediction": [0.5, 1.5, 3.0], "kind": ["a", "a", "b"]})
        config = {
            "model_specs": [{"label_key": "label", "prediction_key": "prediction"}],
            "slicing_specs": [{}, {"feature_keys": ["kind"]}],
            "metrics_specs": [{"metrics": [{"class_name": "MeanAbsoluteError"}]}],
        }
        numbers = tfxm.evaluate({}, frame, eval_config=config).to_pandas().set_index("slice")["value"]
        self.assertAlmostEqual(numbers["kind: a"], 0.5)
        self.assertAlmostEqual(numbers["kind: b"], 1.0)


if __name__ == "__main__":
    unittest.main()
