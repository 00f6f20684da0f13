# SPDX-License-Identifier: Apache-2.0
"""What data look like, on a page that opens offline.

    tfxm.visualize_statistics({"train": train, "eval": "eval/*.tfrecord"}, schema=schema)      # A notebook shows it.
    tfxm.visualize_statistics(statistics).save("data.html")
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from typing import Any

from tfxm.library import engine_call, html_tables
from tfxm.library.data import Anomalies, Schema, Statistics, _BinaryFile, statistics
from tfxm.library.sources import Data

Path = str | os.PathLike[str]


class StatisticsPage:
    """`html` is the whole page."""

    def __init__(self, html: str) -> None:
        self.html = html

    def save(self, path: Path) -> None:
        with open(path, "w", encoding="utf-8") as f:
            f.write(self.html)

    def _repr_html_(self) -> str:
        return html_tables.frame(self.html)


def _file(thing: Any, folder: str, name: str) -> str | None:
    """Of something that may be in a file already."""
    if thing is None or not isinstance(thing, (_BinaryFile, Schema)):
        return None if thing is None else os.fspath(thing)
    path = os.path.join(folder, name)
    thing.save(path)
    return path


def visualize_statistics(
    data: Statistics | Data | Mapping[str, Statistics | Data],
    *,
    schema: Schema | Path | None = None,
    anomalies: Anomalies | Path | None = None,
    title: str | None = None,
) -> StatisticsPage:
    """A page of statistics, or of several by their names; distances are those from the first one. Data are described first. `schema`: what
    each is compared with; `anomalies`: those of the first, found before."""
    named = data if isinstance(data, Mapping) else {"": data}
    if not named:
        raise ValueError("visualize_statistics: expected statistics or data, got none")
    with tempfile.TemporaryDirectory() as folder:
        sources = []
        for i, (name, one) in enumerate(named.items()):
            path = os.path.join(folder, f"{i}.pb")
            (one if isinstance(one, Statistics) else statistics(one)).save(path)
            # What the flag would take for an end of the name, or for a path.
            sources.append((re.sub(r"[=/*,]", " ", str(name)), path))
        page = os.path.join(folder, "page.html")
        engine_call.call(
            "stats", stats=sources[0][1], name=sources[0][0] or None, compare=[f"{name or i}={path}" for i, (name, path) in enumerate(sources) if i],
            schema=_file(schema, folder, "schema.pbtxt"), anomalies=_file(anomalies, folder, "anomalies.pb"), html=page, title=title,
        )  # fmt: skip
        with open(page, encoding="utf-8") as f:
            return StatisticsPage(f.read())
