# SPDX-License-Identifier: Apache-2.0
"""TFLite files: what is in one, and one from a SavedModel.

    rewriting = tfxm.rewrite("saved_model", "lite", quantization="int8", representative_data="examples/Split-train/*")
    tfxm.inspect(rewriting.path)
"""

from __future__ import annotations

import json
import os
from typing import Any

from tfxm.library import engine_call, html_tables

Path = str | os.PathLike[str]


class Inspection:
    """What `tfxm inspect` tells of a file: `facts` is its JSON."""

    def __init__(self, path: str, text: str, facts: dict[str, Any]) -> None:
        self.path = path
        self.text = text
        self.facts = facts

    def to_pandas(self) -> Any:
        """The operators: a row for each kind."""
        operators = self.facts.get("ops", {})
        columns = ["operator", *next(iter(operators.values()), {})]
        return html_tables.data_frame(columns, [[name, *facts.values()] for name, facts in operators.items()], "operator")

    def _repr_html_(self) -> str:
        return html_tables.preformatted(self.text)

    def __repr__(self) -> str:
        return self.text


def inspect(path: Path, **flags: Any) -> Inspection:
    """`flags` are those of `tfxm inspect`: input_shape="image:1,224,224,3"."""
    path = os.fspath(path)
    text = engine_call.call("inspect", [path], **flags).output.rstrip()
    return Inspection(path, text, json.loads(engine_call.call("inspect", [path], format="json", **flags).output))


class Rewriting:
    """A TFLite file that was made, and proved to be what the SavedModel is: `path`, and the `report` of that."""

    def __init__(self, path: str, report: str) -> None:
        self.path = path
        self.report = report

    def __fspath__(self) -> str:
        return self.path

    def inspect(self) -> Inspection:
        return inspect(self.path)

    def _repr_html_(self) -> str:
        return html_tables.preformatted(self.report)

    def __repr__(self) -> str:
        return self.report


def rewrite(saved_model: Path, output: Path, quantization: str = "none", **flags: Any) -> Rewriting:
    """Into the folder `output`. `flags` are those of `tfxm rewrite`: representative_data="…", min_sqnr=20, keep_float=["SOFTMAX"], …

    EngineError, with the report, if the file would be outside of its limits: then there is none.
    """
    answer = engine_call.call("rewrite", saved_model=saved_model, output=output, quantization=quantization, **flags)
    report = answer.output.rstrip()
    if not answer.yes:
        raise engine_call.EngineError(f"{answer.message}\n{report}".strip(), 1)
    *lines, path = report.splitlines()
    return Rewriting(path, "\n".join(lines))
