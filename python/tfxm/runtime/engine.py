# SPDX-License-Identifier: Apache-2.0
"""The line to the engine that has started this process.

    request = engine.connect()                 # {"module_file": …, "arguments": {…}}
    engine.progress("epoch 2/5", 0.4)
    report = engine.call("rewrite", {"src": …, "dst": …})   # RuntimeError with the engine's message
    engine.finish({"returned": {}})

Each side writes JSON objects, one a line. A process that the user's code has forked says nothing.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any

_TO_ENGINE, _FROM_ENGINE = 3, 4  # components/modules/python_process.h

_lock = threading.RLock()
_pid = 0
_reader: Any = None
_part: tuple[str, float, float] = ("", 0.0, 1.0)


def connect() -> dict[str, Any]:
    """The engine's request. Programs that this process starts do not get the line."""
    global _pid, _reader
    for fd in (_TO_ENGINE, _FROM_ENGINE):
        os.set_inheritable(fd, False)
    _pid = os.getpid()
    _reader = os.fdopen(_FROM_ENGINE, "r", encoding="utf-8", closefd=False)
    return json.loads(_reader.readline())


def connected() -> bool:
    """Whether this is the process that the engine has started."""
    return _pid == os.getpid()


def _send(message: dict[str, Any]) -> None:
    line = json.dumps(message).encode() + b"\n"
    while line:
        line = line[os.write(_TO_ENGINE, line) :]


def set_part(prefix: str, begin: float, share: float) -> None:
    """What `progress` is told from here on is of a part of the work: `share` of it, from the fraction `begin` on; 0 if
    that is not known."""
    global _part
    _part = (prefix, begin, share)


def progress(message: str, fraction: float = -1) -> None:
    """For the display; fraction < 0: not known."""
    prefix, begin, share = _part
    if connected():
        with _lock:
            _send({"progress": prefix + message, "fraction": begin + fraction * share if fraction >= 0 and share else -1})


def call(service: str, arguments: dict[str, Any]) -> str:
    """What the engine answers. RuntimeError has its message if it could not."""
    if not connected():
        raise RuntimeError(f"{service}: only the process that tfxm has started can ask the engine, not one that it forked")
    with _lock:
        _send({"call": service, "arguments": arguments})
        answer = json.loads(_reader.readline())
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer["answer"]


def finish(message: dict[str, Any]) -> None:
    """The last that the engine hears."""
    if connected():
        with _lock:
            _send(message)
