# SPDX-License-Identifier: Apache-2.0
"""Tables for notebooks: rows of texts and numbers as HTML, which needs nothing, and as a DataFrame, which needs pandas."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

_CELL = "padding:2px 10px;text-align:{align};vertical-align:top;white-space:nowrap"


class Markup(str):
    """HTML already: not escaped again."""


def text(value: Any) -> str:
    """A cell for people: six digits of a number, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else str(value)
    return str(value)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], caption: str = "") -> str:
    def cell(tag: str, value: Any) -> str:
        align = "right" if isinstance(value, (int, float)) and not isinstance(value, bool) else "left"
        shown = value if isinstance(value, Markup) else html.escape(text(value))
        return f'<{tag} style="{_CELL.format(align=align)}">{shown}</{tag}>'

    head = "".join(cell("th", column) for column in columns)
    body = "".join(f"<tr>{''.join(cell('td', value) for value in row)}</tr>" for row in rows)
    shown = f"<caption style='text-align:left'>{html.escape(caption)}</caption>" if caption else ""
    return f"<table>{shown}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def frame(page: str) -> str:
    """A whole page, in a frame of its own: its style and scripts are none of the notebook's."""
    return f'<iframe srcdoc="{html.escape(page)}" style="width:100%;height:640px;border:0"></iframe>'


def preformatted(lines: str) -> str:
    """What is laid out with spaces."""
    return f'<pre style="font-family:monospace">{html.escape(lines)}</pre>'


def frame(page: str) -> str:
    """A whole page, in a frame of its own: its style and scripts are none of the notebook's."""
    return f'<iframe srcdoc="{html.escape(page)}" style="width:100%;height:640px;border:0"></iframe>'


def bars(heights: Sequence[float], names: Sequence[str]) -> Markup:
    """A small histogram; what a bar stands for is its tooltip."""
    most = max(heights, default=0) or 1
    rectangles = "".join(
        f'<rect x="{8 * i}" y="{24 - 24 * height / most:.1f}" width="7" height="{24 * height / most:.1f}" fill="#3b6fb6">'
        f"<title>{html.escape(name)}: {text(height)}</title></rect>"
        for i, (height, name) in enumerate(zip(heights, names))
    )
    return Markup(f'<svg width="{8 * len(heights)}" height="24">{rectangles}</svg>')


def data_frame(columns: Sequence[str], rows: Iterable[Sequence[Any]], index: str | None = None) -> Any:
    """ImportError if pandas is not installed."""
    import pandas

    frame = pandas.DataFrame([list(row) for row in rows], columns=list(columns))
    return frame.set_index(index) if index is not None else frame
