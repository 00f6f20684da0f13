#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes ml_metadata_postgresql.sql: a store as Python's ml_metadata writes it to a PostgreSQL server, dumped.

Needs the package ml-metadata 1.15.0 (Python 3.10) and a server:
  python/tests/stores/with_postgresql.py PYTHON tfxm/metadata/testdata/make_postgresql_dump.py
"""
import os
import re
import subprocess
import urllib.parse

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd


def main():
  server = urllib.parse.urlparse(os.environ['TFXM_TEST_POSTGRESQL'])
  config = mlmd.ConnectionConfig()
  config.postgresql.host = urllib.parse.unquote(re.sub('.*@', '', server.netloc))
  config.postgresql.user = server.username
  config.postgresql.port = '5432'
  config.postgresql.password = 'none'
  config.postgresql.dbname = 'golden'
  store = metadata_store.MetadataStore(config)
  artifact_type = store.put_artifact_type(mlmd.ArtifactType(name='Examples', properties={'span': mlmd.INT}, base_type=mlmd.ArtifactType.DATASET))
  execution_type = store.put_execution_type(mlmd.ExecutionType(name='CsvExampleGen', base_type=mlmd.ExecutionType.PROCESS))
  context_type = store.put_context_type(mlmd.ContextType(name='pipeline'))
  artifact = mlmd.Artifact(type_id=artifact_type, uri='/data/1', state=mlmd.Artifact.LIVE)
  artifact.properties['span'].int_value = 3
  artifact.custom_properties['note'].string_value = 'hello'
  artifact.custom_properties['weight'].double_value = 0.5
  artifact.custom_properties['good'].bool_value = True
  event = mlmd.Event(type=mlmd.Event.OUTPUT)
  event.path.steps.add().key = 'examples'
  event.path.steps.add().index = 0
  execution = mlmd.Execution(type_id=execution_type, last_known_state=mlmd.Execution.COMPLETE)
  store.put_execution(execution, [(artifact, event)], [mlmd.Context(type_id=context_type, name='taxi')])
  dump = subprocess.run(['pg_dump', '--inserts', '--no-owner', '--no-privileges', '-h', config.postgresql.host, '-U', server.username, 'golden'],
                        check=True, stdout=subprocess.PIPE, text=True).stdout
  # Comments, psql's own commands, and the settings of the session, of which an empty search_path would stay.
  lines = [line for line in dump.splitlines() if line and not re.match(r'--|\\|SET |SELECT pg_catalog.set_config', line)]
  with open(os.path.join(os.path.dirname(__file__), 'ml_metadata_postgresql.sql'), 'w') as f:
    f.write('-- Made by make_postgresql_dump.py.\n' + '\n'.join(lines) + '\n')


if __name__ == '__main__':
  main()
