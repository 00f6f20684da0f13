# SPDX-License-Identifier: Apache-2.0
"""A preprocessing_fn as data: what is traced, and what is said of one that cannot be."""

import json
import os
import tempfile
import unittest

from support import needs

try:
    import tensorflow as tf
except ImportError:
    needs.missing("needs TensorFlow")

from tfxm import compat

SCHEMA = """
feature { name: "x" type: FLOAT presence { min_fraction: 1 } shape {} }
feature { name: "y" type: FLOAT presence { min_fraction: 1 } shape { dim { size: 3 } } }
feature { name: "k" type: BYTES presence { min_fraction: 1 } shape {} }
feature { name: "words" type: BYTES }
"""


class TraceTest(unittest.TestCase):
    def setUp(self):
        compat.install()
        self.addCleanup(compat.uninstall)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = folder.name
        self.schema_path = os.path.join(self.dir, "schema.pbtxt")
        with open(self.schema_path, "w") as f:
            f.write(SCHEMA)

    def trace(self, preprocessing_fn, **arguments):
        from tfxm.runtime import trace

        trace.write(preprocessing_fn, self.schema_path, self.dir, **arguments)
        with open(os.path.join(self.dir, "trace.json")) as f:
            traced = json.load(f)
        graph = tf.compat.v1.GraphDef()
        with open(os.path.join(self.dir, "graph.pb"), "rb") as f:
            graph.ParseFromString(f.read())
        return traced, graph

    def test_interpolation_between_boundaries_that_are_there_several_times(self):
        """TensorFlow Transform 1.15.0's numbers, of the same two lines."""
        import tensorflow_transform as tft

        for boundaries, want in (
            ([0, 0, 1, 4], [0, 1 / 3, 1 / 3, 0.5, 2 / 3, 8 / 9, 1, 1]),
            ([0, 1, 1, 1, 4], [0, 0, 0, 0.125, 0.75, 11 / 12, 1, 1]),
            ([0, 4, 4], [0, 0, 0, 0.0625, 0.125, 0.375, 1, 1]),
            ([0, 0, 0], [0, 1, 1, 1, 1, 1, 1, 1]),
            ([1], [0, 0, 0, 0, 1, 1, 1, 1]),
        ):
            x = tf.constant([-1.0, 0.0, -0.0, 0.5, 1.0, 3.0, 4.0, 9.0])
            got = tft.apply_buckets_with_interpolation(x, tf.constant([boundaries], tf.float32))
            for g, w in zip(got.numpy(), want, strict=True):
                self.assertAlmostEqual(g, w, places=6, msg=f"{boundaries}: {got.numpy()}")

    def test_which_features_are_needed(self):
        import tensorflow_transform as tft

        def preprocessing_fn(inputs):
            tft.vocabulary(inputs["words"], vocab_filename="words")
            return {"x_xf": tft.scale_to_z_score(inputs["x"]), "y": inputs["y"] * 2.0}

        spec = {
            "x": tf.io.FixedLenFeature([], tf.float32), "y": tf.TensorSpec([None, 3], tf.float32), "k": tf.io.FixedLenFeature([], tf.string),
            "words": tf.io.VarLenFeature(tf.string),
        }  # fmt: skip
        self.assertEqual(tft.get_analyze_input_columns(preprocessing_fn, spec), ["words", "x"])
        self.assertEqual(tft.get_transform_input_columns(preprocessing_fn, spec), ["x", "y"])

    def test_what_was_computed_before_is_constants(self):
        import tensorflow_transform as tft

        boundaries = tf.constant([[1.0, 2.5]])
        large = tf.range(300.0)
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(tf.constant(["a"]), tf.constant([1], tf.int64)), -1)

        def preprocessing_fn(inputs):
            with self.assertRaisesRegex(Exception, "a table, variable or dataset that was made outside"):
                table.lookup(inputs["k"])
            return {
                "bucket": tft.apply_buckets(inputs["x"], boundaries),
                "shifted": inputs["x"] + boundaries[0, 1],
                "mapped": tf.map_fn(lambda v: v + large[299] + tf.reduce_sum(large), inputs["x"]),
            }

        traced, graph = self.trace(preprocessing_fn)
        self.assertEqual(sorted(traced["outputs"]), ["bucket", "mapped", "shifted"])
        with tf.Graph().as_default() as imported:
            tf.graph_util.import_graph_def(graph, name="")
            with tf.compat.v1.Session(graph=imported) as session:
                outputs = [traced["outputs"][name][0] for name in ("bucket", "mapped", "shifted")]
                bucket, mapped, shifted = session.run(outputs, {traced["inputs"]["x"][0]: [0.5, 2.0]})
        self.assertEqual((bucket.tolist(), shifted.tolist()), ([0, 1], [3.0, 4.5]))
        self.assertEqual(mapped.tolist(), [0.5 + 299 + 44850, 2.0 + 299 + 44850])
        self.assertEqual(float(boundaries[0, 0] + tf.constant(1.0)), 2.0)

    def test_experimental_analyzers_and_what_needs_beam(self):
        import tensorflow_transform as tft

        def preprocessing_fn(inputs):
            ids = tft.experimental.compute_and_apply_approximate_vocabulary(inputs["words"], top_k=7, vocab_filename="v")
            tft.annotate_vocab_size("of_my_own", tf.constant(5, tf.int64))
            size = tft.experimental.get_vocabulary_size_by_name("v") + tft.experimental.get_vocabulary_size_by_name("of_my_own")
            with self.assertRaisesRegex(ValueError, "Vocabulary size not found for w"):
                tft.experimental.get_vocabulary_size_by_name("w")
            with self.assertRaisesRegex(NotImplementedError, "there is no Beam"):
                tft.experimental.ptransform_analyzer([inputs["x"]], None, [tf.float32], [[]])
            with self.assertRaisesRegex(ValueError, r"expected to have rank 1"):
                tft.experimental.annotate_sparse_output_shape(ids, [3, 4])
            tft.experimental.annotate_sparse_output_shape(ids, [4])
            return {"ids": ids, "size": tf.zeros_like(inputs["x"], tf.int64) + size}

        traced, graph = self.trace(preprocessing_fn)
        self.assertEqual([(a["kind"], a["top_k"], a["vocab_filename"]) for a in traced["analyzers"]], [("vocabulary", 7, "v")])
        self.assertEqual(traced["sparse"], {"ids": [4]})
        del graph

    def test_inputs_outputs_and_analyzers(self):
        import tensorflow_transform as tft

        def preprocessing_fn(inputs):
            return {
                "x_xf": tft.scale_to_z_score(inputs["x"]),
                "ids": tft.compute_and_apply_vocabulary(inputs["words"], top_k=7, vocab_filename="v"),
                "b": tft.bucketize(inputs["y"], 4),
            }

        traced, graph = self.trace(preprocessing_fn)
        self.assertEqual(sorted(traced["inputs"]), ["k", "words", "x", "y"])
        self.assertEqual([len(traced["inputs"][n]) for n in ("x", "words")], [1, 3])
        self.assertEqual([len(traced["outputs"][n]) for n in ("x_xf", "ids", "b")], [1, 3, 1])
        self.assertEqual([a["kind"] for a in traced["analyzers"]], ["mean_and_var", "vocabulary", "quantiles"])
        vocabulary = traced["analyzers"][1]
        self.assertEqual((vocabulary["top_k"], vocabulary["vocab_filename"]), (7, "v"))
        self.assertEqual(vocabulary["inputs"][0], traced["inputs"]["words"][1])
        nodes = {node.name: node for node in graph.node}
        for analyzer in traced["analyzers"]:
            for output in analyzer["outputs"]:
                self.assertEqual(nodes[output.split(":")[0]].op, "Placeholder")
        self.assertEqual(len(traced["domains"]), 2)

    def test_ifs_and_custom_config_are_as_in_tft(self):
        def preprocessing_fn(inputs, custom_config):
            x = inputs["x"]
            if tf.reduce_sum(x) > 0:  # A part of the graph.
                x = x * custom_config["factor"]
            return {"x": x}

        _, graph = self.trace(preprocessing_fn, custom_config={"factor": 2.0})
        self.assertIn("StatelessIf", [node.op for node in graph.node])

    def test_what_cannot_be_traced_is_said(self):
        import tensorflow_transform as tft

        from tfxm.runtime.errors import UserError

        cases = [
            (lambda i: {"a": i["x"].numpy()}, TypeError, "symbolic tensors that have no values"),
            (lambda i: {"a": tf.compat.v1.placeholder(tf.float32)}, UserError, '"a" has no known rank'),
            (lambda i: {}, UserError, "returned no features"),
            (lambda i: None, UserError, "returned nothing; expected a dictionary"),
            (lambda i: [i["x"]], UserError, "returned list; expected a dictionary"),
            (lambda i: {"a": 3}, UserError, '"a" is a int; expected a tf.Tensor'),
            (lambda i: {3: i["x"]}, UserError, "name 3; names are texts"),
            (lambda i: {"a": i["z"]}, KeyError, "z"),
            (lambda i: {"a": tf.numpy_function(lambda v: v, [i["x"]], tf.float32)[:, None]}, (UserError, ValueError), ""),
            (lambda i: {"a": tft.mean(i["k"])}, TypeError, "tft.mean: values of type string cannot be analyzed"),
            (lambda i: {"a": tft.scale_to_z_scor(i["x"])}, AttributeError, "tfxm has no tft.scale_to_z_scor; did you mean scale_to_z_score"),
            (lambda i: {"a": tft.bucketize(i["x"], 0)}, ValueError, "num_buckets 0"),
            (lambda i: {"a": tft.vocabulary(i["k"], coverage_top_k=1)}, ValueError, "You must specify `key_fn`"),
            (lambda i: {"a": tft.vocabulary(i["k"], key_fn=len)}, ValueError, "You must specify `coverage_top_k`"),
            (lambda i: {"a": tft.min(i["words"], reduce_instance_dims=False)}, (TypeError, ValueError), "tft.min"),
        ]  # fmt: skip
        for function, kind, message in cases:
            with self.subTest(message), self.assertRaisesRegex(kind, message):
                self.trace(function)

    def test_one_name_twice(self):
        from tfxm.runtime.errors import UserError

        def preprocessing_fn(inputs):
            return {"a": inputs["x"], "a": inputs["y"]}  # noqa: F601

        with self.assertRaisesRegex(UserError, r"test_trace.py:\d+: the name 'a' is there twice"):
            self.trace(preprocessing_fn)

    def test_analyzers_are_for_a_preprocessing_fn(self):
        import tensorflow_transform as tft

        with self.assertRaisesRegex(RuntimeError, "in a preprocessing_fn only"):
            tft.mean(tf.constant([1.0]))


if __name__ == "__main__":
    unittest.main()
