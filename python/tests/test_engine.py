# SPDX-License-Identifier: Apache-2.0
"""A pipeline in Python on the real engine: it runs, is cached, and is run again as what `--print_ir` prints."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

from support import needs, tfrecords
from support.pipelines import PipelineFileTest

from tfxm import run_pipeline

_PIPELINE = """
import os
from tfxm import v1 as tfx

folder = os.path.dirname(os.path.abspath(__file__))
gen = tfx.components.ImportExampleGen(
    input_base=tfx.dsl.experimental.RuntimeParameter("data", str, os.path.join(folder, "data")))
statistics = tfx.components.StatisticsGen(examples=gen.outputs["examples"])
schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
validator = tfx.components.ExampleValidator(statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"])
tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
    pipeline_name="taxi", pipeline_root=os.path.join(folder, "root"), components=[gen, statistics, schema, validator],
    enable_cache=True,
    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(os.path.join(folder, "metadata.db"))))
"""

# Its node says which processes it is in, from its own to the one that has started it all, and does not end by itself.
_SLOW = """
import os
import time
from tfx import v1 as tfx
from tfx.dsl.component.experimental.decorators import component

@component
def Slow():
  processes = [os.getpid()]
  while processes[-1] > 1:
    with open(f"/proc/{processes[-1]}/stat") as f:
      processes.append(int(f.read().rpartition(")")[2].split()[1]))
  with open("FOLDER/started.partial", "w") as f:
    f.write(" ".join(map(str, processes)))
  os.rename("FOLDER/started.partial", "FOLDER/started")
  time.sleep(600)

if __name__ == "__main__":
  tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
      pipeline_name="slow", pipeline_root="root", components=[Slow()],
      metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config("metadata.db")))
  print("after")
"""


def _is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


class EngineTest(PipelineFileTest):
    def setUp(self) -> None:
        super().setUp()
        self.engine = needs.engine()
        os.mkdir(os.path.join(self.folder, "data"))
        examples = [{"fare": 2.5 + i, "trips": i, "company": f"company {i % 3}"} for i in range(100)]
        tfrecords.write(os.path.join(self.folder, "data", "examples.tfrecord"), examples)
        self.path = self.write("taxi.py", _PIPELINE)

    def tfxm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "TFXM_PYTHON": sys.executable}
        env.pop("PYTHONPATH", None)
        env.pop("TFXM_ENGINE", None)
        output = f"--output={self.folder}/out"
        return subprocess.run([self.engine, "run", *arguments, output], env=env, capture_output=True, text=True)

    def test_it_runs_and_is_not_done_again(self) -> None:
        first = self.tfxm(self.path)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertIn("taxi: 4 nodes: 4 complete", first.stdout)
        second = self.tfxm(self.path)
        self.assertIn("taxi: 4 nodes: 4 cached", second.stdout, second.stderr)
        printed = self.tfxm(self.path, "--print_ir")
        again = self.tfxm(f"--ir={self.write('printed.json', printed.stdout)}")
        self.assertIn("taxi: 4 nodes: 4 cached", again.stdout, again.stderr)

    def test_the_launcher_knows_the_engines_flags(self) -> None:
        ir = self.write("printed.json", self.tfxm(self.path, "--print_ir").stdout)
        shown = self.tfxm(f"--ir={ir}", "--", "--help")
        of_the_pipeline = {"data", "data_root", "pipeline-root"}
        flags = {name: value for name, value in re.findall(r"^  --([\w-]+)(=?)", shown.stdout, re.MULTILINE) if name not in of_the_pipeline}
        self.assertEqual(set(flags), set(run_pipeline.ENGINE_FLAGS) - {"help"}, shown.stderr)
        self.assertEqual({name for name, value in flags.items() if value}, set(run_pipeline.WITH_VALUE) - {"real"})

    def test_a_runtime_parameter_is_a_flag(self) -> None:
        run = self.tfxm(self.path, "--data=/nowhere")
        self.assertEqual(run.returncode, 3)
        self.assertIn("/nowhere", run.stdout + run.stderr)

    def test_a_condition_rules_out_what_is_in_it(self) -> None:
        with open(self.path, encoding="utf-8") as f:
            text = f.read()
        condition = "with tfx.dsl.Cond(gen.outputs['examples'].future()[0].property('span') == 7):\n  validator = "
        run = self.tfxm(self.write("conditional.py", text.replace("validator = ", condition)))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"ExampleValidator +skipped: its condition does not hold")
        self.assertIn("3 complete", run.stdout)

    def test_a_component_that_the_engine_does_not_have_is_named_before_anything_starts(self) -> None:
        with open(self.path, encoding="utf-8") as f:
            text = f.read()
        path = self.write("other.py", text.replace("schema = ", "tfx.components.StatisticsGen.EXECUTOR = 'tfx.components.statistic_gen.Executor'\nschema = "))
        run = self.tfxm(path)
        self.assertEqual(run.returncode, 3)
        self.assertIn('taxi: node StatisticsGen: tfxm has no executor "tfx.components.statistic_gen.Executor"', run.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "root")))

    def test_two_pipelines_and_what_follows(self) -> None:
        with open(self.path, encoding="utf-8") as f:
            text = f.read()
        first = text.replace("taxi", "first").replace("metadata.db", "first.db")
        look = "print('schemas:', sorted(os.listdir(os.path.join(folder, 'root', 'SchemaGen', 'schema'))))\n"
        run = self.tfxm(self.write("two.py", first + look + text + "print('after')\n"))
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertRegex(run.stdout, r"(?s)first: 4 nodes: 4 complete.*schemas: \['\d+'\].*taxi: 4 nodes: 4 complete.*after\n$")
        self.assertTrue(os.path.exists(os.path.join(self.folder, "out", "report.html")), "of the first")
        self.assertTrue(os.path.exists(os.path.join(self.folder, "out", "taxi", "report.html")), "of the second")
        for folder in ("data", "root"):
            shutil.rmtree(os.path.join(self.folder, folder))
        run = self.tfxm(self.path.replace("taxi.py", "two.py"))
        self.assertEqual(run.returncode, 3)
        self.assertRegex(run.stdout, "first: 4 nodes: 1 FAILED, 3 skipped")
        self.assertNotIn("schemas", run.stdout)
        self.assertNotIn("Traceback", run.stderr)

    def test_its_end_is_that_of_all_it_has_started(self) -> None:
        path = self.write("slow.py", _SLOW.replace("FOLDER", self.folder))
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)):
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(self.folder, "started"))
            with open(os.path.join(self.folder, "said"), "w", encoding="utf-8") as said:  # No pipe, which an orphan would hold open.
                process = subprocess.Popen(
                    [self.engine, "run", path], env={**os.environ, "TFXM_PYTHON": sys.executable}, cwd=self.folder,
                    stdout=said, stderr=said, text=True, start_new_session=True)  # fmt: skip
            self.addCleanup(process.kill)
            self.wait_for("started", process)
            processes = [int(pid) for pid in self.read("started").split()]
            self.assertIn(process.pid, processes)
            process.send_signal(number)
            self.assertEqual(process.wait(), status, self.read("said"))
            self.assertNotIn("after", self.read("said"))
            below = processes[: processes.index(process.pid)]
            deadline = time.monotonic() + 60
            while any(map(_is_running, below)):  # A killed process's end takes its moment.
                self.assertLess(time.monotonic(), deadline, "it goes on")
                time.sleep(0.01)

    def test_without_a_python(self) -> None:
        env = {**os.environ, "TFXM_PYTHON": "/no/such/python"}
        run = subprocess.run([self.engine, "run", self.path], env=env, capture_output=True, text=True)
        self.assertEqual(run.returncode, 3, run.stderr)
        self.assertIn("there is no Python (/no/such/python)", run.stderr)

    def test_with_a_python_without_protobuf(self) -> None:
        bare = self.write("bare_python", f'#!/bin/sh\nexec "{sys.executable}" -S -E "$@"\n')
        os.chmod(bare, 0o755)
        env = {**os.environ, "TFXM_PYTHON": bare}
        run = subprocess.run([self.engine, "run", self.path], env=env, capture_output=True, text=True)
        self.assertEqual(run.returncode, 3)
        self.assertIn("has no protobuf", run.stderr)
        self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)


if __name__ == "__main__":
    unittest.main()
