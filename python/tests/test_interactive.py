# SPDX-License-Identifier: Apache-2.0
"""InteractiveContext on the engine, without a notebook: what would be displayed there is printed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import unittest
from typing import Any

from support import tfrecords
from support.engine_test import EngineTest
from support.pipelines import PYTHON_FOLDER

from tfxm import compat
from tfxm import v1 as tfx
from tfxm.library import artifacts
from tfxm.orchestration.runner import RunError
from tfxm.v1.orchestration.experimental.interactive.interactive_context import InteractiveContext

_CONFIG = {
    "model_specs": [{"label_key": "label", "prediction_key": "prediction"}],
    "slicing_specs": [{}],
    "metrics_specs": [{"metrics": [{"class_name": "MeanAbsoluteError", "threshold": {"value_threshold": {"upper_bound": 1}}}]}],
}

_CELLS = (
    "from tfxm import v1 as tfx\n"
    "example_gen = tfx.components.ImportExampleGen(input_base='data')\n"
    "statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs['examples'])\n"
    "components = [example_gen, statistics_gen]",
    "from tfxm.v1.orchestration.experimental.interactive.interactive_context import InteractiveContext\n"
    "context = InteractiveContext(pipeline_root='root')",
    "%%skip_for_export\ncontext.run(example_gen)",
    "%%skip_for_export\ncontext.run(statistics_gen)\ncontext.show(statistics_gen.outputs['statistics'])",
    "%%skip_for_export\ncontext.export_to_pipeline('my.ipynb', 'exported.py')",
)


class InteractiveTest(EngineTest):
    def setUp(self) -> None:
        super().setUp()
        self.data = os.path.join(self.folder, "data")
        os.makedirs(self.data)
        tfrecords.write(os.path.join(self.data, "x.tfrecord"), [{"label": float(i), "prediction": i + 0.5} for i in range(60)])
        self.said = io.StringIO()
        redirected = contextlib.redirect_stdout(self.said)
        redirected.__enter__()
        self.addCleanup(redirected.__exit__, None, None, None)
        self.context = InteractiveContext(pipeline_root=os.path.join(self.folder, "root"))

    def example_gen(self, data: str | None = None) -> Any:
        return tfx.components.ImportExampleGen(input_base=data or self.data)

    def test_one_component_after_the_other(self) -> None:
        example_gen = self.example_gen()
        self.assertEqual(example_gen.outputs["examples"].get(), [])
        result = self.context.run(example_gen)
        examples = example_gen.outputs["examples"].get()[0]
        self.assertFalse(result.cached)
        self.assertTrue(os.path.isdir(os.path.join(examples.uri, "Split-train")))
        self.assertEqual(examples.split_names, '["train", "eval"]')
        self.assertEqual(result.outputs["examples"][0].uri, examples.uri)
        self.assertIn(examples.uri, result._repr_html_())
        self.assertIn("60 examples", self.said.getvalue())
        self.assertTrue(self.context.run(example_gen).cached)
        self.assertFalse(self.context.run(example_gen, enable_cache=False).cached)

        statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"])
        self.context.run(statistics_gen)
        schema_gen = tfx.components.SchemaGen(statistics=statistics_gen.outputs["statistics"])
        self.context.run(schema_gen)
        validator = tfx.components.ExampleValidator(statistics=statistics_gen.outputs["statistics"], schema=schema_gen.outputs["schema"])
        self.context.run(validator)
        evaluator = tfx.components.Evaluator(examples=example_gen.outputs["examples"], eval_config=_CONFIG)
        self.context.run(evaluator)
        for channel, texts, html in (
            (example_gen.outputs["examples"], ("Split-train", "prediction  float"), "prediction"),
            (statistics_gen.outputs["statistics"], ("Split-eval", "numeric feature"), "<table>"),
            (schema_gen.outputs["schema"], ("label  FLOAT",), "<table>"),
            (validator.outputs["anomalies"], ("No anomalies found.",), "No anomalies found."),
            (evaluator.outputs["evaluation"], ("mean_absolute_error",), "<iframe srcdoc="),
            (evaluator.outputs["blessing"], ("BLESSED",), "BLESSED"),
        ):
            self.said.truncate(0)
            self.context.show(channel)
            for text in texts:
                self.assertIn(text, self.said.getvalue())
            shown = [content._repr_html_() for _, content in artifacts.contents(channel.get()[0])]
            self.assertIn(html, shown[0])

    def test_what_has_not_been_run_is_named(self) -> None:
        example_gen = self.example_gen()
        statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"])
        with self.assertRaisesRegex(ValueError, "StatisticsGen needs ImportExampleGen, which has not been run"):
            self.context.run(statistics_gen)
        with self.assertRaisesRegex(ValueError, "there is nothing yet: run the component first"):
            self.context.show(example_gen.outputs["examples"])
        with self.assertRaisesRegex(TypeError, "expected a component, got str"):
            self.context.run("ImportExampleGen")  # type: ignore[arg-type]
        self.context.run(example_gen)
        self.context.run(self.example_gen())  # The cell is run again: another object.
        with self.assertRaisesRegex(ValueError, "StatisticsGen takes from an older ImportExampleGen"):
            self.context.run(statistics_gen)
        self.context.run(example_gen)
        self.context.run(statistics_gen)

    def test_a_failure_is_told_and_leaves_no_outputs(self) -> None:
        example_gen = self.example_gen()
        self.context.run(example_gen)
        example_gen.exec_properties["input_base"] = os.path.join(self.folder, "nowhere")
        with self.assertRaisesRegex(RunError, "interactive.*status 3"):
            self.context.run(example_gen)
        self.assertIn("nowhere", self.said.getvalue())
        self.assertEqual(example_gen.outputs["examples"].get(), [])

    def test_importers_and_resolvers(self) -> None:
        curated = os.path.join(self.folder, "curated")
        os.makedirs(curated)
        with open(os.path.join(curated, "schema.pbtxt"), "w", encoding="utf-8") as f:
            f.write('feature { name: "label" type: FLOAT }')
        importer = tfx.dsl.Importer(source_uri=curated, artifact_type=tfx.types.standard_artifacts.Schema)
        self.context.run(importer)
        example_gen = self.example_gen()
        self.context.run(example_gen)
        statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"], schema=importer.outputs["result"])
        self.context.run(statistics_gen)
        resolver = tfx.dsl.Resolver(
            strategy_class=tfx.dsl.experimental.LatestArtifactStrategy,
            examples=tfx.dsl.Channel(type=tfx.types.standard_artifacts.Examples),
        )
        self.context.run(resolver)
        self.assertEqual(resolver.outputs["examples"].get()[0].id, example_gen.outputs["examples"].get()[0].id)
        self.context.run(tfx.components.StatisticsGen(examples=resolver.outputs["examples"]).with_id("StatisticsGen.resolved"))

    def test_a_component_function_needs_a_file(self) -> None:
        cell: dict[str, Any] = {"__name__": "__main__", "tfx": tfx}
        exec(compile("@tfx.dsl.components.component\ndef Hello():\n  pass\n", "<cell 1>", "exec"), cell)
        with self.assertRaisesRegex(ValueError, "Hello is a @component of a cell.*%%writefile"):
            self.context.run(cell["Hello"]())

    def test_without_a_folder_of_ones_own(self) -> None:
        context = InteractiveContext()
        self.assertIn(context.pipeline_root, self.said.getvalue())
        self.assertTrue(os.path.isdir(context.pipeline_root))
        os.rmdir(context.pipeline_root)

    def test_by_tfx_s_name(self) -> None:
        compat.install()
        self.addCleanup(compat.uninstall)
        from tfx.orchestration.experimental.interactive.interactive_context import InteractiveContext as Served

        self.assertIs(Served, InteractiveContext)

    def notebook(self, *cells: str) -> str:
        path = os.path.join(self.folder, "my.ipynb")
        markdown = {"cell_type": "markdown", "metadata": {}, "source": ["components = of a text"]}
        code = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell.splitlines(keepends=True)} for cell in cells]
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"cells": [markdown, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, f)
        return path

    def test_a_notebook_becomes_a_pipeline_file_that_runs(self) -> None:
        notebook = self.notebook(
            "%load_ext autoreload\n!pip install x\nfrom tfx import v1 as tfx",
            "%%skip_for_export\ncontext = InteractiveContext()",
            f"example_gen = tfx.components.ImportExampleGen(input_base={self.data!r})\n_pipeline_name = 'of_the_notebook'",
            "  %%skip_for_export\ncontext.run(example_gen)",
            "components = [example_gen]",
        )
        path = os.path.join(self.folder, "my_pipeline.py")
        self.context.export_to_pipeline(notebook, path, "beam")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for left_out in ("autoreload", "pip install", "InteractiveContext", "context.run"):
            self.assertNotIn(left_out, text)
        self.assertIn("of_the_notebook: 1 nodes: 1 complete", self.tfxm("run", path, f"--output={self.folder}/out"))
        self.assertTrue(os.path.isdir(os.path.join(self.folder, "root", "ImportExampleGen")))

    def test_a_notebook_that_cannot_be_exported_is_told_and_nothing_is_written(self) -> None:
        path = os.path.join(self.folder, "my_pipeline.py")
        for cells, runner, why in (
            (("x = 1",), "local", "no cell that is exported says what the pipeline consists of"),
            (("%%skip_for_export\ncomponents = []",), "local", "no cell that is exported"),
            (("components = [", "1)"), "local", "of its cells together"),
            (("components = []",), "airflow", "runner_type 'airflow'; tfxm has 'beam' and 'local'"),
        ):
            with self.assertRaisesRegex(ValueError, why):
                self.context.export_to_pipeline(self.notebook(*cells), path, runner)
        self.assertFalse(os.path.exists(path))
        with self.assertRaisesRegex(ValueError, "is not a notebook"):
            self.context.export_to_pipeline(__file__, path)


class NotebookTest(EngineTest):
    """In a notebook that nbconvert executes."""

    PACKAGES = ("nbconvert", "ipykernel")

    def test_components_run_and_show_themselves(self) -> None:
        import nbformat  # type: ignore[import-not-found]

        os.makedirs(os.path.join(self.folder, "data"))
        tfrecords.write(os.path.join(self.folder, "data", "x.tfrecord"), [{"label": float(i)} for i in range(30)])
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in _CELLS])
        nbformat.write(notebook, os.path.join(self.folder, "my.ipynb"))
        environment = {**self.environment(), "TFXM_ENGINE": self.engine}
        environment["PYTHONPATH"] = os.pathsep.join([PYTHON_FOLDER, environment["PYTHONPATH"]])
        command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook", "--output", "executed.ipynb", "my.ipynb"]
        done = subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        executed = nbformat.read(os.path.join(self.folder, "executed.ipynb"), as_version=4)
        html = ["".join(out["data"].get("text/html", "") for out in cell["outputs"] if "data" in out) for cell in executed["cells"]]
        self.assertIn("<b>ImportExampleGen</b>: execution", html[2])
        self.assertIn("label", html[3])
        self.assertIn("<table", html[3])
        self.assertIn("interactive: 2 nodes: 2 ", self.tfxm("run", "exported.py"))


if __name__ == "__main__":
    unittest.main()
