# SPDX-License-Identifier: Apache-2.0
"""What is in an artifact of a pipeline, for people.

    for part, content in artifacts.contents(artifact):   # ("Split-train", a Statistics), …
        content                                          # A notebook displays it.
"""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Iterator
from typing import Any

from tfxm.library import engine_call, html_tables
from tfxm.library.data import Anomalies, Schema, Statistics
from tfxm.library.evaluation import load_evaluation
from tfxm.library.model_file import inspect

_EXAMPLES_SHOWN = 3


class Text:
    """Words, as they are."""

    def __init__(self, text: str) -> None:
        self.text = text

    def _repr_html_(self) -> str:
        return html_tables.preformatted(self.text)

    def __repr__(self) -> str:
        return self.text


def _splits(uri: str) -> list[str]:
    return sorted((name for name in os.listdir(uri) if name.startswith("Split-")), reverse=True)  # train before eval.


def _of_splits(read: Callable[[str], Any]) -> Callable[[Any], Iterator[tuple[str, Any]]]:
    def contents(artifact: Any) -> Iterator[tuple[str, Any]]:
        for split in _splits(artifact.uri):
            yield split, read(os.path.join(artifact.uri, split))

    return contents


def _examples(folder: str) -> Text:
    return Text(engine_call.call("head", [folder], n=_EXAMPLES_SHOWN).output.rstrip())


def _model(artifact: Any) -> Iterator[tuple[str, Any]]:
    serving = os.path.join(artifact.uri, "Format-Serving")
    lite = os.path.join(serving, "tflite")
    if os.path.isfile(lite):
        yield "Format-Serving/tflite", inspect(lite)
    else:
        yield "Format-Serving", Text("\n".join(sorted(os.listdir(serving))))


def _blessing(artifact: Any) -> Iterator[tuple[str, Any]]:
    yield "", Text("\n".join(sorted(os.listdir(artifact.uri))) or "no threshold was checked")


_CONTENTS: dict[str, Callable[[Any], Iterator[tuple[str, Any]]]] = {
    "Examples": _of_splits(_examples),
    "ExampleStatistics": _of_splits(lambda folder: Statistics.load(os.path.join(folder, "FeatureStats.pb"))),
    "ExampleAnomalies": _of_splits(lambda folder: Anomalies.load(os.path.join(folder, "SchemaDiff.pb"))),
    "Schema": lambda artifact: iter([("", Schema.load(os.path.join(artifact.uri, "schema.pbtxt")))]),
    "ModelEvaluation": lambda artifact: iter([("", load_evaluation(artifact.uri))]),
    "Model": _model,
    "ModelBlessing": _blessing,
}


def contents(artifact: Any) -> Iterator[tuple[str, Any]]:
    """(the part of the artifact, what a notebook displays for it); of a type that is not known here, its files."""
    known = _CONTENTS.get(artifact.type_name)
    if known is not None:
        yield from known(artifact)
    else:
        yield "", Text("\n".join(sorted(os.listdir(artifact.uri))))


class Heading(Text):
    """Of what is displayed next."""

    def _repr_html_(self) -> str:
        return f"<h4>{html.escape(self.text)}</h4>"
