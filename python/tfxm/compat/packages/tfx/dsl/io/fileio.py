# SPDX-License-Identifier: Apache-2.0
"""tfx.dsl.io.fileio, through TensorFlow's file systems, so that gs:// works where TensorFlow has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tfxm import compat


class _FileSystems:
    """tf.io.gfile; TensorFlow is imported when it is used, for a pipeline file imports this module in passing."""

    def __getattr__(self, name: str) -> Any:
        import tensorflow as tf

        return getattr(tf.io.gfile, name)


_gfile = _FileSystems()


def open(path: str, mode: str = "r") -> Any:  # noqa: A001
    return _gfile.GFile(path, mode)


def copy(src: str, dst: str, overwrite: bool = False) -> None:
    _gfile.copy(src, dst, overwrite=overwrite)


def exists(path: str) -> bool:
    return _gfile.exists(path)


def glob(pattern: str) -> list[str]:
    return _gfile.glob(pattern)


def isdir(path: str) -> bool:
    return _gfile.isdir(path)


def listdir(path: str) -> list[str]:
    return _gfile.listdir(path)


def makedirs(path: str) -> None:
    _gfile.makedirs(path)


def mkdir(path: str) -> None:
    _gfile.mkdir(path)


def remove(path: str) -> None:
    _gfile.remove(path)


def rename(src: str, dst: str, overwrite: bool = False) -> None:
    _gfile.rename(src, dst, overwrite=overwrite)


def rmtree(path: str) -> None:
    """A folder that is gone already is no error: the rewriter removes a `temp` that lies in its destination."""
    if _gfile.exists(path):
        _gfile.rmtree(path)


def stat(path: str) -> Any:
    return _gfile.stat(path)


def walk(
    top: str, topdown: bool = True, onerror: Callable[..., None] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    return _gfile.walk(top, topdown=topdown, onerror=onerror)


def __getattr__(name: str) -> Any:
    if name == "NotFoundError":
        import tensorflow as tf

        return tf.errors.NotFoundError
    raise compat.missing(__name__, name, globals())
