# SPDX-License-Identifier: Apache-2.0
"""docs/guide.md: what it says to write is written, what it says to run is run, step by step, in Python and in C++.

A block ```python pipeline.py is appended to that file, ```python pipeline.py end stays at its end, ```sh python and ```sh cpp
are run, ```sh for both languages. Blocks of another kind are only shown.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import unittest
from typing import NamedTuple

from support import digits
from support.engine_test import KERAS, EngineTest
from support.pipelines import ROOT

GUIDE = os.path.join(ROOT, "docs", "guide.md")
JAPANESE = os.path.join(ROOT, "docs", "ja", "guide.md")
_EXTENSIONS = {"python": ".py", "cpp": ".cc"}


class Block(NamedTuple):
    step: int  # That of the last numbered heading; -1 before the first.
    kind: tuple[str, ...]  # "python", "pipeline.py", "end"
    text: str


def blocks(path: str) -> list[Block]:
    with open(path, encoding="utf-8") as f:
        text = f.read()
    found, step = [], -1
    for match in re.finditer(r"^## (?:(\d+)\.)?.*$|^```(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE):
        if match[0].startswith("## "):
            step = int(match[1]) if match[1] else -1
        else:
            found.append(Block(step, tuple(match[2].split()), match[3]))
    return found


class GuideTest(EngineTest):
    PACKAGES = KERAS

    def follow(self, language: str) -> None:
        digits.write(os.path.join(self.folder, "data", "mnist.tfrecord"), 600)
        environment = self.environment()
        environment["PATH"] = os.pathsep.join([os.path.dirname(os.path.abspath(self.engine)), environment.get("PATH", "")])
        files: dict[str, list[str]] = {}
        ends: dict[str, str] = {}
        said: dict[int, str] = {}
        for step, kind, text in blocks(GUIDE):
            if kind[:1] == (language,):
                if kind[2:] == ("end",):
                    ends[kind[1]] = text
                else:
                    files.setdefault(kind[1], []).append(text)
            elif kind in (("sh",), ("sh", language)):
                for name, parts in files.items():
                    whole = ("\n" if language == "cpp" else "\n\n").join([*parts, *filter(None, [ends.get(name)])])
                    whole = re.sub(r"(num_steps = ?|num_steps=)\d+", r"\g<1>200", whole)  # Few, and enough for these data.
                    with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
                        f.write(whole)
                run = subprocess.run(["bash", "-euc", text], env=environment, cwd=self.folder, capture_output=True, text=True)
                self.assertEqual(run.returncode, 0, f"step {step}: {text}\n{run.stdout}{run.stderr}")
                said[step] = run.stdout + run.stderr
        self.assertIn("4 nodes: 4 complete", said[4])
        self.assertIn("11 nodes: 7 complete, 4 cached", said[9])
        self.assertIn("signature \"serve_pixels\"", said[10])
        self.assertIn("14 nodes: 3 complete, 11 cached", said[11])
        self.assertRegex(said[11], r"Pusher.int8: +pushed to .*serving_model_int8")

    def test_in_python(self) -> None:
        self.follow("python")

    @unittest.skipIf(shutil.which("c++") is None, "needs a C++ compiler")
    def test_in_cpp(self) -> None:
        self.follow("cpp")


class DocumentTest(unittest.TestCase):
    def test_each_step_is_in_both_languages(self) -> None:
        counts: dict[tuple[int, str], int] = {}
        for step, kind, _ in blocks(GUIDE):
            for language, extension in _EXTENSIONS.items():
                if kind[:1] == (language,):
                    self.assertTrue(kind[1].endswith(extension), kind)
                if language in kind[:2]:
                    counts[step, language] = counts.get((step, language), 0) + 1
        self.assertEqual(sorted({step for step, _ in counts}), list(range(2, 12)))
        for step, language in counts:
            self.assertEqual(counts[step, "python"], counts[step, "cpp"], f"step {step}")

    def test_the_japanese_guide_has_the_same_blocks(self) -> None:
        self.assertEqual(blocks(JAPANESE), blocks(GUIDE))


if __name__ == "__main__":
    unittest.main()
