# SPDX-License-Identifier: Apache-2.0
"""What happens when a pipeline file is run: flags, and one clear message for each thing that is wrong with it."""

from __future__ import annotations

import os
import signal
import unittest

from support.pipelines import PipelineFileTest

_PIPELINE = """
from tfx import v1 as tfx

schema_gen = tfx.components.ImportSchemaGen(
    schema_file=tfx.dsl.experimental.RuntimeParameter(name="schema", ptype=str, default="schema.pbtxt"))
{more}
tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(
    pipeline_name="p", pipeline_root="root", components=[schema_gen],
    metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config("metadata.db")))
"""


class PipelineFilesTest(PipelineFileTest):
    def pipeline(self, more: str = "") -> str:
        return self.write("my_pipeline.py", _PIPELINE.format(more=more))

    def expect_failure(self, path: str, message: str, *flags: str, status: int = 3) -> None:
        run = self.run_file(path, *flags)
        self.assertEqual(run.returncode, status, run.stderr)
        self.assertRegex(run.stderr, message)
        self.assertNotIn("run_pipeline.py", run.stderr, "the user's part of the traceback")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "ir")), "nothing has run")

    def test_each_gets_its_flags(self) -> None:
        path = self.pipeline("import sys; print(sys.argv[1:])")
        run = self.run_file(path, "--nocache", "--max_parallel_nodes", "2", "--schema=s.pbtxt", "--mine=1")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stdout, "['--schema=s.pbtxt', '--mine=1']\n")
        self.assertEqual(self.arguments(), ["run", "--nocache", "--max_parallel_nodes=2", "--schema=s.pbtxt"])

    def test_a_flag_that_nobody_takes(self) -> None:
        path = self.write("my_pipeline.py", _PIPELINE.format(more=""))
        self.expect_failure(path, "unknown flag --nocahce; did you mean --nocache", "--nocahce", status=2)
        self.expect_failure(path, "unknown flag --shema=x; did you mean --schema", "--shema=x", status=2)
        self.expect_failure(path, "unknown flag data", "data", status=2)
        self.assertEqual(self.run_file(path, "--schema=x", "--help").returncode, 0)
        self.assertEqual(self.arguments(), ["run", "--", "--help", "--schema=x"])

    def test_the_files_own_flags(self) -> None:
        parser = "import argparse; p = argparse.ArgumentParser(); p.add_argument('--data', help='the rows'{0}){1}; print(p.parse_args())"
        path = self.pipeline(parser.format("", "; p.add_argument('--output', default='here')"))
        run = self.run_file(path, "--output=there", "--data", "d")
        self.assertEqual(run.stdout, "Namespace(data='d', output='there')\n", run.stderr)
        self.assertEqual(self.arguments(), ["run", "--output=there"])
        run = self.run_file(path, "--help")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("the rows", run.stdout)
        self.assertEqual(self.arguments(), ["run", "--", "--help"])
        # One that it cannot be run without.
        run = self.run_file(self.pipeline(parser.format(", required=True", "")), "--help")
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertRegex(run.stdout, "(?s)the rows.*Flags of every pipeline: .*--output")

    def test_a_partial_run(self) -> None:
        def run(options: str, *flags: str) -> list[str]:
            text = _PIPELINE.format(more="from tfx.orchestration.pipeline import RunOptions")
            path = self.write("partial.py", text.replace('root="root",', f'root="root", run_options={options},'))
            done = self.run_file(path, *flags)
            self.assertEqual(done.returncode, 0, done.stderr)
            return self.arguments()

        self.assertEqual(run("None", "--from_nodes", "A,B"), ["run", "--from_nodes=A,B"])
        options = "RunOptions(from_nodes=['A', 'B'], to_nodes=('C',))"
        self.assertEqual(run(options), ["run", "--from_nodes=A,B", "--to_nodes=C"])
        self.assertEqual(run(options, "--to_nodes=D"), ["run", "--to_nodes=D"])
        path = self.pipeline("from tfx.orchestration.pipeline import RunOptions; RunOptions(from_nodes='A')")
        os.remove(os.path.join(self.folder, "ir"))
        self.expect_failure(path, r"expected a list of ids, \['A'\]")

    def test_what_comes_after_run(self) -> None:
        """As in TFX, where `run` returns: another pipeline, or a look at what the first has left."""
        again = "tfx.orchestration.LocalDagRunner().run(tfx.dsl.Pipeline(pipeline_name='{0}', pipeline_root='root', components=[schema_gen]))\n"
        path = self.write("two.py", _PIPELINE.format(more="print('before')") + again.format("p") + again.format("q") + "print('after')\n")
        run = self.run_file(path, "--output=there", "--schema=x", "--nocache")
        self.assertEqual((run.returncode, run.stdout), (0, "before\nafter\n"), run.stderr)
        runs = [("p", "there"), ("p", "there"), ("q", "there/q")]  # The report of q is no reason to lose p's.
        self.assertEqual(self.all_arguments(), [["run", f"--output={folder}", "--nocache", "--schema=x"] for _, folder in runs])
        self.assertIn('id: "q"', self.ir_text())
        for flag in ("--help", "--print_ir", "--print_ir=kfp"):
            run = self.run_file(path, flag)
            self.assertEqual((run.returncode, run.stdout), (0, "before\n"), "nothing has run, so that there is nothing to go on with")

    def test_a_run_that_fails(self) -> None:
        after = "print('after')\n"
        path = self.write("one.py", _PIPELINE.format(more="") + after)
        for status in (1, 2, 3):
            run = self.run_file(path, TFXM_TEST_STATUS=str(status))
            self.assertEqual((run.returncode, run.stdout, run.stderr), (status, "", ""), "the engine has said why")
        killed = self.run_file(path, TFXM_TEST_STATUS="KILL")
        self.assertEqual((killed.returncode, killed.stdout), (128 + 9, ""))
        text = _PIPELINE.format(more="").replace("tfx.orchestration.L", "try:\n  tfx.orchestration.L")
        run = self.run_file(self.write("caught.py", text + "except RuntimeError as error: print(error, error.status)\n" + after), TFXM_TEST_STATUS="3")
        self.assertEqual(run.stdout, "pipeline p: the engine ended with status 3; see its messages above 3\nafter\n")
        self.assertEqual(run.returncode, 0)

    def test_signals(self) -> None:
        """Each reaches the engine once, and first; then the file has what Python makes of it."""
        text = "import sys\ntry:\n  " + _PIPELINE.format(more="").strip().replace("\n", "\n  ") + "\n"
        text += "except BaseException as end: print(type(end).__name__, *end.args); raise\nfinally: print('cleaned up')\n"
        path = self.write("ended.py", text)
        for number, status, seen in ((signal.SIGINT, 130, "KeyboardInterrupt"), (signal.SIGTERM, 143, "SystemExit 143"), (signal.SIGHUP, 129, "SystemExit 129")):
            for whole_group in (False, True):
                process = self.start_file(path, TFXM_TEST_STATUS="WAIT")
                self.wait_for("waiting", process)
                (os.killpg if whole_group else os.kill)(process.pid, number)
                output, said = process.communicate()
                self.assertEqual((process.returncode, output), (status, f"{seen}\ncleaned up\n"), said)
                self.assertEqual(self.read("signals"), f"{number.name[3:]}\n")

    def test_the_launcher_of_passes(self) -> None:
        def run(launcher: str, *flags: str) -> list[str]:
            path = self.write("launched.py", _PIPELINE.format(more="").replace('root="root",', f'root="root", launcher={launcher},'))
            done = self.run_file(path, *flags)
            self.assertEqual(done.returncode, 0, done.stderr)
            return self.arguments()

        self.assertEqual(run("None", "--launcher", "processes:2"), ["run", "--launcher=processes:2"])
        self.assertEqual(run("'processes:3'"), ["run", "--launcher=processes:3"])
        self.assertEqual(run("'processes:3'", "--launcher=threads"), ["run", "--launcher=threads"], "the command line comes first")
        both = "tfx.dsl.Launcher('ssh {host} {command}', hosts=['a', 'b'], work_dir='/shared', shard_timeout=60)"
        self.assertEqual(run(both, "--work_dir=/w"), ["run", "--work_dir=/w", "--launcher=ssh {host} {command}", "--hosts=a,b", "--shard_timeout=60"])
        self.expect_no_pipeline("launcher=tfx.dsl.Launcher('')", 'expected "threads", "processes"')
        self.expect_no_pipeline("launcher=tfx.dsl.Launcher('x', hosts='a,b')", "expected a list of hosts")

    def expect_no_pipeline(self, argument: str, message: str) -> None:
        ir = os.path.join(self.folder, "ir")
        if os.path.exists(ir):
            os.remove(ir)
        path = self.write("wrong.py", _PIPELINE.format(more="").replace('root="root",', f'root="root", {argument},'))
        self.expect_failure(path, message)

    def test_the_working_directory_is_not_searched(self) -> None:
        other = os.path.join(self.folder, "elsewhere")
        for name in ("random.py", "tensorflow.py", "tfxm.py", "google.py"):
            self.write(f"elsewhere/{name}", "raise RuntimeError('read')\n")
        run = self.run_file(self.pipeline("import random, tempfile"), cwd=other)
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_what_lies_beside_the_file_is_found_and_hides_nothing(self) -> None:
        self.write("settings.py", "value = 7\n")
        self.write("random.py", "raise RuntimeError('read')\n")
        run = self.run_file(self.pipeline("import random, settings; print(settings.value)"))
        self.assertEqual((run.returncode, run.stdout), (0, "7\n"), run.stderr)

    def test_a_function_by_its_import_path(self) -> None:
        """As the templates of `tfx template copy` name theirs."""
        self.write("models/__init__.py", "")
        models = self.write("models/model.py", "raise RuntimeError('run')\n")

        def trainer(parameters: str) -> str:
            gen = "tfx.components.ImportExampleGen(input_base='data').outputs['examples']"
            return self.pipeline(f"node = tfx.components.Trainer(examples={gen}, {parameters}); print(node.exec_properties['module_file'])")

        run = self.run_file(trainer("run_fn='models.model.run_fn'"))
        self.assertEqual((run.returncode, run.stdout), (0, models + "\n"), run.stderr)
        os.remove(os.path.join(self.folder, "ir"))
        for parameters, message in (
            ("run_fn='models.modle.run_fn'", r"Trainer\(run_fn='models.modle.run_fn'\): there is no module models.modle beside the pipeline's file"),
            ("run_fn='modles.model.run_fn'", "there is no module modles.model beside"),
            ("run_fn='models.run_fn_'", 'expected the import path of a function of that name, as "models.model.run_fn"; or give module_file'),
            ("run_fn=print", "expected the import path of a function"),
            ("run_fn='models.model.run_fn', module_file='m.py'", "Trainer: give module_file or run_fn, not both"),
        ):
            self.expect_failure(trainer(parameters), message)

    def test_a_syntax_error(self) -> None:
        self.expect_failure(self.write("wrong.py", "x = (\n"), r"wrong\.py\", line 1\n")

    def test_an_import_that_does_not_exist(self) -> None:
        self.expect_failure(self.pipeline("import nowhere"), r"my_pipeline\.py\", line 6, in <module>\n.*\nModuleNotFoundError: No module named 'nowhere'")

    def test_a_component_that_is_unknown(self) -> None:
        self.expect_failure(self.pipeline("from tfx.components import StatisticGen"), "tfxm has no tfx.components.StatisticGen; did you mean StatisticsGen")
        self.expect_failure(self.pipeline("tfx.components.Trainr"), r"tfxm has no tfx.components.Trainr; did you mean Trainer or Transform\?$")
        self.expect_failure(self.pipeline("tfx.components.Nonsense"), "tfxm has no tfx.components.Nonsense; there are BulkInferrer, CsvExampleGen")

    def test_a_part_of_tfx_that_is_not_there(self) -> None:
        self.expect_failure(self.pipeline("import tfx.tools.cli"), "tfxm has no tfx.tools.*--real=tfx takes it")

    def test_what_is_left_out_on_purpose_says_what_to_do_instead(self) -> None:
        for code, message in (
            ("import tfx.extensions.google_cloud_ai_platform", "tfxm has no tfx.extensions: training, .* on Google Cloud"),
            ("tfx.extensions.google_cloud_ai_platform", "tfxm has no tfx.extensions: training, .* on Google Cloud"),
            ("from tfx.orchestration.airflow.airflow_dag_runner import AirflowDagRunner", "no tfx.orchestration.airflow: .*a task of Airflow may call"),
            ("from tfx.dsl.component.experimental import container_component", "no .*container_component: a component is a function"),
            ("from tfx.components.trainer.executor import Executor", "trains an Estimator.*let the module file have a run_fn"),
            ("from tfx.components import ModelValidator", "no tfx.components.ModelValidator: an Evaluator with thresholds"),
            ("import tensorflow_transform.beam as tft_beam", "no tensorflow_transform.beam: .*`tfxm transform` does"),
        ):
            self.expect_failure(self.pipeline(code), message)

    def test_an_unknown_parameter(self) -> None:
        self.expect_failure(
            self.pipeline("tfx.components.StatisticsGen(exampels=schema_gen.outputs['schema'])"),
            'TypeError: StatisticsGen has no parameter "exampels"; did you mean examples',
        )

    def test_a_channel_of_another_type_and_one_that_is_not_there(self) -> None:
        self.expect_failure(
            self.pipeline("tfx.components.StatisticsGen(examples=schema_gen.outputs['schema'])"),
            r"StatisticsGen\(examples=…\): expected a channel of Examples, got one of Schema",
        )
        self.expect_failure(self.pipeline("schema_gen.outputs['model']"), 'ImportSchemaGen has no output \\\\?"model\\\\?"; it has schema')

    def test_a_file_that_runs_nothing(self) -> None:
        self.expect_failure(self.write("empty.py", "x = 1\n"), "has run no pipeline")

    def test_a_file_that_is_not_there(self) -> None:
        self.expect_failure(os.path.join(self.folder, "none.py"), "there is no pipeline .*none.py", status=2)

    def test_the_real_package_must_be_installed(self) -> None:
        self.expect_failure(self.pipeline(), "--real=tensorflow: expected tfx", "--real=tensorflow", status=2)

    def test_the_files_own_exit_status(self) -> None:
        self.expect_failure(self.write("exit.py", "import sys; sys.exit(7)\n"), "^$", status=7)
        self.expect_failure(self.write("exit.py", "import sys; sys.exit('no data')\n"), "tfxm: no data", status=3)


if __name__ == "__main__":
    unittest.main()
