# SPDX-License-Identifier: Apache-2.0
"""TFRecord files of tf.Examples without TensorFlow.

    tfrecords.write("data/examples.tfrecord", [{"fare": 3.5, "trips": 7, "company": "x"}])
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from tfxm.library.tfrecord import write_record


def _varint(number: int) -> bytes:
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _feature(value: float | int | str | list[float]) -> bytes:
    if isinstance(value, list):
        return _field(2, _field(1, struct.pack(f"<{len(value)}f", *value)))
    if isinstance(value, str):
        return _field(1, _field(1, value.encode()))  # bytes_list
    if isinstance(value, float):
        return _field(2, _field(1, struct.pack("<f", value)))  # float_list
    return _field(3, _field(1, _varint(value)))  # int64_list


def write(path: str, examples: Iterable[Mapping[str, float | int | str | list[float]]]) -> None:
    with open(path, "wb") as f:
        for example in examples:
            entries = (_field(1, _field(1, name.encode()) + _field(2, _feature(value))) for name, value in example.items())
            write_record(f, _field(1, b"".join(entries)))
