# SPDX-License-Identifier: Apache-2.0
"""Pipelines whose metadata store is a database on a PostgreSQL server: with_postgresql.py gives one.

    python/tests/stores/with_postgresql.py python -m unittest stores.test_postgresql
"""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
import unittest

from support.engine_test import EngineTest

from tfxm.dsl import pipeline as dsl
from tfxm import protos

SERVER = os.environ.get("TFXM_TEST_POSTGRESQL", "")

PIPELINE = '''
import sys

import ml_metadata as mlmd
from tfxm import v1 as tfx
from urllib.parse import unquote, urlparse

name, server = sys.argv[1], urlparse(sys.argv[2])
config = mlmd.proto.ConnectionConfig()
config.postgresql.host = unquote(server.netloc.rpartition("@")[2])
config.postgresql.user = server.username
config.postgresql.dbname = server.path[1:]
example_gen = tfx.components.CsvExampleGen(input_base="data")
statistics_gen = tfx.components.StatisticsGen(examples=example_gen.outputs["examples"])
schema_gen = tfx.components.SchemaGen(statistics=statistics_gen.outputs["statistics"])
tfx.orchestration.LocalDagRunner().run(
    tfx.dsl.Pipeline(
        pipeline_name=name,
        pipeline_root=f"root_{name}",
        components=[example_gen, statistics_gen, schema_gen],
        enable_cache=True,
        metadata_connection_config=config,
    )
)
'''


@unittest.skipIf(not SERVER, "needs a server: with_postgresql.py")
class PostgresqlTest(EngineTest):
    def setUp(self) -> None:
        super().setUp()
        self.store = f"{SERVER}/pipelines_{os.getpid()}_{self._testMethodName[:30]}"
        os.makedirs(os.path.join(self.folder, "data"))
        with open(os.path.join(self.folder, "data", "a.csv"), "w", encoding="utf-8") as f:
            f.write("fare,company\n" + "".join(f"{i % 7}.5,c{i % 3}\n" for i in range(200)))
        with open(os.path.join(self.folder, "pipeline.py"), "w", encoding="utf-8") as f:
            f.write(textwrap.dedent(PIPELINE))

    def start(self, name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.engine, "run", "pipeline.py", name, self.store], cwd=self.folder, env=self.environment(),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip

    def run_pipeline(self, name: str) -> str:
        run = self.start(name)
        said, _ = run.communicate()
        self.assertEqual(run.returncode, 0, said)
        return said

    def lineage(self) -> dict[str, list[dict[str, object]]]:
        return json.loads(self.tfxm("lineage", self.store, "--format=json"))

    def test_a_run_is_written_there_and_found_again(self) -> None:
        self.run_pipeline("one")
        self.assertEqual({e["state"] for e in self.lineage()["executions"]}, {"COMPLETE"})
        self.assertIn("cached", self.run_pipeline("one").lower())
        self.assertEqual([e["state"] for e in self.lineage()["executions"]].count("CACHED"), 3)
        for command in (["verify", self.store], ["clean", self.store, "--keep=1", "--dry_run"]):
            self.tfxm(*command)
        self.assertFalse([name for name in os.listdir(self.folder) if "postgresql" in name or name.endswith((".db", ".lock"))])

    def test_pipelines_share_a_store_at_a_time(self) -> None:
        runs = [self.start(name) for name in ("one", "two", "three")]
        for run in runs:
            said, _ = run.communicate()
            self.assertEqual(run.returncode, 0, said)
        executions = self.lineage()["executions"]
        self.assertEqual(len(executions), 9)
        self.assertEqual({e["state"] for e in executions}, {"COMPLETE"})


class StorePathTest(unittest.TestCase):
    def test_is_the_engines(self) -> None:
        config = protos.load("ml_metadata/proto/metadata_store.proto").ConnectionConfig()
        config.postgresql.host = "/run/postgresql"
        config.postgresql.port = "5433"
        config.postgresql.user = "ada"
        config.postgresql.dbname = "team one"
        config.postgresql.ssloption.sslmode = "require"
        self.assertEqual(dsl.store_path(config), "postgresql://ada@%2Frun%2Fpostgresql:5433/team%20one?sslmode=require")
        config.postgresql.password = "hunter2"
        with self.assertRaisesRegex(ValueError, "PGPASSWORD") as raised:
            dsl.Pipeline("p", "root", config)
        self.assertNotIn("hunter2", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
