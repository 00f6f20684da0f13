# SPDX-License-Identifier: Apache-2.0
"""Passes on Beam: on its own runner, in one process and in several, which is skipped where apache-beam is not installed; and
who is given which arguments, with a stand-in for Beam that notes them."""

from __future__ import annotations

import glob
import json
import os
import unittest

from support import tfrecords
from support.engine_test import EngineTest
from support.pass_data import PassTest

try:
    import apache_beam as beam
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError:
    beam = None


@unittest.skipIf(beam is None, "NOT TESTED: tfxm.beam, since apache-beam is not installed (make scale does)")
class BeamTest(PassTest):
    def run_on(self, *options: str) -> None:
        from tfxm.beam import RunPass

        with beam.Pipeline(options=PipelineOptions(list(options))) as pipeline:
            result = pipeline | RunPass(self.request, self.output, work_dir=self.work_dir, engine=self.engine)
            result | beam.Map(lambda path, expected: self.assertEqual(path, expected), self.output)
        self.expect_result()

    def test_in_this_process(self) -> None:
        self.run_on("--runner=DirectRunner")

    def test_in_several_processes(self) -> None:
        self.run_on("--runner=DirectRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2")


_PIPELINE = """
from tfx import v1 as tfx
example_gen = tfx.components.ImportExampleGen(input_base="data")
statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"])
more = statistics_gen.with_beam_pipeline_args({of_node!r})
tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
    pipeline_name="p", pipeline_root={root!r}, components=[example_gen, statistics_gen], beam_pipeline_args={of_pipeline!r},
    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config({root!r} + ".db")))
"""

_STAND_IN = """
import json, os
class Step:
    def __init__(self, run):
        self.run = run
    def __rrshift__(self, label):
        return self
class Pipeline:
    def __init__(self, options):
        with open(os.environ["BEAM_HAS_SEEN"], "a") as f:
            f.write(json.dumps(options) + "\\n")
    def __enter__(self):
        return self
    def __exit__(self, *error):
        pass
    def __or__(self, step):
        self.elements = step.run(getattr(self, "elements", None))
        return self
def Create(values):
    return Step(lambda _: list(values))
def Reshuffle():
    return Step(lambda elements: elements[::-1])
def Map(function):
    return Step(lambda elements: [function(element) for element in elements])
"""


class LauncherTest(EngineTest):
    """--launcher=beam, and the beam_pipeline_args of a pipeline that is written for TFX."""

    def setUp(self) -> None:
        super().setUp()
        data = os.path.join(self.folder, "data")
        os.makedirs(data)
        for name, n in {"a": 300, "b": 40}.items():
            tfrecords.write(os.path.join(data, f"{name}.tfrecord"), [{"fare": i * 0.7, "company": f"company {i % 13}"} for i in range(n)])
        self.has_seen = os.path.join(self.folder, "has_seen")

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "BEAM_HAS_SEEN": self.has_seen}

    def pipeline(self, root: str, of_pipeline: list[str], of_node: list[str]) -> str:
        path = os.path.join(self.folder, f"{root}.py")
        with open(path, "w", encoding="utf-8") as f:
            f.write(_PIPELINE.format(root=root, of_pipeline=of_pipeline, of_node=of_node))
        return path

    def statistics(self, root: str) -> dict[str, bytes]:
        found = {}
        for path in glob.glob(os.path.join(self.folder, root, "StatisticsGen/statistics/*/Split-*/FeatureStats.pb")):
            with open(path, "rb") as f:
                found[os.path.basename(os.path.dirname(path))] = f.read()
        self.assertEqual(set(found), {"Split-train", "Split-eval"})
        return found

    def error_of_damaged_data(self) -> str:
        with open(os.path.join(self.folder, "data", "b.tfrecord"), "ab") as f:
            f.write(b"no record")
        failed = self.call("stats", "--data=data/*", "--output=stats.pb", "--launcher=beam")
        self.assertEqual(failed.returncode, 3, failed.stderr)
        return failed.stderr


class BeamArgumentsTest(LauncherTest):
    def setUp(self) -> None:
        super().setUp()
        self.stand_in = os.path.join(self.folder, "stand_in")
        for name, text in (("__init__.py", _STAND_IN), ("options/__init__.py", ""), ("options/pipeline_options.py", "PipelineOptions = list\n")):
            path = os.path.join(self.stand_in, "apache_beam", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)

    def environment(self) -> dict[str, str]:
        env = super().environment()
        env["PYTHONPATH"] = os.pathsep.join([self.stand_in, env["PYTHONPATH"]])
        return env

    def seen(self) -> list[list[str]]:
        if not os.path.exists(self.has_seen):
            return []
        with open(self.has_seen, encoding="utf-8") as f:
            seen = [json.loads(line) for line in f]
        os.remove(self.has_seen)
        return seen

    def test_what_the_files_pipeline_and_node_say_arrives_at_the_runner(self) -> None:
        flink = ["--runner=FlinkRunner", "--flink_master=host:8081", "--environment_type=EXTERNAL", '--environment_config={"a b": "it\'s"}']
        said = self.tfxm("run", self.pipeline("flink", flink, ["--parallelism", "7"]))
        self.assertNotIn("no effect", said)
        self.assertEqual(self.seen(), [flink + ["--parallelism", "7"]] * 2, "a pass for each split")
        direct = ["--direct_num_workers=0", "--direct_running_mode=multi_processing"]
        path = self.pipeline("direct", direct, [])
        self.assertIn("beam_pipeline_args=…) is accepted and has no effect", self.tfxm("run", path))
        self.assertEqual(self.seen(), [])
        self.assertEqual(self.statistics("flink"), self.statistics("direct"), "the same bytes")
        self.tfxm("run", path, "--launcher=beam")
        self.assertEqual(self.seen(), [direct] * 2)
        self.tfxm("run", path, "--launcher=beam --runner=SparkRunner")
        self.assertEqual(self.seen(), [["--runner=SparkRunner"]] * 2, "the command line's come before the file's")
        self.assertIn("no effect", self.tfxm("run", self.pipeline("flink", flink, []), "--launcher=processes:2"))
        self.assertEqual(self.seen(), [])

    def test_an_intermediate_representation_has_them(self) -> None:
        path = self.pipeline("printed", ["--runner=SparkRunner"], ["--x=1"])
        ir = os.path.join(self.folder, "ir.json")
        with open(ir, "w", encoding="utf-8") as f:
            f.write(self.call("run", path, "--print_ir").stdout)
        self.tfxm("run", f"--ir={ir}")
        self.assertEqual(self.seen(), [["--runner=SparkRunner", "--x=1"]] * 2)

    def test_a_command(self) -> None:
        stats = ("stats", "--data=data/*", "--output")
        self.tfxm(*stats, "threads.pb")
        self.tfxm(*stats, "beam.pb", "--launcher=beam --runner=FlinkRunner")
        self.assertEqual(self.seen(), [["--runner=FlinkRunner"]])
        with open(os.path.join(self.folder, "threads.pb"), "rb") as threads, open(os.path.join(self.folder, "beam.pb"), "rb") as beam_s:
            self.assertEqual(threads.read(), beam_s.read())

    def test_what_is_wrong_is_said(self) -> None:
        self.assertRegex(self.error_of_damaged_data(), "the pass as a Beam pipeline: .*shard 1: its worker ended with status 3: .*b.tfrecord")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "stats.pb")))
        refused = self.call("stats", "--data=data/*", "--output=stats.pb", "--launcher=beam", "--workers=2")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("its runner's options say", refused.stderr)
        with open(os.path.join(self.stand_in, "apache_beam", "__init__.py"), "w", encoding="utf-8") as f:
            f.write("raise ImportError('not here')\n")
        none = self.call("stats", "--data=data/*", "--output=stats.pb", "--launcher=beam")
        self.assertEqual(none.returncode, 3)
        self.assertRegex(none.stderr, r"cannot import apache_beam \(not here\); pip install apache-beam, .*TFXM_PYTHON.*--launcher=threads")


@unittest.skipIf(beam is None, "NOT TESTED: --launcher=beam on Beam itself, since apache-beam is not installed (make scale does)")
class BeamLauncherTest(LauncherTest):
    def test_a_pipeline_on_beams_runners(self) -> None:
        local = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"  # One by another name than DirectRunner.
        self.tfxm("run", self.pipeline("by_beam", [f"--runner={local}"], []))
        self.tfxm("run", self.pipeline("by_threads", [], []))
        processes = "beam --runner=DirectRunner --direct_running_mode=multi_processing --direct_num_workers=2"
        self.tfxm("run", self.pipeline("by_processes", [], []), f"--launcher={processes}")
        expected = self.statistics("by_threads")
        self.assertEqual(self.statistics("by_beam"), expected)
        self.assertEqual(self.statistics("by_processes"), expected)

    def test_what_a_worker_has_said_is_what_is_said(self) -> None:
        error = self.error_of_damaged_data()
        self.assertRegex(error, "shard 1: its worker ended with status 3: .*b.tfrecord")
        self.assertNotIn("Traceback", error)

    def test_a_runner_that_is_none(self) -> None:
        failed = self.call("stats", "--data=data/*", "--output=stats.pb", "--launcher=beam --runner=Nobody")
        self.assertEqual(failed.returncode, 3)
        self.assertRegex(failed.stderr, "the pass as a Beam pipeline: .*Nobody")


if __name__ == "__main__":
    unittest.main()
