# SPDX-License-Identifier: Apache-2.0
"""How a user's mistake is told: the traceback of the user's own files, with file and line."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from typing import Any

_MAX_FRAMES = 20
_MAX_CHARACTERS = 6000
# What brings a module of another name.
_DISTRIBUTIONS = {"google": "protobuf", "absl": "absl-py", "sklearn": "scikit-learn", "PIL": "pillow", "cv2": "opencv-python", "yaml": "pyyaml"}


class EnvironmentProblem(Exception):
    """This Python cannot run the module; the message says why and what to do."""


class UserError(Exception):
    """What the user wrote is not what its component takes; the message says it all, without a traceback."""


def _is_library(path: str) -> bool:
    if path.startswith("<") or os.sep + "site-packages" + os.sep in path or "__autograph_generated_file" in path:
        return True
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    roots = (own, sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["platstdlib"])
    return any(os.path.realpath(path).startswith(os.path.realpath(root) + os.sep) for root in roots)


def _lines(frames: list[traceback.FrameSummary]) -> list[str]:
    """The user's frames; of libraries only how many, and the last one if nothing else is there."""
    lines: list[str] = []
    hidden = 0
    for frame in frames:
        if _is_library(frame.filename):
            hidden += 1
            continue
        if hidden and lines:
            lines.append(f"    … {hidden} in libraries")
        hidden = 0
        lines.append(f"  {frame.filename}:{frame.lineno} in {frame.name}")
        if frame.line:
            lines.append(f"    {frame.line}")
    if hidden and lines:
        lines.append(f"    … {hidden} in libraries (the log has them all)")
    if len(lines) > 2 * _MAX_FRAMES:
        cut = len(lines) - 2 * _MAX_FRAMES
        lines = lines[:_MAX_FRAMES] + [f"    … {cut} lines"] + lines[-_MAX_FRAMES:]
    return lines


def describe(error: BaseException, function: str, request: dict[str, Any]) -> dict[str, Any]:
    """The engine's `failed` message. The whole traceback goes to the log."""
    if function == "execute":
        where = request["arguments"]["what"].rpartition(".")[2].removesuffix("_Executor")
        where += f" of {request['shown']}" if request["shown"] else ""
    else:
        where = f"{'preprocessing_fn' if function == 'trace' else function} of {request['shown']}"
    if isinstance(error, EnvironmentProblem):
        return {"failed": f"{where}: {error}", "kind": "environment"}
    if isinstance(error, UserError):
        return {"failed": f"{where}: {error}", "kind": "exception"}
    traceback.print_exception(type(error), error, error.__traceback__, file=sys.stderr)
    if isinstance(error, SystemExit):
        text = f"{where} called sys.exit({error.code!r}); return from it instead"
    elif isinstance(error, SyntaxError):
        return {
            "failed": f"{error.filename}:{error.lineno}: {error.msg}\n    {(error.text or '').strip()}",
            "kind": "exception",
        }
    else:
        message = str(error) or "no message"
        if len(message) > _MAX_CHARACTERS:
            message = message[: _MAX_CHARACTERS // 2] + "\n…\n" + message[-_MAX_CHARACTERS // 2 :]
        text = f"{where} raised {type(error).__name__}: {message}"
    missing = isinstance(error, ModuleNotFoundError)
    if type(error).__name__ == "TBNotInstalledError":  # TensorFlow's own, of tf.summary and the TensorBoard callback.
        missing, text = True, f"{where}: {error}; install it there: {sys.executable} -m pip install tensorboard"
    elif missing and error.name:
        text = f"{where} imports {error.name}, which is not installed for {sys.executable}"
        top = error.name.split(".")[0]
        text += f"; install it there ({sys.executable} -m pip install {_DISTRIBUTIONS.get(top, top)}) or put it beside the module"
    lines = _lines(traceback.extract_tb(error.__traceback__))
    return {"failed": "\n".join([text, *lines]), "kind": "environment" if missing else "exception"}
