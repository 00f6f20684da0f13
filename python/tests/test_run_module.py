# SPDX-License-Identifier: Apache-2.0
"""run_fn with the TensorFlow and Keras that are there; the engine's part is played by fake_engine."""

import json
import os
import shutil
import tempfile
import unittest

from support import needs

try:
    import tensorflow as tf
except ImportError:
    needs.missing("needs TensorFlow")

from support import fake_engine

VERSION = ".".join(tf.__version__.split(".")[:2])

TRAIN = """
import tensorflow as tf
%s

def run_fn(fn_args):
    print("from", tf.keras.Sequential.__module__)
    data = tf.data.Dataset.from_tensor_slices((tf.ones([64, 2]), tf.ones([64, 1]))).repeat().batch(4)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.fit(data, steps_per_epoch=30, epochs=2, verbose=0)
    tf.saved_model.save(tf.Module(), fn_args.serving_model_dir)
"""

REWRITE = """
import numpy as np
import tensorflow as tf
from tfx.components.trainer.rewriting import converters, rewriter, rewriter_factory
from tfx.dsl.io import fileio


class Half(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name="x")])
    def serve(self, x):
        return {"y": x / 2}


def run_fn(fn_args):
    temp = fn_args.serving_model_dir + "/temp"
    module = Half()
    tf.saved_model.save(module, temp, signatures={"serving_default": module.serve})
    tfrw = rewriter_factory.create_rewriter(rewriter_factory.TFLITE_REWRITER, name="lite", %s)
    converters.rewrite_saved_model(temp, fn_args.serving_model_dir, tfrw, rewriter.ModelType.TFLITE_MODEL)
    fileio.rmtree(temp)  # The engine has removed it.
"""


class RunModuleTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = folder.name

    def run_fn(self, code, services=None, environment=None):
        path = os.path.join(self.dir, "module.py")
        with open(path, "w") as f:
            f.write(code)
        return fake_engine.Run("run_fn", path, self.arguments(), VERSION, services, environment)

    def arguments(self):
        return {"serving_model_dir": os.path.join(self.dir, "model"), "custom_config": "null", "hyperparameters": "",
                "schema_path": "", "transform_graph_path": ""}  # fmt: skip

    def test_keras_2_unless_the_file_says_otherwise(self):
        try:
            import importlib.metadata

            importlib.metadata.version("tf-keras")
        except importlib.metadata.PackageNotFoundError:
            self.skipTest("needs tf-keras")
        for code, environment, keras in [("", {}, "2."), ("import keras", {}, "3."), ("", {"TF_USE_LEGACY_KERAS": "0"}, "3.")]:
            with self.subTest(code=code, environment=environment):
                run = self.run_fn(TRAIN % code, environment=environment)
                self.assertIn("returned", run.result, run.log[-3000:])
                self.assertRegex(run.log, rf"tfxm: tf.keras is Keras {keras[0]} \((tf_)?keras {keras}")
                self.assertRegex(run.log, "from tf_keras" if keras == "2." else "from keras")
                # The progress of a fit, whichever Keras: an epoch of two is a half.
                self.assertIn(0.5, [round(fraction, 3) for _, fraction in run.progress])
                self.assertTrue(run.progress[-1][0].startswith("epoch 2/2: loss"), run.progress)
                self.assertEqual(run.progress[-1][1], 1.0)

    def test_the_rewriters_arguments_reach_the_engine(self):
        seen = {}

        def rewrite(arguments):
            data = arguments["options"].get("representative_dataset")
            if data:
                seen["samples"] = [
                    list(tf.train.Example.FromString(r.numpy()).features.feature["x"].float_list.value)
                    for r in tf.data.TFRecordDataset(data["examples"], compression_type="GZIP")]  # fmt: skip
            shutil.rmtree(arguments["src"])
            return "report"

        run = self.run_fn(
            REWRITE % "quantization_optimizations=[tf.lite.Optimize.DEFAULT], quantization_supported_types=[tf.int8], "
            "limits={'min_sqnr_db': 20}, representative_dataset=lambda: ([np.full([1, 2], i, np.float32)] for i in range(3))",
            {"rewrite": rewrite})  # fmt: skip
        self.assertIn("returned", run.result, run.log[-3000:])
        self.assertEqual(seen["samples"], [[0, 0], [1, 1], [2, 2]])
        options = run.calls[0]["options"]
        self.assertEqual(options["quantization_optimizations"], ["DEFAULT"])
        self.assertEqual(options["quantization_supported_types"], ["int8"])
        self.assertEqual(options["limits"], {"min_sqnr_db": 20})
        self.assertEqual(run.calls[0]["dst"], os.path.join(self.dir, "model"))

    def test_a_rewriter_that_is_not_there(self):
        run = self.run_fn((REWRITE % "").replace("rewriter_factory.TFLITE_REWRITER", "'TFLiteRewriterr'"))
        self.assertIn("Failed to find rewriter: TFLiteRewriterr; did you mean TFLiteRewriter?", run.result["failed"])
        run = self.run_fn(REWRITE % "quantization_enable_full_integer=True")
        self.assertIn("`representative_dataset` must be defined", run.result["failed"])

    def test_threads_may_be_set(self):
        run = self.run_fn(
            "import os, tensorflow as tf\n"
            "def run_fn(fn_args):\n"
            "  tf.config.threading.set_intra_op_parallelism_threads(1)\n"
            "  tf.config.threading.set_inter_op_parallelism_threads(1)\n"
            "  os.chdir('/')\n"
            "  tf.saved_model.save(tf.Module(), fn_args.serving_model_dir)\n")  # fmt: skip
        self.assertIn("returned", run.result, run.log[-3000:])

    def test_a_module_in_a_package_finds_the_package(self):
        files = {
            "__init__.py": "",
            "models/__init__.py": "",
            "models/keras/__init__.py": "",
            "models/keras/model.py": "from models import features\nfrom settings import units\n\ndef run_fn(fn_args):\n  print('units', units, features.names)\n",
            "models/features.py": "names = ['a']\n",
            "settings.py": "units = 7\n",
            "unused.py": "",
        }
        for name, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(self.dir, name)), exist_ok=True)
            with open(os.path.join(self.dir, name), "w") as f:
                f.write(text)
        path = os.path.join(self.dir, "models/keras/model.py")
        run = fake_engine.Run("run_fn", path, self.arguments(), VERSION)
        self.assertIn("units 7 ['a']", run.log)
        # What a change of makes it run anew.
        found = fake_engine.Run("sources", path, {}, VERSION).result["returned"]["files"]
        self.assertEqual({os.path.relpath(f, self.dir) for f in found}, set(files) - {"__init__.py", "unused.py", "models/keras/__init__.py"})

    def test_relative_imports(self):
        """As in TFX with a function's import path; the file's own folder needs no __init__.py for that."""
        model = "from . import sizes\nfrom .parts.layer import units\nfrom ..features import names\n\ndef run_fn(fn_args):\n  print('units', units, names, sizes.__name__)\n"
        package = {
            "models/__init__.py": "",
            "models/features.py": "names = ['a']\nprint('read once')\n",
            "models/keras/__init__.py": "",
            "models/keras/sizes.py": "batch = 2\n",
            "models/keras/model.py": model,
            "models/keras/parts/__init__.py": "",
            "models/keras/parts/layer.py": "from ..sizes import batch\nfrom ... import features\nunits = batch + 5\n",
        }
        absolute = {"__init__.py": "", "models/keras/model.py": "from models import features\n" + model}
        shadowed = {**{f"json/{name.removeprefix('models/')}": text for name, text in package.items()}, "json/keras/model.py": model}
        beside = {"one/two/model.py": "from .sizes import batch\n\ndef run_fn(fn_args):\n  print('batch', batch)\n", "one/two/sizes.py": "batch = 2\n"}
        for name, files, path, said in (
            ("whole", package, "models/keras/model.py", r"units 7 \['a'\] models.keras.sizes"),
            ("called", {**package, **absolute}, "models/keras/model.py", r"units 7 \['a'\] models.keras.sizes"),  # Not root.models…, which is another one.
            ("shadowed", shadowed, "json/keras/model.py", r"units 7 \['a'\] tfxm_module_json.keras.sizes"),
            ("my.own", beside, "one/two/model.py", "batch 2"),
        ):
            with self.subTest(name):
                for file, text in files.items():
                    full = os.path.join(self.dir, name, file)
                    os.makedirs(os.path.dirname(full), exist_ok=True)
                    with open(full, "w") as f:
                        f.write(text)
                module = os.path.join(self.dir, name, path)
                run = fake_engine.Run("run_fn", module, self.arguments(), VERSION)
                self.assertRegex(run.log, said)
                self.assertLessEqual(run.log.count("read once"), 1)
                found = fake_engine.Run("sources", module, {}, VERSION).result["returned"]["files"]
                self.assertEqual({os.path.relpath(f, os.path.join(self.dir, name)) for f in found}, set(files))

    def test_sources_import_nothing(self):
        path = os.path.join(self.dir, "module.py")
        with open(path, "w") as f:
            f.write("raise RuntimeError('run')\n")
        result = fake_engine.Run("sources", path, {}, VERSION).result["returned"]
        self.assertEqual(list(result["files"]), [path])
        self.assertEqual(result["versions"]["TensorFlow"], tf.__version__)
        self.assertIn("keras", result["versions"]["Keras"])
        json.dumps(result)


if __name__ == "__main__":
    unittest.main()
