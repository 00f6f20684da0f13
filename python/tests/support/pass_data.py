# SPDX-License-Identifier: Apache-2.0
"""What the tests of passes have in common: an engine, some data, and the result of one process."""

from __future__ import annotations

import os
import subprocess
import tempfile
import unittest

from support import needs, tfrecords

from tfxm import native


class PassTest(unittest.TestCase):
    """`self.request` has shards in self.folder; self.expected are the bytes of the result."""

    def setUp(self) -> None:
        self.engine = needs.engine()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        for name, n in {"a": 300, "b": 40, "c": 0}.items():
            examples = [{"fare": i * 0.7, "trips": i * i % 97, "company": f"company {i % 13}"} for i in range(n)]
            tfrecords.write(os.path.join(self.folder, name), examples)
        files = os.path.join(self.folder, "[abc]")
        self.request = {"files": [files], "shard_bytes": 5000, "statistics": {"num_top_values": 7}}
        alone = os.path.join(self.folder, "alone")
        plan = os.path.join(self.folder, "request.pbtxt")
        with open(plan, "w", encoding="utf-8") as file:
            file.write(f'files: "{files}" shard_bytes: 1000000000 statistics {{ num_top_values: 7 }}')
        parts = []
        for shard in range(3):
            parts.append(f"{alone}-{shard}")
            self.tfxm("pass", "map", plan, f"--shard={shard}", f"--output={parts[-1]}")
        self.tfxm("pass", "reduce", plan, *parts, f"--output={alone}")
        with open(alone, "rb") as file:
            self.expected = file.read()
        self.output = os.path.join(self.folder, "result")
        self.work_dir = os.path.join(self.folder, "work")

    def tfxm(self, *arguments: str) -> None:
        subprocess.run([self.engine, *arguments], check=True, env=native.environment(), stdout=subprocess.DEVNULL)

    def expect_result(self) -> None:
        with open(self.output, "rb") as file:
            self.assertEqual(file.read(), self.expected)
