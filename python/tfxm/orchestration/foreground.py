# SPDX-License-Identifier: Apache-2.0
"""The engine in the foreground: what it prints is seen at once, and signals to this process are passed on to it.

    status = foreground.run([native.program(), "run", "--ir=pipeline_ir.pb"])

Ctrl-C, SIGTERM and SIGHUP end the engine, in order, before they do here what they would have done. Ctrl-Z stops both. If this process
is killed, so is the engine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from tfxm import native

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Handler = Callable[[int, "FrameType | None"], Any]


def _replace(handlers: dict[signal.Signals, _Handler]) -> dict[signal.Signals, Any]:
    """Those that were there. What is ignored stays so, and only the main thread has signals."""
    before = {}
    for number, handler in handlers.items() if threading.current_thread() is threading.main_thread() else ():
        if signal.getsignal(number) not in (signal.SIG_IGN, None):
            before[number] = signal.signal(number, handler)
    return before


def run(line: list[str], files: Sequence[int] = ()) -> int:
    """The exit status, 128 + N if it was killed by signal N. `files`: descriptors that the engine has as well."""
    process: subprocess.Popen[bytes] | None = None
    got: list[int] = []
    early: list[int] = []  # While the process was being made.

    def end(number: int, frame: FrameType | None) -> None:
        got.append(number)
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    def stop(number: int, frame: FrameType | None) -> None:
        if process is not None:
            process.send_signal(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        if process is not None:
            process.send_signal(signal.SIGCONT)

    sys.stdout.flush()
    sys.stderr.flush()
    before = _replace({**dict.fromkeys(_ENDING, end), signal.SIGTSTP: stop})
    try:
        # In a session of its own: a signal reaches it through this process alone, once.
        process = subprocess.Popen(line, env=native.child_environment(), pass_fds=files, start_new_session=True)
        for number in early:
            process.send_signal(number)
        status = process.wait()
    finally:
        for signal_number, handler in before.items():
            signal.signal(signal_number, handler)
    if got:
        if signal.getsignal(got[0]) == signal.SIG_DFL:
            raise SystemExit(128 + got[0])
        signal.raise_signal(signal.Signals(got[0]))
    return status if status >= 0 else 128 - status
