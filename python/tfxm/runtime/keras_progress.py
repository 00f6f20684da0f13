# SPDX-License-Identifier: Apache-2.0
"""Tells the engine how far a `fit` is, whichever Keras it is and whatever callbacks it is given."""

from __future__ import annotations

import sys
import time
from types import ModuleType
from typing import Any

from tfxm.runtime import engine, import_hook

# Where Keras 2 and 3 define their CallbackList.
_MODULES = ("tf_keras.src.callbacks", "keras.src.callbacks.callback_list")


def _make_callback(base: type) -> Any:
    class Progress(base):  # type: ignore[misc, valid-type]
        """Says "epoch 2/5, step 40/100: loss 0.31", at most ten times a second."""

        def __init__(self) -> None:
            super().__init__()
            self._supports_tf_logs = True  # Keras 2: nobody waits for a step's loss unless it is said.
            self._last, self._epoch, self._step = 0.0, 0, 0

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self._epoch, self._step = epoch, 0

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self._step = batch + 1
            now = time.monotonic()
            if batch < 10 or now - self._last < 0.1:  # Of the first ones Keras measures how long callbacks take.
                return
            self._last = now
            self._say(logs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self._epoch, self._step = epoch + 1, 0
            self._say(logs)

        def _say(self, logs: Any) -> None:
            epochs, steps = self.params.get("epochs") or 1, self.params.get("steps")
            done, message = float(self._epoch), f"epoch {min(self._epoch + 1, epochs)}/{epochs}"
            if self._step:
                message += f", step {self._step}" + (f"/{steps}" if steps else "")
                done += self._step / steps if steps else 0
            loss = (logs or {}).get("loss")
            if loss is not None and not isinstance(loss, (list, dict)):
                message += f": loss {float(loss):.4f}"
            known = steps or not self._step
            engine.progress(message, min(done / epochs, 1.0) if known else -1)

    return Progress()


def _patch(module: ModuleType) -> None:
    callback_list = getattr(module, "CallbackList", None)
    if callback_list is None:
        return
    init = callback_list.__init__

    def __init__(self: Any, callbacks: Any = None, add_history: bool = False, *args: Any, **kwargs: Any) -> None:
        if add_history and not isinstance(callbacks, callback_list):  # `fit`; `evaluate` keeps no history.
            base = sys.modules[callback_list.__module__.split(".")[0]].callbacks.Callback
            given = list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks] if callbacks else []
            callbacks = [*given, _make_callback(base)]
        init(self, callbacks, add_history, *args, **kwargs)

    callback_list.__init__ = __init__


def _execute_and_patch(module: ModuleType, execute: import_hook.Execute) -> None:
    execute(module)
    _patch(module)


def install() -> None:
    """Importing Keras takes a second, so it is not looked for before the user's code has."""
    if engine.connected():
        import_hook.install(_MODULES, _execute_and_patch)
