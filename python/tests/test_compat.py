# SPDX-License-Identifier: Apache-2.0
"""tfxm.compat: who asks for it sees the served packages, nobody else does."""

import importlib
import os
import sys
import tempfile
import unittest

from tfxm import compat


class CompatTest(unittest.TestCase):
    def tearDown(self):
        compat.uninstall()

    def test_served_only_while_installed(self):
        compat.install()
        import tfx

        self.assertTrue(tfx.__file__.startswith(compat.PACKAGES))
        compat.uninstall()
        self.assertNotIn("tfx", sys.modules)
        self.assertNotIn(compat.PACKAGES, sys.path)
        spec = importlib.util.find_spec("tfx")
        self.assertTrue(spec is None or not spec.origin.startswith(compat.PACKAGES))

    def test_examples_lie_beside_the_users_file(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "utils_base.py"), "w") as f:
                f.write("answer = 42\n")
            compat.install(beside=[folder])
            module = importlib.import_module("tfx.examples.mnist.utils_base")
            self.assertEqual(module.answer, 42)
            self.assertEqual(module.__name__, "tfx.examples.mnist.utils_base")
            with self.assertRaises(ModuleNotFoundError):
                importlib.import_module("tfx.examples.mnist.other")

    def test_an_example_in_folders_of_its_own_is_found_from_any_of_them(self):
        with tempfile.TemporaryDirectory() as folder:
            for path, text in {"hello/part/__init__.py": "", "hello/part/executor.py": "answer = 1\n", "hello/example/run.py": ""}.items():
                os.makedirs(os.path.join(folder, "examples_of_mine", os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(folder, "examples_of_mine", path), "w") as f:
                    f.write(text)
            compat.install(beside=[os.path.join(folder, "examples_of_mine", "hello", "example")])
            self.assertEqual(importlib.import_module("tfx.examples.examples_of_mine.hello.part.executor").answer, 1)
            with self.assertRaises(ModuleNotFoundError):
                importlib.import_module("tfx.examples.examples_of_mine.hello.other.executor")

    def test_a_template_is_found_where_it_lies(self):
        with tempfile.TemporaryDirectory() as folder:
            pipeline = os.path.join(folder, "templates", "penguin", "pipeline")
            os.makedirs(pipeline)
            for name, text in {"__init__.py": "", "configs.py": "answer = 1\n"}.items():
                with open(os.path.join(pipeline, name), "w") as f:
                    f.write(text)
            compat.install(beside=[os.path.dirname(pipeline)])
            self.assertEqual(importlib.import_module("tfx.experimental.templates.penguin.pipeline.configs").answer, 1)
            for name in ("tfx.experimental.templates.penguin.pipeline.other", "tfx.experimental.other"):
                with self.assertRaises(ModuleNotFoundError):
                    importlib.import_module(name)

    def test_the_real_one_must_be_installed(self):
        with self.assertRaisesRegex(ValueError, "--real=tensorflow: expected tfx, .*tft"):
            compat.install(real=["tensorflow"])
        if importlib.machinery.PathFinder.find_spec("ml_metadata") is None:
            with self.assertRaisesRegex(ImportError, "--real=ml_metadata: it is not installed"):
                compat.install(real=["mlmd"])

    def test_the_real_one_is_taken(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "tensorflow_data_validation"))
            with open(os.path.join(folder, "tensorflow_data_validation", "__init__.py"), "w") as f:
                f.write("real = True\n")
            sys.path.insert(0, folder)
            try:
                compat.install(real=["tfdv"])
                self.assertTrue(importlib.import_module("tensorflow_data_validation").real)
            finally:
                sys.path.remove(folder)
                sys.modules.pop("tensorflow_data_validation", None)
            compat.install()
            self.assertFalse(hasattr(importlib.import_module("tensorflow_data_validation"), "real"))

    def test_a_missing_name_names_its_neighbours(self):
        error = compat.missing("tfx.components", "StatisticGen", ["StatisticsGen", "SchemaGen"])
        self.assertRegex(str(error), "tfxm has no tfx.components.StatisticGen; did you mean StatisticsGen")


if __name__ == "__main__":
    unittest.main()
