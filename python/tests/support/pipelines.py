# SPDX-License-Identifier: Apache-2.0
"""Pipeline files run as users run them, on an engine that only keeps what it is given."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest

from google.protobuf import text_format

from tfxm import native, protos

PYTHON_FOLDER = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOT = os.path.dirname(PYTHON_FOLDER)
LAUNCHER = os.path.join(PYTHON_FOLDER, "tfxm", "run_pipeline.py")

# What it does is TFXM_TEST_STATUS: its exit status, KILL for a kill, or WAIT for a signal.
_ENGINE = """#!/bin/sh
cd "$TFXM_TEST_FOLDER" || exit 1
for argument in "$@"; do
  case "$argument" in --ir=*) cat "${argument#--ir=}" > ir ;; esac
done
printf '%s\\n' "$@" "" >> all_arguments
case "$TFXM_TEST_STATUS" in
  KILL) kill -KILL $$ ;;
  WAIT)
    for name in INT TERM HUP; do trap "echo $name >> signals" $name; done
    : > signals; : > waiting
    while [ ! -s signals ]; do sleep 0.02; done
    sleep 0.05; exit 3 ;;  # A second one would be seen.
  *) exit "$TFXM_TEST_STATUS" ;;
esac
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

    def start_file(self, path: str, *flags: str, cwd: str | None = None, **environment: str) -> subprocess.Popen[str]:
        """In a process group of its own."""
        for name in ("ir", "all_arguments", "waiting"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(os.path.join(self.folder, name))
        env = {**os.environ, "TFXM_ENGINE": os.path.join(self.folder, "engine"), "TFXM_TEST_FOLDER": self.folder, "TFXM_TEST_STATUS": "0", **environment}
        env.pop("PYTHONPATH", None)
        process = subprocess.Popen(
            [sys.executable, LAUNCHER, path, *flags], env=env, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.addCleanup(process.kill)
        return process

    def run_file(self, path: str, *flags: str, cwd: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        process = self.start_file(path, *flags, cwd=cwd, **environment)
        output, said = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, output, said)

    def wait_for(self, name: str, process: subprocess.Popen[str]) -> None:
        """For a file that the process makes."""
        while not os.path.exists(os.path.join(self.folder, name)):
            self.assertIsNone(process.poll())
            time.sleep(0.01)

    def read(self, name: str) -> str:
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return f.read()

    def ir_text(self) -> str:
        pipeline_pb2 = protos.load("tfx/proto/orchestration/pipeline.proto")
        for name in ("tfx/proto/orchestration/executable_spec.proto", "ml_metadata/proto/metadata_store.proto"):
            protos.load(name)  # What is packed in it.
        ir = pipeline_pb2.Pipeline()
        with open(os.path.join(self.folder, "ir"), "rb") as f:
            ir.ParseFromString(f.read())
        return text_format.MessageToString(ir)

    def all_arguments(self) -> list[list[str]]:
        """Of each run."""
        runs = self.read("all_arguments").split("\n\n")[:-1]
        return [[a for a in run.split("\n") if not a.startswith("--ir=")] for run in runs]

    def arguments(self) -> list[str]:
        return self.all_arguments()[-1]
