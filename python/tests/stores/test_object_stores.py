# SPDX-License-Identifier: Apache-2.0
"""s3:// and gs://, against servers of the tests' own that fail as they are told. `make scale` has what they need."""

from __future__ import annotations

import glob
import importlib.util
import os
import random
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest

from support import needs, tfrecords
from support.object_store import KEYS, GoogleStore, S3Store, put_folder
from support.pipelines import ROOT

from tfxm import native

HAS_SERVERS = importlib.util.find_spec("moto") is not None and importlib.util.find_spec("gcp_storage_emulator") is not None
MNIST = os.path.join(ROOT, "tfxm", "model_analysis", "testdata", "mnist")
KERAS_MODEL = os.path.join(ROOT, "tfxm", "rewriting", "testdata", "keras3_subclass")


class StoreTest(unittest.TestCase):
    """`self.run_tfxm` runs the program with the store's environment; what it says is kept in self.said."""

    store: S3Store | GoogleStore
    scheme: str

    @classmethod
    def tearDownClass(cls) -> None:
        cls.store.close()

    def setUp(self) -> None:
        self.engine = needs.engine()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        os.mkdir(os.path.join(self.folder, "tmp"))
        self.store.proxy.forget()
        self.said = ""

    def run_tfxm(self, *arguments: str, status: int = 0, **environment: str) -> str:
        env = {**native.environment(), **self.store.environment(), "TMPDIR": os.path.join(self.folder, "tmp"), **environment}
        result = subprocess.run([self.engine, *arguments], env=env, cwd=self.folder, capture_output=True, text=True)
        said = result.stdout + result.stderr
        self.said += said
        self.assertEqual(result.returncode, status, said)
        self.assertEqual(os.listdir(os.path.join(self.folder, "tmp")), [], "what is temporary goes away")
        return said

    def path(self, name: str) -> str:
        return os.path.join(self.folder, name)

    def read(self, name: str) -> bytes:
        with open(self.path(name), "rb") as file:
            return file.read()

    def write_examples(self, name: str, count: int, first: int = 0) -> str:
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        rng = random.Random(first)
        examples = [{"fare": i * 0.7, "trips": i * i % 97, "noise": rng.choice("abc") * 200} for i in range(first, first + count)]
        tfrecords.write(path, examples)
        return path

    def put_examples(self, key: str, count: int = 300) -> str:
        """Two files; their local pattern."""
        for name in ("a", "b"):
            self.write_examples(f"local/{key}/{name}", count, first=ord(name))
        put_folder(self.store, self.path(f"local/{key}"), f"bucket/{key}")
        return self.path(f"local/{key}/*")

    def data_reads(self) -> list[str]:
        return [a for a in self.store.proxy.asked if a.startswith("GET") and "bytes=" in a]


class Shared:
    """What both stores do alike."""

    def test_statistics_are_those_of_local_files(self) -> None:
        local = self.put_examples("statistics")
        self.run_tfxm("stats", f"--data={local}", "--output=local.pb")
        for pattern in ("statistics/*", "statistics", "statistics/[ab]", f"statistics/a,{self.scheme}://bucket/statistics/b"):
            self.run_tfxm("stats", f"--data={self.scheme}://bucket/{pattern}", "--output=remote.pb")
            self.assertEqual(self.read("remote.pb"), self.read("local.pb"), pattern)
        self.run_tfxm("stats", f"--data={self.scheme}://bucket/statistics/*", f"--output={self.scheme}://bucket/out/stats.pb")
        self.assertEqual(self.store.get("bucket/out/stats.pb"), self.read("local.pb"))

    def test_what_is_not_there_is_named(self) -> None:
        for what in ("bucket/none/*", "bucket/none", "no-such-bucket/*"):
            said = self.run_tfxm("stats", f"--data={self.scheme}://{what}", "--output=x.pb", status=3)
            self.assertIn(f"{self.scheme}://{what.split('/')[0]}", said)
            self.assertRegex(said, "no file matches|no such|not exist", what)

    def test_a_model_is_evaluated_and_inspected(self) -> None:
        put_folder(self.store, MNIST, "bucket/mnist")
        local = self.run_tfxm("inspect", f"{MNIST}/tflite", "--format=json")
        remote = self.run_tfxm("inspect", f"{self.scheme}://bucket/mnist/tflite", "--format=json")
        self.assertEqual(remote.replace(f"{self.scheme}://bucket/mnist", MNIST), local)
        config = self.path("config.pbtxt")
        with open(config, "w", encoding="utf-8") as file:
            file.write(
                'model_specs { label_key: "image_class" model_type: "tf_lite" } slicing_specs {} '
                'metrics_specs { metrics { class_name: "SparseCategoricalAccuracy" } }'
            )
        with open(config, "rb") as file:
            self.store.put("bucket/config.pbtxt", file.read())
        common = ("evaluate", "--format=csv")
        local = self.run_tfxm(*common, f"--eval_config={config}", f"--model={MNIST}/tflite", f"--data={MNIST}/data.tfrecord.gz")
        remote = self.run_tfxm(
            *common,
            f"--eval_config={self.scheme}://bucket/config.pbtxt",
            f"--model={self.scheme}://bucket/mnist/tflite",
            f"--data={self.scheme}://bucket/mnist/data.tfrecord.gz",
        )
        self.assertEqual(remote.splitlines()[:-1], local.splitlines()[:-1])


@unittest.skipUnless(HAS_SERVERS, "NOT TESTED: s3://, since moto is not installed (make scale does)")
class S3Test(Shared, StoreTest):
    scheme = "s3"

    @classmethod
    def setUpClass(cls) -> None:
        cls.store = S3Store()

    def tearDown(self) -> None:
        """No test leaves a key anywhere: in what was said, or in a file."""
        found = [name for name, key in KEYS.items() if key in self.said]
        for parent, _, files in os.walk(self.folder):
            for name in files:
                with open(os.path.join(parent, name), "rb") as file:
                    content = file.read()
                found += [f"{variable} in {parent}/{name}" for variable, key in KEYS.items() if key.encode() in content]
        self.assertEqual(found, [])

    def test_tables_are_read(self) -> None:
        import pyarrow
        import pyarrow.parquet

        rows = [{"age": i % 70, "name": f"n{i}", "score": i / 7} for i in range(20_000)]
        os.mkdir(self.path("tables"))
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), self.path("tables/t.parquet"), row_group_size=3000)
        with open(self.path("tables/t.csv"), "w", encoding="utf-8") as csv, open(self.path("tables/t.jsonl"), "w", encoding="utf-8") as jsonl:
            csv.write("age,name,score\n")
            for row in rows:
                csv.write(f"{row['age']},{row['name']},{row['score']}\n")
                jsonl.write(f'{{"age": {row["age"]}, "name": "{row["name"]}", "score": {row["score"]}}}\n')
        put_folder(self.store, self.path("tables"), "bucket/tables")
        for kind in ("csv", "parquet", "jsonl"):
            self.run_tfxm("convert", f"--{kind}=tables/t.{kind}", f"--output=local-{kind}")
            self.run_tfxm("convert", f"--{kind}=s3://bucket/tables/*.{kind}", f"--output=remote-{kind}")
            for file in sorted(glob.glob(self.path(f"local-{kind}/*/*"))):
                name = os.path.relpath(file, self.path(f"local-{kind}"))
                self.assertEqual(self.read(f"remote-{kind}/{name}"), self.read(f"local-{kind}/{name}"), name)
        self.assertIn("n2", self.run_tfxm("head", "--csv=s3://bucket/tables/t.csv"))

    def test_processes_share_a_pass(self) -> None:
        local = self.put_examples("pass", count=1000)
        self.run_tfxm("stats", f"--data={local}", "--output=local.pb")
        self.run_tfxm("stats", "--data=s3://bucket/pass/*", "--output=remote.pb", "--launcher=processes:2")
        self.assertEqual(self.read("remote.pb"), self.read("local.pb"))

    def test_no_process_has_a_key_among_its_arguments(self) -> None:
        self.put_examples("arguments", count=3000)
        seen: list[str] = []
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                for file in glob.glob("/proc/[0-9]*/cmdline"):
                    try:
                        with open(file, "rb") as f:
                            seen.append(f.read().decode(errors="replace"))
                    except OSError:
                        pass

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            self.run_tfxm("stats", "--data=s3://bucket/arguments/*", "--output=remote.pb", "--launcher=processes:2")
        finally:
            done.set()
            watcher.join()
        self.assertTrue(any("pass" in line and "map" in line for line in seen), "a worker was seen")
        self.assertEqual([line for line in seen for key in KEYS.values() if key in line], [])

    def test_answers_that_are_cut_are_asked_for_again(self) -> None:
        local = self.put_examples("cut", count=4000)
        self.run_tfxm("stats", f"--data={local}", "--output=local.pb")
        self.store.proxy.fail("GET", "cut/a", "cut", times=2)
        self.run_tfxm("stats", "--data=s3://bucket/cut/*", "--output=remote.pb")
        self.assertEqual(self.read("remote.pb"), self.read("local.pb"))
        self.assertEqual([f.times for f in self.store.proxy.faults], [0])

    def test_a_store_that_falls_silent_is_asked_again(self) -> None:
        local = self.put_examples("stall")
        self.run_tfxm("stats", f"--data={local}", "--output=local.pb")
        self.store.proxy.fail("GET", "stall/b", "stall")
        self.run_tfxm("stats", "--data=s3://bucket/stall/*", "--output=remote.pb")
        self.assertEqual(self.read("remote.pb"), self.read("local.pb"))
        self.assertEqual([f.times for f in self.store.proxy.faults], [0])

    def test_faults_of_the_store_pass(self) -> None:
        local = self.put_examples("fault")
        self.run_tfxm("stats", f"--data={local}", "--output=local.pb")
        for method, kind in (("GET", "500"), ("HEAD", "503"), ("GET", "503")):
            self.store.proxy.fail(method, "fault/", kind, times=2)
        self.run_tfxm("stats", "--data=s3://bucket/fault/*", "--output=remote.pb")
        self.assertEqual(self.read("remote.pb"), self.read("local.pb"))
        self.assertEqual([f.times for f in self.store.proxy.faults], [0, 0, 0])

    def test_a_store_that_goes_on_failing_is_an_error_that_names_it(self) -> None:
        self.put_examples("broken")
        self.store.proxy.fail("GET", "broken/a", "cut", times=1000)
        said = self.run_tfxm("stats", "--data=s3://bucket/broken/*", "--output=remote.pb", status=3)
        self.assertIn("s3://bucket/broken/a", said)
        self.assertFalse(os.path.exists(self.path("remote.pb")))

    def test_what_is_not_allowed_is_said_once_and_not_tried_again(self) -> None:
        self.put_examples("forbidden")
        self.store.proxy.fail("HEAD", "forbidden/a", "403", times=1000)
        said = self.run_tfxm("stats", "--data=s3://bucket/forbidden/a", "--output=remote.pb", status=3)
        self.assertIn("s3://bucket/forbidden/a", said)
        self.assertIn("the store does not allow it", said)
        self.assertLess(len([a for a in self.store.proxy.asked if a.startswith("HEAD")]), 4)

    def test_what_vanishes_is_said(self) -> None:
        self.put_examples("vanished")
        self.store.proxy.fail("GET", "vanished/a", "404", times=1000)
        said = self.run_tfxm("stats", "--data=s3://bucket/vanished/*", "--output=remote.pb", status=3)
        self.assertRegex(said, "s3://bucket/vanished/a.*no such object")

    def test_keys_in_a_path_are_refused(self) -> None:
        key = KEYS["AWS_SECRET_ACCESS_KEY"].replace("/", "")
        said = self.run_tfxm("stats", f"--data=s3://id:{key}@bucket/*", status=3)
        self.assertIn("AWS_SECRET_ACCESS_KEY", said)
        self.assertNotIn("canary", said)

    def test_what_is_public_is_read_without_keys(self) -> None:
        self.put_examples("anonymous")
        with open(self.path("local/anonymous/a"), "rb") as file:
            self.store.put("bucket/public/a", file.read(), acl="public-read")
        none = {**{name: "" for name in KEYS}, "AWS_NO_SIGN_REQUEST": "1"}
        self.assertIn("trips", self.run_tfxm("head", "s3://bucket/public/a", **none))
        said = self.run_tfxm("head", "s3://bucket/anonymous/a", status=3, **none)
        self.assertRegex(said, "s3://bucket/anonymous/a: the store does not allow it")

    def test_an_unknown_scheme_is_named(self) -> None:
        said = self.run_tfxm("stats", "--data=hdfs://host/train/*", status=3)
        self.assertIn("no files at hdfs://", said)

    def test_folders_of_output_are_local(self) -> None:
        local = self.put_examples("output")
        for arguments in (
            ("convert", f"--tfrecord={local}"),
            ("evaluate", "--eval_config=config.pbtxt", f"--data={local}"),
        ):
            with open(self.path("config.pbtxt"), "w", encoding="utf-8") as file:
                file.write('model_specs { label_key: "trips" prediction_key: "fare" } metrics_specs { metrics { class_name: "ExampleCount" } }')
            said = self.run_tfxm(*arguments, "--output=s3://bucket/folder", status=3)
            self.assertIn("give a folder of this machine", said)
        self.assertEqual([key for key in self.store.keys() if key.startswith("folder")], [])

    def test_a_saved_model_is_rewritten(self) -> None:
        rng = random.Random(1)
        tfrecords.write(self.path("rows"), [{"x": [rng.gauss(0, 1) for _ in range(6)]} for _ in range(300)])
        self.store.put("bucket/rows", self.read("rows"))
        put_folder(self.store, KERAS_MODEL, "bucket/model")
        int8 = ("rewrite", "--quantization=int8")
        self.run_tfxm(*int8, f"--saved_model={KERAS_MODEL}", "--representative_data=rows", "--output=local")
        self.run_tfxm(*int8, "--saved_model=s3://bucket/model", "--representative_data=s3://bucket/rows", "--output=remote")
        self.assertEqual(self.read("remote/tflite"), self.read("local/tflite"))

    def keys_below(self, folder: str) -> list[str]:
        """Without that of the folder itself, which Arrow writes as an empty object when something in it is removed."""
        return [key for key in self.store.keys() if key.startswith(folder) and key != folder]

    PIPELINE = """
        from tfx import v1 as tfx

        examples = tfx.components.ImportExampleGen(input_base="s3://bucket/examples")
        statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
        model = tfx.dsl.Importer(source_uri="MODEL", artifact_type=tfx.types.standard_artifacts.Model).with_id("model")
        pusher = tfx.components.Pusher(
            model=model.outputs["result"],
            push_destination=tfx.proto.PushDestination(filesystem=tfx.proto.PushDestination.Filesystem(base_directory="s3://bucket/serving")),
        )
        tfx.orchestration.LocalDagRunner().run(
            tfx.dsl.Pipeline(
                pipeline_name="remote",
                pipeline_root="ROOT",
                components=[examples, statistics, model, pusher],
                enable_cache=True,
                metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config("ROOT/metadata.db"),
            )
        )
        """

    def run_pipeline(self, status: int = 0, replaced: tuple[str, str] = ("", "")) -> str:
        text = textwrap.dedent(self.PIPELINE).replace("ROOT", self.path("root")).replace("MODEL", self.path("model"))
        with open(self.path("pipeline.py"), "w", encoding="utf-8") as file:
            file.write(text.replace(*replaced) if replaced[0] else text)
        return self.run_tfxm("run", "pipeline.py", status=status, TFXM_PYTHON=sys.executable)

    def test_a_pipeline_reads_and_pushes_and_remembers(self) -> None:
        self.put_examples("examples")
        os.makedirs(self.path("model/Format-Serving"))
        shutil.copy(f"{MNIST}/tflite", self.path("model/Format-Serving/tflite"))
        said = self.run_pipeline()
        self.assertIn("pushed to s3://bucket/serving/", said)
        pushed = self.keys_below("serving/")
        self.assertEqual([key.split("/")[2] for key in pushed], ["manifest.json", "tflite"])
        writes = [a for a in self.store.proxy.asked if a.startswith("PUT") and "serving" in a and not a.endswith("/serving/")]
        self.assertIn("manifest.json", writes[-1], "it goes last")
        version = pushed[0].split("/")[1]
        self.assertIn("as they were", self.run_tfxm("verify", f"s3://bucket/serving/{version}"))
        self.store.proxy.forget()
        self.assertIn("1 complete, 3 cached", self.run_pipeline())  # An Importer is never.
        self.assertEqual([a for a in self.data_reads() if "examples" in a], [], "nothing is read to tell that nothing has changed")
        self.store.put(f"bucket/serving/{version}/tflite", b"changed")
        self.run_tfxm("verify", f"s3://bucket/serving/{version}", status=1)
        self.write_examples("local/examples/b", 300, first=5)
        put_folder(self.store, self.path("local/examples"), "bucket/examples")
        self.assertIn("4 nodes: 4 complete", self.run_pipeline())
        self.assertEqual(len({key.split("/")[1] for key in self.keys_below("serving/")}), 2)

    def test_a_push_that_fails_leaves_nothing(self) -> None:
        self.put_examples("examples")
        os.makedirs(self.path("model/Format-Serving"))
        for name in ("a", "tflite"):
            shutil.copy(f"{MNIST}/tflite", self.path(f"model/Format-Serving/{name}"))
        self.store.proxy.fail("PUT", "manifest.json", "403", times=1000)
        said = self.run_pipeline(status=3, replaced=("s3://bucket/serving", "s3://bucket/failing"))
        self.assertIn("cannot write s3://bucket/failing/", said)
        self.assertEqual(self.keys_below("failing/"), [])

    def test_pushes_of_one_second_do_not_meet(self) -> None:
        self.put_examples("examples", count=3)
        self.store.proxy.fail("PUT", ".broken", "403", times=1000)
        runs = []
        for i in range(6):
            root = self.path(f"root{i}")
            os.makedirs(f"{root}/model/Format-Serving")
            shutil.copy(f"{MNIST}/tflite", f"{root}/model/Format-Serving/tflite")
            if i % 2 == 1:
                shutil.copy(f"{MNIST}/tflite", f"{root}/model/Format-Serving/z.broken")
            text = textwrap.dedent(self.PIPELINE).replace("ROOT", root).replace("MODEL", f"{root}/model").replace("serving", "at_once")
            with open(f"{root}/pipeline.py", "w", encoding="utf-8") as file:
                file.write(text)
            env = {**native.environment(), **self.store.environment(), "TFXM_PYTHON": sys.executable}
            command = [self.engine, "run", "pipeline.py"]
            runs.append(subprocess.Popen(command, env=env, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
        for i, run in enumerate(runs):
            said = run.communicate()[0]
            self.assertEqual(run.returncode, 3 if i % 2 else 0, said)
        keys = self.keys_below("at_once/")
        versions = {key.split("/")[1] for key in keys}
        self.assertEqual(len(versions), 3, keys)
        self.assertEqual(len(keys), 6, "a model and a manifest each")
        for version in versions:
            self.assertIn("as they were", self.run_tfxm("verify", f"s3://bucket/at_once/{version}"))

    def test_the_pipeline_root_stays_local(self) -> None:
        os.makedirs(self.path("model/Format-Serving"))
        said = self.run_pipeline(status=3, replaced=(f'pipeline_root="{self.path("root")}"', 'pipeline_root="s3://bucket/root"'))
        self.assertIn("pipeline_root is s3://bucket/root; artifacts are local files", said)

    def test_a_pipeline_with_a_key_in_a_path_is_refused(self) -> None:
        key = KEYS["AWS_SECRET_ACCESS_KEY"].replace("/", "")
        os.makedirs(self.path("model/Format-Serving"))
        said = self.run_pipeline(status=3, replaced=("s3://bucket/examples", f"s3://id:{key}@bucket/examples"))
        self.assertIn("ImportExampleGen, input_base: ", said)
        self.assertNotIn("canary", said)
        self.assertFalse(os.path.exists(self.path("root")))
        os.remove(self.path("pipeline.py"))  # Where the test has written it.


@unittest.skipUnless(HAS_SERVERS, "NOT TESTED: s3:// with TLS, since moto is not installed (make scale does)")
class TlsTest(StoreTest):
    @classmethod
    def setUpClass(cls) -> None:
        cls.certificate = tempfile.TemporaryDirectory()
        cls.store = S3Store(certificate=cls.certificate.name)

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        cls.certificate.cleanup()

    def test_a_server_is_trusted_by_its_certificate(self) -> None:
        self.put_examples("tls", count=3)
        none = {"AWS_CA_BUNDLE": "", "SSL_CERT_FILE": "", "CURL_CA_BUNDLE": ""}
        for variable in none:
            self.assertIn("trips", self.run_tfxm("head", "s3://bucket/tls/*", **{**none, variable: self.store.certificate}))
        said = self.run_tfxm("head", "s3://bucket/tls/*", status=3, **none)
        self.assertRegex(said, "s3://bucket/tls.*certificate")


@unittest.skipUnless(HAS_SERVERS, "NOT TESTED: gs://, since gcp-storage-emulator is not installed (make scale does)")
class GoogleTest(Shared, StoreTest):
    scheme = "gs"

    @classmethod
    def setUpClass(cls) -> None:
        cls.store = GoogleStore()


if __name__ == "__main__":
    unittest.main()
