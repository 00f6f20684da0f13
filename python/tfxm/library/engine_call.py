# SPDX-License-Identifier: Apache-2.0
"""One command of the engine, run to its end.

    answer = engine_call.call("inspect", ["model.tflite"], format="json")
    answer.output                                # What it printed.

Flags are keyword arguments: None is left out, a list is the flag once for each. KeyboardInterrupt ends the child first, which removes
what it was writing; an error of the engine is an EngineError with its message.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

from tfxm import native

_NO = 1  # util/exit_status.h: done, and the answer is no.
_SECONDS_TO_END = 10.0


class EngineError(RuntimeError):
    """What the engine said; `status` is its exit status: 2 called wrongly, 3 failed."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Answer(NamedTuple):
    output: str
    yes: bool  # False where the command's answer is no: a threshold is missed, there are anomalies, …
    message: str  # Why it is no.


def _flags(flags: dict[str, Any]) -> list[str]:
    arguments = []
    for name, value in flags.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if one is None:
                continue
            text = str(one).lower() if isinstance(one, bool) else os.fspath(one) if isinstance(one, os.PathLike) else str(one)
            arguments.append(f"--{name}={text}")
    return arguments


def _progress_bar(description: str) -> Any:
    """tqdm's, where it is installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    # The engine does not say how much there is: the bar tells what is running, and for how long.
    return tqdm(desc=description, bar_format="{desc}: {elapsed}", leave=False, delay=1.0)


def _end(process: subprocess.Popen[str]) -> None:
    """As Ctrl-C in a terminal would; if that does not help, at once."""
    try:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=_SECONDS_TO_END)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()
        process.communicate()


def _wait(process: subprocess.Popen[str], description: str) -> tuple[str, str]:
    bar = None
    began = time.monotonic()
    try:
        while True:
            try:
                return process.communicate(timeout=0.2)
            except subprocess.TimeoutExpired:
                if bar is None and time.monotonic() - began < 1:
                    continue
                if bar is None:
                    bar = _progress_bar(description)
                if bar is None:
                    return process.communicate()
                bar.refresh()
    finally:
        if bar is not None:
            bar.close()


def _start(line: list[str], environment: dict[str, str], stderr: int = subprocess.PIPE) -> tuple[subprocess.Popen[str], bool]:
    """The process, and whether there was a Ctrl-C meanwhile: raised while it is being made, nobody would know the process."""
    interrupted: list[int] = []
    main = threading.current_thread() is threading.main_thread()  # No other gets signals.
    previous = signal.signal(signal.SIGINT, lambda number, frame: interrupted.append(number)) if main else None
    try:
        # In a session of its own: an interrupt reaches it through this process alone, once.
        process = subprocess.Popen(
            line, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr,
            text=True, encoding="utf-8", errors="replace", start_new_session=True)  # fmt: skip
    finally:
        if main:
            signal.signal(signal.SIGINT, previous or signal.SIG_DFL)
    return process, bool(interrupted)


def run(line: list[str], environment: dict[str, str], description: str | None = None) -> tuple[int, str, str]:
    """A process run to its end: its status, what it printed, and what it said on stderr. `description`: of a progress bar."""
    process, interrupted = _start(line, environment)
    try:
        if interrupted:
            raise KeyboardInterrupt
        output, said = _wait(process, description) if description is not None else process.communicate()
    except BaseException:
        _end(process)
        raise
    return process.returncode, output, said


def call(command: str, arguments: Sequence[str] = (), **flags: Any) -> Answer:
    """EngineError if the engine fails; FileNotFoundError, ImportError if it or what it needs is not there."""
    line = [native.program(), command, *_flags(flags)]
    if arguments:
        line += ["--", *arguments]
    status, output, said = run(line, {**native.child_environment(), "NO_COLOR": "1"}, f"tfxm {command}")
    if status < 0:
        raise EngineError(f"tfxm {command} was ended by {signal.Signals(-status).name}", status)
    lines = [part.removeprefix("tfxm: ") for part in said.strip().splitlines()]
    message = "\n".join(part for part in lines if not part.startswith("warning: "))
    if status > _NO:
        raise EngineError(message or f"tfxm {command} failed with exit status {status}", status)
    for text in lines:
        if text.startswith("warning: "):
            warnings.warn(text.removeprefix("warning: "), stacklevel=3)
    return Answer(output, status == 0, message)


def call_aloud(command: str, **flags: Any) -> int:
    """The exit status; all that the engine says is printed while it says it, also in a notebook, where only what Python prints is seen."""
    process, interrupted = _start(
        [native.program(), command, *_flags(flags)], {**native.child_environment(), "NO_COLOR": "1"}, stderr=subprocess.STDOUT)  # fmt: skip
    try:
        if interrupted:
            raise KeyboardInterrupt
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                print(line, end="", flush=True)
        return process.wait()
    except BaseException:
        _end(process)
        raise
