# SPDX-License-Identifier: Apache-2.0
"""preprocessing_fn in Python, analyzed by the engine (`tfxm transform`), and what reads the result: TFTransformOutput."""

import glob
import os
import subprocess
import sys
import tempfile
import unittest

from support import needs

try:
    import numpy as np

    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")  # As run_module.py does for a file that names no Keras.
    import tensorflow as tf
except ImportError:
    needs.missing("needs TensorFlow")

from tfxm import compat, native

SCHEMA = """
feature { name: "x" type: FLOAT presence { min_fraction: 1 } shape {} }
feature { name: "y" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 2 } } }
feature { name: "n" type: INT presence { min_fraction: 1 } shape { dim { size: 1 } } }
feature { name: "k" type: BYTES presence { min_fraction: 1 } shape {} }
feature { name: "words" type: BYTES }
feature { name: "label" type: INT presence { min_fraction: 1 } shape {} }
"""

MODULE = """
import tensorflow as tf
import tensorflow_transform as tft
import constants  # Beside it.


def preprocessing_fn(inputs):
    mean, centered = tft.mean(inputs["x"]), inputs["x"] - tft.mean(inputs["x"])
    ids = tft.compute_and_apply_vocabulary(inputs["words"], vocab_filename="words", num_oov_buckets=constants.OOV)
    table = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant(["a", "b"]), tf.constant([10, 20], tf.int64)), -1)
    tft.annotate_asset("my_words", "words")
    return {
        "z": tft.scale_to_z_score(inputs["x"]),
        "y01": tft.scale_to_0_1(inputs["y"], elementwise=True),
        "spread": tf.fill(tf.shape(inputs["x"]), tft.max(tf.abs(centered))),  # Of an analyzer's result: a second pass.
        "bucket": tft.bucketize(inputs["n"], 4),
        "ids": ids,
        "first": tf.squeeze(tft.sparse_tensor_to_dense_with_shape(ids, [None, 1], -1), 1),
        "mapped": table.lookup(inputs["k"]),
        "sign": tf.map_fn(lambda v: tf.cond(v > 0, lambda: 1.0, lambda: -1.0), inputs["x"]),
        "label": inputs["label"],
    }
"""


def _examples(count):
    rng = np.random.default_rng(7)
    for i in range(count):
        yield {
            "x": [float(rng.normal(3, 2))],
            "y": [float(v) for v in rng.uniform(-5, 5, 2)],
            "n": [int(rng.integers(0, 1000))],
            "k": [[b"a", b"b", b"c"][i % 3]],
            "words": [b"w%d" % (j % 7) for j in range(i % 5)],
            "label": [i % 2],
        }


def _write(path, examples):
    kinds = {float: lambda v: tf.train.Feature(float_list=tf.train.FloatList(value=v)),
             int: lambda v: tf.train.Feature(int64_list=tf.train.Int64List(value=v)),
             bytes: lambda v: tf.train.Feature(bytes_list=tf.train.BytesList(value=v))}  # fmt: skip
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for example in examples:
            feature = {name: kinds[type(values[0])](values) for name, values in example.items() if values}
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())


def _read(pattern):
    records = []
    for path in sorted(glob.glob(pattern)):
        for record in tf.data.TFRecordDataset(path, compression_type="GZIP"):
            features = tf.train.Example.FromString(record.numpy()).features.feature
            records.append({n: list(getattr(f, f.WhichOneof("kind")).value) if f.WhichOneof("kind") else [] for n, f in features.items()})
    return records


def transform(folder, module, *flags):
    with open(os.path.join(folder, "module.py"), "w") as f:
        f.write(module)
    command = [native.program(), "transform", f"--module_file={folder}/module.py", f"--data={folder}/data*.gz",
               f"--schema={folder}/schema.pbtxt", f"--output={folder}/out", *flags]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TFXM_PYTHON": sys.executable})


class TransformTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.dir = cls.folder.name
        cls.examples = list(_examples(300))
        with open(os.path.join(cls.dir, "schema.pbtxt"), "w") as f:
            f.write(SCHEMA)
        with open(os.path.join(cls.dir, "constants.py"), "w") as f:
            f.write("OOV = 2\n")
        _write(os.path.join(cls.dir, "data-0.gz"), cls.examples[:100])
        _write(os.path.join(cls.dir, "data-1.gz"), cls.examples[100:])
        cls.result = transform(cls.dir, MODULE)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        self.assertEqual(self.result.returncode, 0, self.result.stderr[-3000:])
        compat.install()
        self.addCleanup(compat.uninstall)
        import tensorflow_transform as tft

        self.output = tft.TFTransformOutput(os.path.join(self.dir, "out", "transform_graph"))

    def test_examples_are_as_tft_makes_them(self):
        records = _read(os.path.join(self.dir, "out", "transformed_examples", "*"))
        self.assertEqual(len(records), 300)
        x = np.float32([e["x"][0] for e in self.examples])
        y = np.float32([e["y"] for e in self.examples])
        np.testing.assert_allclose([r["z"][0] for r in records], (x - x.mean()) / x.std(), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose([r["y01"] for r in records], (y - y.min(0)) / (y.max(0) - y.min(0)), rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose([r["spread"][0] for r in records], abs(x - x.mean()).max(), rtol=1e-5)
        self.assertEqual([r["mapped"][0] for r in records[:3]], [10, 20, -1])
        self.assertEqual([r["sign"][0] for r in records], [1.0 if v > 0 else -1.0 for v in x])
        words = self.output.vocabulary_by_name("words")
        for example, record in zip(self.examples, records):
            self.assertEqual([words[i] for i in record["ids"]], example["words"])
            self.assertEqual(record["first"], [record["ids"][0] if record["ids"] else -1])
        counts = np.bincount([r["bucket"][0] for r in records])
        self.assertEqual(len(counts), 4)
        self.assertLess(counts.max() - counts.min(), 12)

    def test_specs_domains_and_vocabularies(self):
        spec = self.output.transformed_feature_spec()
        self.assertEqual(spec["y01"], tf.io.FixedLenFeature([2], tf.float32))
        self.assertEqual(spec["ids"], tf.io.VarLenFeature(tf.int64))
        self.assertEqual(self.output.raw_feature_spec()["words"], tf.io.VarLenFeature(tf.string))
        self.assertEqual(self.output.num_buckets_for_transformed_feature("bucket"), 4)
        self.assertEqual(self.output.num_buckets_for_transformed_feature("ids"), 4 + 2)
        with self.assertRaisesRegex(ValueError, '"z" has no int_domain'):
            self.output.num_buckets_for_transformed_feature("z")
        with self.assertRaisesRegex(ValueError, 'no transformed feature "zz"'):
            self.output.num_buckets_for_transformed_feature("zz")
        self.assertEqual(self.output.vocabulary_size_by_name("words"), 4)
        self.assertEqual(self.output.vocabulary_file_by_name("my_words"), self.output.vocabulary_file_by_name("words"))
        with self.assertRaisesRegex(ValueError, 'no vocabulary "word"; there are .*words'):
            self.output.vocabulary_file_by_name("word")

    def _raw(self, count, leave_out=()):
        serialized = []
        for path in sorted(glob.glob(os.path.join(self.dir, "data*.gz"))):
            serialized += [r.numpy() for r in tf.data.TFRecordDataset(path, compression_type="GZIP")]
        spec = {n: s for n, s in self.output.raw_feature_spec().items() if n not in leave_out}
        return tf.io.parse_example(tf.constant(serialized[:count]), spec)

    def test_raw_features_are_transformed_alike(self):
        records = _read(os.path.join(self.dir, "out", "transformed_examples", "*"))[:20]
        transformed = self.output.transform_raw_features(self._raw(20))
        np.testing.assert_allclose(transformed["z"].numpy(), [r["z"][0] for r in records], rtol=1e-6)
        self.assertEqual(transformed["ids"].values.numpy().tolist(), [i for r in records for i in r["ids"]])
        self.assertEqual(transformed["mapped"].numpy().tolist(), [r["mapped"][0] for r in records])

    def test_what_needs_a_feature_that_is_not_given_is_left_out(self):
        transformed = self.output.transform_raw_features(self._raw(5, leave_out=("label", "words")))
        self.assertEqual(sorted(transformed), ["bucket", "mapped", "sign", "spread", "y01", "z"])
        with self.assertRaisesRegex(ValueError, "not raw features: q; the transform graph takes"):
            self.output.transform_raw_features({"q": tf.constant([1.0])})

    def test_the_layer_is_saved_with_its_model(self):
        inputs = tf.keras.Input([2], name="y01")
        model = tf.keras.Model(inputs, tf.keras.layers.Dense(1)(inputs))
        model.tft_layer = self.output.transform_features_layer()

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
        def serve(examples):
            spec = self.output.raw_feature_spec()
            spec.pop("label")
            return {"output": model({"y01": model.tft_layer(tf.io.parse_example(examples, spec))["y01"]})}

        path = os.path.join(self.dir, "saved_model")
        tf.saved_model.save(model, path, signatures={"serving_default": serve})
        data = next(iter(tf.data.TFRecordDataset(os.path.join(self.dir, "data-0.gz"), compression_type="GZIP").batch(4)))
        served = tf.saved_model.load(path).signatures["serving_default"](examples=data)["output"]
        np.testing.assert_allclose(served, serve(data)["output"], rtol=1e-6)

    def test_datasets_of_the_transformed_examples(self):
        from tfx.components.trainer.fn_args_utils import DataAccessor  # noqa: F401
        from tfx_bsl.public import tfxio

        from tfxm.runtime import datasets

        schema = self.output.transformed_metadata.schema
        pattern = [os.path.join(self.dir, "out", "transformed_examples", "*")]
        options = tfxio.TensorFlowDatasetOptions(batch_size=30, label_key="label", num_epochs=1, shuffle=False)
        batches = list(datasets.tf_dataset_factory(pattern, options, schema))
        self.assertEqual(len(batches), 10)
        features, label = batches[0]
        self.assertNotIn("label", features)
        self.assertEqual(label.numpy().tolist(), [i % 2 for i in range(30)])
        with self.assertRaisesRegex(ValueError, 'label_key "lable" is not a feature of the schema'):
            datasets.tf_dataset_factory(pattern, options._replace(label_key="lable"), schema)
        with self.assertRaisesRegex(FileNotFoundError, "no files match /nowhere"):
            datasets.tf_dataset_factory(["/nowhere/*"], options, schema)

    def test_mistakes_are_one_message_and_leave_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(os.path.join(self.dir, "schema.pbtxt"), os.path.join(folder, "schema.pbtxt"))
            os.symlink(os.path.join(self.dir, "data-0.gz"), os.path.join(folder, "data-0.gz"))
            body = "import tensorflow as tf\nimport tensorflow_transform as tft\ndef preprocessing_fn(i):\n  return "
            for code, expected in [
                ("{'a': i['x'].numpy()}", "symbolic tensors that have no values"),
                ("{'a': tf.io.parse_tensor(tf.constant(b''), tf.float32)}", 'output "a" has no known rank'),
                ("{'a': tf.cast(i['x'], tf.float64)}", 'output "a" is float64'),
                ("{'a': tft.mean(i['x'])}", 'output "a" is a scalar'),
                ("{'a': i['x'] +}", "module.py:4: invalid syntax"),
                ("{'a': tft.ptransform_analyzer(i['y'], 1)}", "tfxm has no tft.ptransform_analyzer"),
                ("{'a': i['z']}", "KeyError: 'z'"),
            ]:
                with self.subTest(code):
                    result = transform(folder, body + code + "\n")
                    self.assertEqual(result.returncode, 3)
                    self.assertIn(expected, result.stderr)
                    self.assertFalse(os.path.exists(os.path.join(folder, "out")))


if __name__ == "__main__":
    unittest.main()
