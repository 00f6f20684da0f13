# SPDX-License-Identifier: Apache-2.0
"""InteractiveContext in a notebook that nbconvert executes. Skipped where nbconvert and ipykernel are not installed."""

from __future__ import annotations

import os
import subprocess
import sys
import unittest

from support import tfrecords
from support.engine_test import EngineTest
from support.pipelines import PYTHON_FOLDER

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


class NotebookTest(EngineTest):
    PACKAGES = ("nbconvert", "ipykernel")

    def test_components_run_and_show_themselves(self) -> None:
        import nbformat  # type: ignore[import-not-found]

        os.makedirs(os.path.join(self.folder, "data"))
        tfrecords.write(os.path.join(self.folder, "data", "x.tfrecord"), [{"label": float(i)} for i in range(30)])
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in _CELLS])
        nbformat.write(notebook, os.path.join(self.folder, "my.ipynb"))
        environment = {**self.environment(), "TFXM_ENGINE": self.engine, "PYTHONPATH": PYTHON_FOLDER}
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
