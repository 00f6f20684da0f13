# SPDX-License-Identifier: Apache-2.0
"""What a Tuner does with a module's tuner_fn: searches, and writes down what TFX's own Tuner does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tfxm.runtime import engine
from tfxm.runtime.errors import UserError
from tfxm.runtime.fn_args import FnArgs


class TunerFnResult(NamedTuple):
    """What tuner_fn returns: a KerasTuner, and the arguments of its `search`."""

    tuner: Any
    fit_kwargs: dict[str, Any]


def _say_which_trial(tuner: Any) -> None:
    """Before each trial the display's line begins with its number."""
    on_trial_begin, most = tuner.on_trial_begin, tuner.oracle.max_trials
    begun = 0

    def count(trial: Any) -> None:
        nonlocal begun
        begun += 1
        share = 1 / most if most else 0
        engine.set_part(f"trial {begun}/{most}: " if most else f"trial {begun}: ", (begun - 1) * share, share)
        on_trial_begin(trial)

    tuner.on_trial_begin = count


def search(tuner_fn: Callable[[FnArgs], TunerFnResult], fn_args: FnArgs, best_path: str, results_path: str) -> None:
    """Writes the best trial's hyperparameters to best_path and all completed ones', with their scores, to results_path
    (if it is not empty)."""
    result = tuner_fn(fn_args)
    if not (isinstance(result, tuple) and len(result) == 2 and hasattr(result[0], "search")):
        raise UserError(f"tuner_fn returned a {type(result).__name__}; expected TunerFnResult(tuner=…, fit_kwargs=…)")
    tuner, fit_kwargs = result
    _say_which_trial(tuner)
    tuner.search_space_summary()
    tuner.search(**fit_kwargs)
    tuner.results_summary()
    best = tuner.get_best_hyperparameters()
    if not best:
        raise UserError("no trial of the tuner was completed: there are no best hyperparameters")
    with open(best_path, "w", encoding="utf-8") as f:
        f.write(json.dumps(best[0].get_config()))
    if results_path:
        trials = tuner.oracle.get_best_trials(tuner.oracle.max_trials)
        rows = [
            {"trial_id": trial.trial_id, "score": trial.score, **trial.hyperparameters.values}
            for trial in trials
            if trial.status == "COMPLETED" and trial.hyperparameters.values
        ]
        with open(results_path, "w", encoding="utf-8") as f:
            f.write(json.dumps(rows))
