# SPDX-License-Identifier: Apache-2.0
"""What TensorFlow Transform made of the same examples with the same files (testdata/tft/make_goldens.py): examples, schema, assets."""

import glob
import json
import math
import os
import subprocess
import sys
import tempfile
import unittest

from support import needs

try:
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    import tensorflow as tf
except ImportError:
    needs.missing("needs TensorFlow")

from google.protobuf import text_format

from tfxm import native
from tfxm.runtime import schema as schemas

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "testdata", "tft")


def _lines(path):
    if path.endswith(".gz"):
        return [r.numpy().decode() for r in tf.data.TFRecordDataset(path, compression_type="GZIP")]
    with open(path, "rb") as f:
        return f.read().decode().splitlines()


# Of TFT's sums in single precision.
_TOLERANCES = {"covariance": 1e-3}
# The data of modules, where they are not data.tfrecord.gz.
_DATA = {"tensors": "tensors", "sequences": "sequences"}
# tfxm keeps the statistics of the keys in the graph.
_NOT_WRITTEN = ("keys", "keys_z")


def _near(got, want, tolerance=1e-5):
    if isinstance(got, float):
        return got == want or abs(got - want) <= max(tolerance, 5e-5 * abs(want)) or (math.isnan(got) and math.isnan(want))
    return got == want


class TftGoldensTest(unittest.TestCase):
    def _transformed(self, folder):
        examples = []
        for path in sorted(glob.glob(os.path.join(folder, "transformed_examples", "*"))):
            for record in tf.data.TFRecordDataset(path, compression_type="GZIP"):
                examples.append(tf.train.Example.FromString(record.numpy()).features.feature)
        return sorted(examples, key=lambda example: example["id"].int64_list.value[0])

    def _compare_column(self, name, want, examples):
        for i, example in enumerate(examples):
            expected = want["all"] if "all" in want else want["rows"][i]
            kind = example[name].WhichOneof("kind") if name in example else None
            got = list(getattr(example[name], kind).value) if kind else []
            got = [v.decode() if isinstance(v, bytes) else v for v in got]
            if expected:
                self.assertEqual(kind, want["kind"], f"{name} of example {i}")
            self.assertTrue(
                len(got) == len(expected) and all(_near(g, w, _TOLERANCES.get(name, 1e-5)) for g, w in zip(got, expected)),
                f"{name} of example {i}: {got}; TFT has {expected}")  # fmt: skip

    def _compare(self, name, *flags):
        with open(os.path.join(HERE, "goldens", name + ".json")) as f:
            golden = json.load(f)
        with tempfile.TemporaryDirectory() as folder:
            output = os.path.join(folder, "out")
            data = _DATA.get(name, "data")
            schema = "schema" if data == "data" else data
            command = [native.program(), "transform", f"--module_file={HERE}/modules/{name}.py", f"--data={HERE}/{data}.tfrecord.gz",
                       f"--schema={HERE}/{schema}.pbtxt", f"--output={output}", *flags]  # fmt: skip
            result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TFXM_PYTHON": sys.executable})
            self.assertEqual(result.returncode, 0, result.stderr[-3000:])
            examples = self._transformed(output)
            self.assertEqual(len(examples), {"data": 240, "tensors": 90, "sequences": 80}[data])
            for column, want in golden["columns"].items():
                with self.subTest(column):
                    self._compare_column(column, want, examples)
            self.assertEqual(set(examples[0]) - set(golden["columns"]), set())
            graph = os.path.join(output, "transform_graph")
            with self.subTest("schema"):
                schema = schemas.read(os.path.join(graph, "transformed_metadata", "schema.pbtxt"))
                self._compare_schema(schema, text_format.Parse(golden["schema"], type(schema)()))
            if data != "data":
                self._check_parsed(output, schema, examples)
            assets = {os.path.basename(p): _lines(p) for p in glob.glob(os.path.join(graph, "transform_fn", "assets", "*"))}
            for asset, lines in golden["assets"].items():
                if asset in _NOT_WRITTEN:
                    continue
                with self.subTest(asset):
                    self.assertIn(asset, assets)
                    self._compare_lines(assets[asset], lines)

    def _check_parsed(self, output, schema, examples):
        """What was written gives back the tensors that the function returned."""
        from tfxm.runtime import datasets

        options = datasets.TensorFlowDatasetOptions(batch_size=len(examples), shuffle=False, num_epochs=1)
        parsed = next(iter(datasets.tf_dataset_factory([os.path.join(output, "transformed_examples")], options, schema)))
        for name, tensor in parsed.items():
            with self.subTest("parsed " + name):
                if isinstance(tensor, tf.RaggedTensor):
                    rows = tensor.flat_values.numpy().reshape(-1).tolist()
                    column = name + "$ragged_values"
                elif isinstance(tensor, tf.SparseTensor):
                    rows = tensor.values.numpy().tolist()
                    column = name if name in examples[0] else name + "$sparse_values"
                else:
                    continue
                feature = [example[column] for example in examples]
                written = [v for f in feature if f.WhichOneof("kind") for v in getattr(f, f.WhichOneof("kind")).value]
                self.assertEqual(rows, written)

    def _compare_schema(self, got, want):
        features = [{f.name: f for f in schema.feature} for schema in (got, want)]
        self.assertEqual(sorted(features[0]), sorted(features[1]))
        self.assertEqual(list(got.sparse_feature), list(want.sparse_feature))
        groups = [schema.tensor_representation_group for schema in (got, want)]
        self.assertEqual({name: dict(groups[0][name].tensor_representation) for name in groups[0]},
                         {name: dict(groups[1][name].tensor_representation) for name in groups[1]})  # fmt: skip
        for name, feature in features[1].items():
            if "$sparse_indices_" in name and not feature.HasField("int_domain"):
                features[0][name].ClearField("int_domain")  # TFT forgets the size when the values are others.
            with self.subTest(name):
                self.assertEqual(text_format.MessageToString(features[0][name]), text_format.MessageToString(feature))

    def _compare_lines(self, got, want):
        """Lines "number word" by their numbers."""
        self.assertEqual(len(got), len(want))
        for line, expected in zip(got, want):
            if line != expected:
                (number, word), (expected_number, expected_word) = line.split(" ", 1), expected.split(" ", 1)
                self.assertEqual(word, expected_word)
                self.assertTrue(_near(float(number), float(expected_number)), f"{line}; TFT has {expected}")
                self.assertEqual(number.isdigit(), expected_number.isdigit(), f"{line}; TFT has {expected}")


    def test_vocabulary_coverage_by_processes(self):
        """Whose keys only one process has asked Python for."""
        self._compare("vocabulary_coverage", "--launcher=processes:2")


def _add(name):
    setattr(TftGoldensTest, f"test_{name}", lambda self: self._compare(name))


for _path in sorted(glob.glob(os.path.join(HERE, "goldens", "*.json"))):
    _add(os.path.basename(_path)[:-5])

if __name__ == "__main__":
    unittest.main()
