# SPDX-License-Identifier: Apache-2.0
"""TFRecord files of a few records, without TensorFlow."""

from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Iterator
from typing import IO

_TABLE = []
for _byte in range(256):
    _crc = _byte
    for _ in range(8):
        _crc = _crc >> 1 ^ (0x82F63B78 if _crc & 1 else 0)
    _TABLE.append(_crc)


def _masked_crc32c(data: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def write_record(file: IO[bytes], record: bytes) -> None:
    length = struct.pack("<Q", len(record))
    file.write(length + _masked_crc32c(length) + record + _masked_crc32c(record))


def read_records(path: str | os.PathLike[str]) -> Iterator[bytes]:
    """ValueError if it is cut off. Lengths are checked, records are not: they are parsed, and may be large."""
    opener = gzip.open if os.fspath(path).endswith(".gz") else open
    with opener(path, "rb") as file:
        while header := file.read(12):
            (length,) = struct.unpack("<Q", header[:8]) if len(header) == 12 else (-1,)
            if length < 0 or header[8:] != _masked_crc32c(header[:8]):
                raise ValueError(f"{os.fspath(path)}: not a TFRecord file, or cut off")
            record = file.read(length)
            if len(record) != length or len(file.read(4)) != 4:
                raise ValueError(f"{os.fspath(path)}: cut off")
            yield record
