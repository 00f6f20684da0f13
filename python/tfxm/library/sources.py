# SPDX-License-Identifier: Apache-2.0
"""Where data come from: files by their names, or a DataFrame; as the engine's flags."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from typing import Any

Data = Any  # str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | pandas.DataFrame

_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


def _is_csv(pattern: str) -> bool:
    return pattern.lower().endswith(_CSV)


def paths(data: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[str]:
    """TypeError if it is none."""
    if isinstance(data, (str, os.PathLike)):
        return [os.fspath(data)]
    if isinstance(data, (list, tuple)) and data and all(isinstance(path, (str, os.PathLike)) for path in data):
        return [os.fspath(path) for path in data]
    raise TypeError(f"data: expected files (a path, a glob or a list of them) or a DataFrame, got {type(data).__name__}")


def is_data_frame(data: object) -> bool:
    """Without importing pandas, which made it if it is one."""
    return any(c.__module__.split(".")[0] == "pandas" and c.__name__ == "DataFrame" for c in type(data).__mro__)


def source(data: Data, folder: str) -> dict[str, Any]:
    """{"csv": …} or {"data": …}; a DataFrame is written below `folder`."""
    if is_data_frame(data):
        return _write_data_frame(data, folder)
    patterns = paths(data)
    if any(map(_is_csv, patterns)):
        if not all(map(_is_csv, patterns)):
            raise ValueError(f"data: CSV files and others cannot be read together: {', '.join(patterns)}")
        tabs = any(".tsv" in os.path.basename(pattern).lower() for pattern in patterns)
        return {"csv": ",".join(patterns), **({"delimiter": "tab"} if tabs else {})}
    return {"data": ",".join(patterns)}


# Of a column of Python objects: what pandas.api.types.infer_dtype calls them.
_OBJECTS = {"boolean": "b", "bytes": "S", "empty": "U", "floating": "f", "integer": "i", "mixed-integer": "U", "mixed-integer-float": "f", "string": "U"}


def _kind(column: Any) -> str:
    """NumPy's letter for what its values are: "b", "i", "u", "f", "S" (bytes), "U" (text), or another for what is neither."""
    import pandas

    values = column.cat.categories if isinstance(column.dtype, pandas.CategoricalDtype) else column
    if values.dtype.kind != "O":
        return values.dtype.kind
    return _OBJECTS.get(pandas.api.types.infer_dtype(values, skipna=True), "O")


def _is_text(value: object) -> bool:
    try:
        if isinstance(value, bytes):
            value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _write_data_frame(frame: Any, folder: str) -> dict[str, Any]:
    """As a CSV file with the types of its columns; those that are neither numbers nor text are left out, as TFDV does."""
    from tfxm import protos

    schema_pb2 = protos.load("tensorflow_metadata/proto/v0/schema.proto")
    types = {"b": schema_pb2.INT, "i": schema_pb2.INT, "u": schema_pb2.INT, "f": schema_pb2.FLOAT, "S": schema_pb2.BYTES, "U": schema_pb2.BYTES}
    if frame.columns.nlevels > 1:
        raise ValueError("data: the DataFrame's columns have several levels; a feature has one name: frame.columns = [\"_\".join(c) for c in frame.columns]")
    names = [str(column) for column in frame.columns]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"data: the DataFrame has two columns called {name}")
    schema = schema_pb2.Schema()
    kept = {}
    for name, (_, column) in zip(names, frame.items()):
        kind = _kind(column)
        if kind not in types:
            warnings.warn(f"column {name} is left out: {column.dtype} is neither numbers nor text, of which each row has one", stacklevel=4)
            continue
        if kind == "b":
            column = column.astype("boolean").astype("Int64")
        elif kind == "S":
            binary = next((row for row, value in column.items() if not _is_text(value)), None)
            if binary is not None:
                warnings.warn(f"column {name} is left out: its bytes in row {binary} are not text (UTF-8); write such data as TFRecords of tf.Examples", stacklevel=4)
                continue
            column = column.map(lambda value: value.decode() if isinstance(value, bytes) else value)
        kept[name] = column
        schema.feature.add(name=name, type=types[kind])
    if not kept:
        raise ValueError("data: the DataFrame has no column of numbers or text")
    csv, schema_file = os.path.join(folder, "data_frame.csv"), os.path.join(folder, "types.pbtxt")
    type(frame)(kept).to_csv(csv, index=False)
    with open(schema_file, "w", encoding="utf-8") as f:
        f.write(str(schema))
    return {"csv": csv, "csv_schema": schema_file}
