# SPDX-License-Identifier: Apache-2.0
"""Unpacks a wheel that somebody else made: `python3 -I unpack_wheel.py WHEEL FOLDER`.

FOLDER is made, and holds either the whole wheel or nothing. What would be written elsewhere, a link, or too much is an
error of the wheel's: one line, exit status 4.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import zipfile
import zlib

MAX_BYTES, MAX_FILES = 64 << 20, 10_000
_BAD_WHEEL = 4


class BadWheel(Exception):
    """What is wrong with it."""


def _parts(info: zipfile.ZipInfo) -> list[str]:
    """The path of a file, in which nothing leads out."""
    name = info.orig_filename  # As it is written; zipfile cuts it at a null byte.
    parts = name.rstrip("/").split("/")
    if not name or name.startswith("/") or "\\" in name or ":" in parts[0] or "\0" in name or any(p in ("", ".", "..") for p in parts):
        raise BadWheel(f"{name!r} is not a path in the wheel's folder")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadWheel(f"{name!r} is not a file: links and devices are not unpacked")
    if info.flag_bits & 1:
        raise BadWheel(f"{name!r} is encrypted")
    return parts


def unpack(wheel: str, folder: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        infos = archive.infolist()
        if len(infos) > MAX_FILES:
            raise BadWheel(f"it has {len(infos)} files; at most {MAX_FILES} are unpacked")
        files = [(info, _parts(info)) for info in infos]
        seen: set[str] = set()
        os.mkdir(folder, 0o700)
        left = MAX_BYTES
        for info, parts in files:
            path = os.path.join(folder, *parts)
            if info.is_dir():
                os.makedirs(path, 0o700, exist_ok=True)
                continue
            if path in seen:
                raise BadWheel(f"{info.filename!r} is there twice")
            seen.add(path)
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            with archive.open(info) as source, open(path, "xb") as target:
                while block := source.read(1 << 16):  # What the header says of its size may be a lie.
                    left -= len(block)
                    if left < 0:
                        raise BadWheel(f"it unpacks to more than {MAX_BYTES >> 20} MiB")
                    target.write(block)


def main(wheel: str, folder: str) -> int:
    os.umask(0o077)
    try:
        unpack(wheel, folder)
        return 0
    except BadWheel as error:
        problem = str(error)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError) as error:
        problem = f"it cannot be unpacked: {error}"
    shutil.rmtree(folder, ignore_errors=True)
    print(problem)
    return _BAD_WHEEL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
