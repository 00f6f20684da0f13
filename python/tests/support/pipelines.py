# SPDX-License-Identifier: Apache-2.0
"""Pipeline files run as users run them, on an engine that only keeps what it is given."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
import unittest

from google.protobuf import text_format

from tfxm import native, protos

PYTHON_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOT = os.path.dirname(PYTHON_FOLDER)
LAUNCHER = os.path.join(PYTHON_FOLDER, "tfxm", "run_pipeline.py")

_ENGINE = """#!/bin/sh
for argument in "$@"; do
  case "$argument" in --ir=*) cat "${argument#--ir=}" > "$TFXM_TEST_FOLDER/ir" ;; esac
done
printf '%s\\n' "$@" > "$TFXM_TEST_FOLDER/arguments"
"""


class PipelineFileTest(unittest.TestCase):
    """`run` runs a file; `ir` and `arguments` are what the engine was given."""

    def setUp(self) -> None:
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name
        engine = self.write("engine", _ENGINE)
        os.chmod(engine, 0o755)
        os.symlink(native.data("descriptors.pb"), os.path.join(self.folder, "descriptors.pb"))

    def write(self, name: str, text: str) -> str:
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(textwrap.dedent(text))
        return path

    def run_file(self, path: str, *flags: str, cwd: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "TFXM_ENGINE": os.path.join(self.folder, "engine"), "TFXM_TEST_FOLDER": self.folder, **environment}
        env.pop("PYTHONPATH", None)
        return subprocess.run([sys.executable, LAUNCHER, path, *flags], env=env, cwd=cwd, capture_output=True, text=True)

    def ir_text(self) -> str:
        pipeline_pb2 = protos.load("tfx/proto/orchestration/pipeline.proto")
        for name in ("tfx/proto/orchestration/executable_spec.proto", "ml_metadata/proto/metadata_store.proto"):
            protos.load(name)  # What is packed in it.
        ir = pipeline_pb2.Pipeline()
        with open(os.path.join(self.folder, "ir"), "rb") as f:
            ir.ParseFromString(f.read())
        return text_format.MessageToString(ir)

    def arguments(self) -> list[str]:
        with open(os.path.join(self.folder, "arguments"), encoding="utf-8") as f:
            return [a for a in f.read().splitlines() if not a.startswith("--ir=")]
