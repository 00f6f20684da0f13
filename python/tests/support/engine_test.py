# SPDX-License-Identifier: Apache-2.0
"""Tests that run the engine's program as users do, in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest

from support import needs, wheels

KERAS = ("tensorflow", "tf_keras", "tensorboard")


class EngineTest(unittest.TestCase):
    """`tfxm` runs a command in `folder`; the tests are skipped where a package of PACKAGES, or the engine, is missing."""

    PACKAGES: tuple[str, ...] = ()

    def setUp(self) -> None:
        for package in self.PACKAGES:
            needs.package(package)
        self.engine = needs.engine()
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def environment(self) -> dict[str, str]:
        env = {**os.environ, "TFXM_PYTHON": sys.executable, "HOME": self.folder}
        env.setdefault("TFXM_CACHE", wheels.CACHE)
        env["PYTHONPATH"] = os.pathsep.join(os.path.abspath(p) for p in env.get("PYTHONPATH", "").split(os.pathsep) if p)
        return env

    def call(self, *arguments: str, cwd: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run([self.engine, *arguments], env=self.environment(), cwd=cwd or self.folder, capture_output=True, text=True)

    def tfxm(self, *arguments: str) -> str:
        """What it printed; it has to succeed."""
        run = self.call(*arguments)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout + run.stderr
